"""Faults by name: what can be made to go wrong, and how a request asks for it.

A fault is written `name[:argument][;times=N][;every=K]`, several are joined by ` + `; in the header
`x-simulate-fault`, in a script for a model or a key, or drawn at random. With `times=N` only the
first N requests with this fault and model are hit; with `every=K` only each K-th one, from the
first on (`503;every=2` is a vendor that flaps).

Four stages can be edited: the request is refused (`refusal`), the answer is changed before it is
rendered (`reply`), the events of a stream are changed (`stream`), the bytes are (`wire`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from teppan.simulate import faults_refusal, faults_reply, faults_stream, faults_wire
from teppan.simulate.dialect import Dialect
from teppan.simulate.plan import Plan
from teppan.simulate.turn import Event, Refused, Reply

Refusal = Callable[[str, float], Refused]
ReplyEdit = Callable[[Reply, str], Reply]
StreamEdit = Callable[[Iterator[Event], str, Dialect], Iterator[Event]]
WireEdit = Callable[[Plan, str, Dialect], Plan]


class UnknownFault(ValueError):
    """No fault has this name; the message lists those that exist."""


@dataclass(frozen=True, slots=True)
class Row:
    """One fault of the table: a sentence about it and what it edits."""

    help: str
    refusal: Refusal | None = None
    reply: ReplyEdit | None = None
    stream: StreamEdit | None = None
    wire: WireEdit | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault as asked for; `times` None means without end."""

    name: str
    argument: str = ""
    times: int | None = None
    every: int = 1

    def __str__(self) -> str:
        text = f"{self.name}:{self.argument}" if self.argument else self.name
        text += "" if self.times is None else f";times={self.times}"
        return text if self.every == 1 else f"{text};every={self.every}"

    @property
    def row(self) -> Row:
        """The fault's row in the table."""
        return FAULTS[self.name]


def _table() -> Mapping[str, Row]:
    rows: dict[str, Row] = {"ok": Row("no fault (a placeholder in scripts)")}
    for name, (text, refuse) in faults_refusal.FAULTS.items():
        rows[name] = Row(text, refusal=refuse)
    for name, (text, reply) in faults_reply.FAULTS.items():
        rows[name] = Row(text, reply=reply, wire=faults_wire.SPOILED.get(name))
    for name, (text, stream) in faults_stream.FAULTS.items():
        rows[name] = Row(text, stream=stream, wire=faults_wire.WITH_STREAM.get(name))
    for name, (text, wire) in faults_wire.FAULTS.items():
        rows[name] = Row(text, wire=wire)
    return MappingProxyType(rows)


FAULTS: Mapping[str, Row] = _table()
"""Every fault by name."""


def parse_faults(text: str) -> tuple[Fault, ...]:
    """Read `name[:argument][;times=N][;every=K] + ...`; raises `UnknownFault`."""
    return tuple(_parse(part.strip()) for part in text.split(" + ") if part.strip())


def _parse(text: str) -> Fault:
    named, *options = text.split(";")
    name, _, argument = named.strip().partition(":")
    if name not in FAULTS:
        raise UnknownFault(f"unknown fault {name!r}; known: {', '.join(FAULTS)}")
    numbers: dict[str, int] = {}
    for option in options:
        key, _, value = option.strip().partition("=")
        if key not in ("times", "every") or not value.isdigit():
            raise UnknownFault(f"fault {name!r}: {option!r} is neither times=N nor every=K")
        numbers[key] = int(value)
    return Fault(name, argument.strip(), numbers.get("times"), max(1, numbers.get("every", 1)))


def refusal(faults: Iterable[Fault], now: float) -> Refused | None:
    """The refusal the faults ask for, if any."""
    for fault in faults:
        if fault.row.refusal is not None:
            return fault.row.refusal(fault.argument, now)
    return None


def edit_reply(faults: Iterable[Fault], reply: Reply) -> Reply:
    """The answer as the faults leave it."""
    for fault in faults:
        if fault.row.reply is not None:
            reply = fault.row.reply(reply, fault.argument)
    return reply


def edit_stream(
    faults: Iterable[Fault], events: Iterator[Event], dialect: Dialect
) -> Iterator[Event]:
    """The events as the faults leave them."""
    for fault in faults:
        if fault.row.stream is not None:
            events = fault.row.stream(events, fault.argument, dialect)
    return events


def edit_plan(faults: Iterable[Fault], plan: Plan, dialect: Dialect) -> Plan:
    """The response as the faults leave it."""
    for fault in faults:
        if fault.row.wire is not None:
            plan = fault.row.wire(plan, fault.argument, dialect)
    return plan
