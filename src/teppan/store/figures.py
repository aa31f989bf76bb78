"""What advice is given from: how much is asked, how fast, and what is known of the answers."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, func, select

from teppan.core.money import Micros
from teppan.store.schema import feedback, instant, ledger, seconds, traces

QUARTER = 900
NEWEST = 500
"""Traces whose own time is looked at."""


class Figures(Struct, frozen=True):
    """What was measured of everybody's calls begun in `[since, until)`.

    `busiest` are the calls of the busiest quarter of an hour, `overhead` the seconds that the
    gateway itself took for nearly all (95 %) of the newest requests. `rows` is the whole ledger,
    `examples` the traces with an answer, `rated` the answers somebody rated. `first` is when the
    oldest of the calls began.
    """

    calls: int
    unknown: int
    cost: Micros
    input: int
    output: int
    first: float | None
    busiest: int
    rows: int
    requests: int
    examples: int
    rated: int
    overhead: float | None


class _Told(Struct):
    overhead: float = 0.0


def figures(connection: Connection, since: float, until: float) -> Figures:
    started = (ledger.c.started >= instant(since), ledger.c.started < instant(until))
    begun = (traces.c.started >= instant(since), traces.c.started < instant(until))
    calls, known, *sums, first = connection.execute(
        select(
            func.count(),
            func.count(ledger.c.cost),
            *(func.coalesce(func.sum(each), 0) for each in _SUMMED),
            func.min(ledger.c.started),
        ).where(*started)
    ).one()
    slots = (
        select(func.count().label("calls"))
        .where(*started)
        .group_by(ledger.c.started // (QUARTER * 1_000_000))
        .subquery()
    )
    cost, read, wrote = map(int, sums)
    return Figures(
        calls=calls,
        unknown=calls - known,
        cost=cost,
        input=read,
        output=wrote,
        first=None if first is None else seconds(first),
        busiest=connection.scalar(select(func.max(slots.c.calls))) or 0,
        rows=_count(connection, ledger),
        requests=_count(connection, traces, *begun),
        examples=_count(connection, traces, *begun, traces.c.status == "ok", traces.c.output > 0),
        rated=connection.scalar(
            select(func.count(func.distinct(feedback.c.trace_id))).where(
                feedback.c.trace_id != "",
                feedback.c.at >= instant(since),
                feedback.c.at < instant(until),
            )
        )
        or 0,
        overhead=_overhead(connection),
    )


_SUMMED = (ledger.c.cost, ledger.c.input, ledger.c.output)


def _count(connection: Connection, table: Any, *where: Any) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(*where)) or 0


def _overhead(connection: Connection) -> float | None:
    newest = select(traces.c.body).order_by(traces.c.started.desc()).limit(NEWEST)
    times = sorted(
        msgspec.json.decode(body, type=_Told).overhead for body in connection.scalars(newest)
    )
    return times[int(0.95 * (len(times) - 1))] if times else None
