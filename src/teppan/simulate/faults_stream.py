"""Faults in the events of a stream: cut, stalled, malformed, unfinished, repeated, endless; and the
legal oddities of server-sent events that a parser must survive (WHATWG HTML, section 9.2)."""

from collections.abc import Callable, Iterator, Mapping
from itertools import cycle, islice
from types import MappingProxyType

from teppan.simulate.dialect import Dialect
from teppan.simulate.turn import Event, Refused

Events = Iterator[Event]
Edit = Callable[[Events, str, Dialect], Events]


def _number(argument: str, default: int) -> int:
    return int(argument) if argument else default


def _first(events: Events, argument: str, dialect: Dialect) -> Events:
    yield from islice(events, _number(argument, 3))


def _malformed(events: Events, argument: str, dialect: Dialect) -> Events:
    yield from islice(events, _number(argument, 2))
    yield Event("delta", b'data: {"choices": [{"delta": {"content": "broken\n\n')
    yield from events


def _without(*kinds: str) -> Edit:
    def edit(events: Events, argument: str, dialect: Dialect) -> Events:
        return (event for event in events if event.kind not in kinds)

    return edit


def _error(events: Events, argument: str, dialect: Dialect) -> Events:
    yield from islice(events, _number(argument, 3))
    yield dialect.error_event(Refused("server", "The stream failed (simulated)."))


def _twice(events: Events, argument: str, dialect: Dialect) -> Events:
    for event in events:
        yield event
        if event.kind == "finish":
            yield event


def _more(events: Events, argument: str, dialect: Dialect) -> Events:
    spoken: Event | None = None
    for event in events:
        if event.kind == "delta":
            spoken = event
        yield event
    if spoken is not None:
        yield spoken


def _endless(events: Events, argument: str, dialect: Dialect) -> Events:
    opening: list[Event] = []
    deltas: list[Event] = []
    for event in events:
        (opening if event.kind == "head" else deltas).append(event)
        if event.kind == "delta" and len(deltas) == 4:
            break
    yield from opening
    said = [event for event in deltas if event.kind == "delta"]
    yield from cycle(said or opening)


def _rewritten(change: Callable[[bytes], bytes]) -> Edit:
    def edit(events: Events, argument: str, dialect: Dialect) -> Events:
        return (Event(event.kind, change(event.data)) for event in events)

    return edit


def _multiline(data: bytes) -> bytes:
    """Break the JSON after its first comma into two data lines; JSON allows the newline there."""
    head, mark, rest = data.partition(b'","')
    return head + b'",\ndata: "' + rest if mark else data


def _bom(events: Events, argument: str, dialect: Dialect) -> Events:
    for index, event in enumerate(events):
        yield event if index else Event(event.kind, b"\xef\xbb\xbf" + event.data)


def _unknown(events: Events, argument: str, dialect: Dialect) -> Events:
    for event in events:
        yield Event("delta", b'event: novelty\nid: 7\nretry: 10\ndata: {"type": "novelty"}\n\n')
        yield event


def _no_blank(events: Events, argument: str, dialect: Dialect) -> Events:
    held: Event | None = None
    for event in events:
        if held is not None:
            yield held
        held = event
    if held is not None:
        yield Event(held.kind, held.data.rstrip(b"\n") + b"\n")


FAULTS: Mapping[str, tuple[str, Edit]] = MappingProxyType(
    {
        "cut_events": ("the connection closes after N events (3)", _first),
        "end_events": ("the body ends in good order after N events (3)", _first),
        "stall": ("nothing more after N events (3)", _first),
        "reset_events": ("the connection is reset after N events (3)", _first),
        "malformed": ("a broken event after N events (2), then the rest", _malformed),
        "no_end": ("no finish, no usage, no end marker", _without("finish", "usage", "end")),
        "no_done": ("no end marker, the rest is whole", _without("end")),
        "error_event": ("an error event after N events (3)", _error),
        "duplicate_end": ("the finishing chunk comes twice", _twice),
        "after_end": ("more text after the end", _more),
        "endless": ("the stream never ends", _endless),
        "sse_crlf": (
            "lines end in CRLF (legal)",
            _rewritten(lambda data: data.replace(b"\n", b"\r\n")),
        ),
        "sse_cr": ("lines end in CR (legal)", _rewritten(lambda data: data.replace(b"\n", b"\r"))),
        "sse_comments": (
            "comments between events (legal)",
            _rewritten(lambda data: b": ping\n\n:\n" + data),
        ),
        "sse_multiline": ("data over several lines (legal)", _rewritten(_multiline)),
        "sse_bom": ("a byte order mark first (legal)", _bom),
        "sse_unknown": ("unknown events between the others (legal)", _unknown),
        "sse_no_blank": ("the last event lacks its empty line", _no_blank),
    }
)
