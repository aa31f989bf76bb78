"""Faults in the bytes: connections, clocks, lengths, types, encodings."""

import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import orjson

from teppan.simulate.dialect import Dialect
from teppan.simulate.faults_reply import INVALID_MARK, SURROGATE_MARK
from teppan.simulate.plan import Ending, Frame, Plan, first_bytes
from teppan.simulate.turn import Refused

Edit = Callable[[Plan, str, Dialect], Plan]
_HTML = b"<!doctype html><html><head><title>502</title></head><body><h1>Sorry</h1></body></html>"
_MEGABYTE = 1_048_576
_PIECES = 100
"""A slow body comes in at most so many pieces a second: timers are no finer."""


def _reset_head(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    return replace(plan, head_bytes=int(argument or 20), ending="reset")


def _refused(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    return replace(plan, head_bytes=0, ending="reset")


def _silence(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    return replace(plan, head_bytes=0, ending="hang")


def _slow_first(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    return replace(plan, wait=plan.wait + float(argument or 5))


def _slow_first_event(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    def edit(frames: Iterable[Frame]) -> Iterator[Frame]:
        for index, frame in enumerate(frames):
            yield frame if index else replace(frame, wait=frame.wait + float(argument or 5))

    return plan.edited(edit)


def _slow_body(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    rate = float(argument or 1)
    piece = max(1, int(rate / _PIECES))
    return replace(plan, split=piece, split_wait=piece / rate)


def _slow_events(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    seconds = float(argument or 1)
    return plan.edited(lambda frames: (replace(one, wait=one.wait + seconds) for one in frames))


def _split(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    return replace(plan, split=int(argument or 1))


def _cut(ending: Ending) -> Edit:
    def edit(plan: Plan, argument: str, dialect: Dialect) -> Plan:
        count = int(argument or 40)
        return replace(plan.edited(lambda frames: first_bytes(frames, count)), ending=ending)

    return edit


def _end_bytes(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    frames = tuple(first_bytes(plan.frames, int(argument or 40)))
    return replace(plan, frames=frames, length=None)


def _halved(ending: Ending) -> Edit:
    """A stream fault that, in a whole answer, breaks off half way."""

    def edit(plan: Plan, argument: str, dialect: Dialect) -> Plan:
        if plan.stream:
            return replace(plan, ending=ending)
        half = len(plan.body) // 2
        return replace(plan.edited(lambda frames: first_bytes(frames, half)), ending=ending)

    return edit


def _truncated(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    body = plan.body
    return plan.with_body(body[: len(body) * 2 // 3])


def _error_200(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    refused = Refused("server", "It failed, but the status says 200 (simulated).")
    body = orjson.dumps(dialect.error(refused, "req_simulated"))
    return (
        replace(plan, stream=False).with_header("content-type", "application/json").with_body(body)
    )


def _error_whole(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    return plan if plan.stream else _error_200(plan, argument, dialect)


def _html(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    page = replace(plan, stream=False).with_body(_HTML)
    return page.with_header("content-type", "text/html; charset=utf-8")


def _wrong_type(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    return plan.with_header("content-type", argument or "application/octet-stream")


def _empty_body(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    return replace(plan, stream=False).with_body(b"")


def _huge_body(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    size = int(argument or 64)
    space = Frame(b" " * 65_536)
    frames = (space for _ in range(size * 16))
    return replace(plan, stream=False, frames=frames, length=size * _MEGABYTE)


def _endless_body(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    if plan.stream:
        return plan

    def spaces() -> Iterator[Frame]:
        while True:
            yield Frame(b" " * 4096)

    return replace(plan, stream=True, frames=spaces())


def _gzip_bomb(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    bomb = gzip.compress(b" " * (int(argument or 64) * _MEGABYTE), compresslevel=6, mtime=0)
    return replace(plan, stream=False).with_body(bomb).with_header("content-encoding", "gzip")


def _short(plan: Plan, argument: str, dialect: Dialect) -> Plan:
    body = plan.body
    longer = replace(plan, stream=False, ending="close")
    return longer.with_body(body, length=len(body) + int(argument or 100))


def _spoil(mark: str, bytes_there: bytes) -> Edit:
    sign = mark.encode()

    def edit(plan: Plan, argument: str, dialect: Dialect) -> Plan:
        def spoiled(frames: Iterable[Frame]) -> Iterator[Frame]:
            return (replace(one, data=one.data.replace(sign, bytes_there)) for one in frames)

        return replace(plan.edited(spoiled), length=None)

    return edit


FAULTS: Mapping[str, tuple[str, Edit]] = MappingProxyType(
    {
        "refused": (
            "the connection is reset before a byte (a closed port: Fleet.refuse)",
            _refused,
        ),
        "reset_head": ("reset inside the headers, after N bytes (20)", _reset_head),
        "reset_body": ("reset after N bytes of the body (40)", _cut("reset")),
        "cut_bytes": ("closed after N bytes of the body (40)", _cut("close")),
        "end_bytes": ("the body ends in good order after N bytes (40)", _end_bytes),
        "stall_bytes": ("nothing more after N bytes of the body (40)", _cut("hang")),
        "silence": ("never an answer", _silence),
        "slow_first": ("headers come after S seconds (5)", _slow_first),
        "slow_first_event": (
            "headers at once, the first event after S seconds (5)",
            _slow_first_event,
        ),
        "slow_body": ("N bytes a second (1)", _slow_body),
        "slow_events": ("S seconds before every event (1)", _slow_events),
        "split": ("written N bytes at a time (1)", _split),
        "huge_body": ("a body of N megabytes (64)", _huge_body),
        "short_length": ("Content-Length says N bytes more than come (100)", _short),
        "wrong_type": ("another content type (argument)", _wrong_type),
        "html": ("an HTML page with status 200", _html),
        "truncated_json": ("two thirds of the body, in good order", _truncated),
        "error_200": ("an error object with status 200", _error_200),
        "empty_body": ("status 200 and no body", _empty_body),
        "gzip_bomb": ("N megabytes of spaces, compressed (64)", _gzip_bomb),
    }
)
WITH_STREAM: Mapping[str, Edit] = MappingProxyType(
    {
        "cut_events": _halved("close"),
        "stall": _halved("hang"),
        "reset_events": _halved("reset"),
        "end_events": lambda plan, argument, dialect: (
            plan if plan.stream else _truncated(plan, argument, dialect)
        ),
        "error_event": _error_whole,
        "endless": _endless_body,
    }
)
"""What the faults of a stream do to a whole answer, and how they end a stream."""
SPOILED: Mapping[str, Edit] = MappingProxyType(
    {
        "invalid_utf8": _spoil(INVALID_MARK, b"\xff\xfe"),
        "lone_surrogate": _spoil(SURROGATE_MARK, b"\\ud800"),
    }
)
"""Faults of the answer that only bytes can express."""
