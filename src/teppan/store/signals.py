"""Scored examples: one of each trace, written again when more becomes known of it.

A trace that is scored again is the same row, so nothing is counted twice however often the night
runs or is broken off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Select, case, delete, func, select

from teppan.core.clock import Clock
from teppan.core.ids import Scope
from teppan.core.signal import Signal
from teppan.store.reader import Reader
from teppan.store.schema import instant
from teppan.store.tables.signals import signals
from teppan.store.writer import Writer

HIGH = 0.9
"""Quality from which an example counts as a high one."""
_decode = msgspec.json.Decoder(Signal).decode


class Totals(Struct, frozen=True, kw_only=True):
    """What there is to learn from. `heard` have feedback, an outcome or a correction."""

    signals: int = 0
    trains: int = 0
    high: int = 0
    heard: int = 0
    quality: float | None = None
    tasks: dict[str, int] = {}
    sources: dict[str, int] = {}


Listed = list[Signal]


class Signals:
    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def put(self, scope: Scope, made: Sequence[Signal]) -> int:
        """Durable when it returns; the number of rows that are new. All or none."""
        at = instant(self._clock.now())
        rows = [_row(scope, each, at) for each in made]

        def work(connection: Connection) -> int:
            new = 0
            for row in rows:
                here = (signals.c.tenant == row["tenant"]) & (signals.c.trace_id == row["trace_id"])
                new += connection.execute(delete(signals).where(here)).rowcount == 0
                connection.execute(signals.insert().values(**row))
            return new

        return await self._writer.run(work) if rows else 0

    async def drop(self, scope: Scope, trace_ids: Sequence[str]) -> int:
        """Takes examples away whose traces no longer make one; returns how many there were."""
        gone = delete(signals).where(
            signals.c.tenant == scope.tenant, signals.c.trace_id.in_(list(trace_ids))
        )

        def work(connection: Connection) -> int:
            return connection.execute(gone).rowcount

        return await self._writer.run(work) if trace_ids else 0

    async def list(
        self,
        scope: Scope,
        *,
        trains: bool | None = None,
        least: float = 0.0,
        since: float = 0.0,
        until: float | None = None,
        limit: int = 1000,
        after: str = "",
    ) -> Listed:
        """Examples of this tenant, oldest first; `after` the id of the last one of the page before
        (ids sort as they are, not by time)."""
        wanted = select(signals.c.body).where(
            signals.c.tenant == scope.tenant,
            signals.c.quality >= least,
            signals.c.started >= instant(since),
            signals.c.id > after,
        )
        if trains is not None:
            wanted = wanted.where(signals.c.trains == trains)
        if until is not None:
            wanted = wanted.where(signals.c.started < instant(until))
        wanted = wanted.order_by(signals.c.id).limit(limit)
        return await self._read(wanted)

    async def get(self, scope: Scope, trace_id: str) -> Signal | None:
        wanted = select(signals.c.body).where(
            signals.c.tenant == scope.tenant, signals.c.trace_id == trace_id
        )
        found = await self._read(wanted)
        return found[0] if found else None

    async def totals(self, scope: Scope) -> Totals:
        """How much there is of what, of this tenant."""
        mine = signals.c.tenant == scope.tenant

        def query(connection: Connection) -> Totals:
            counted = connection.execute(
                select(
                    func.count(),
                    _among(signals.c.trains),
                    _among(signals.c.quality >= HIGH),
                    _among(signals.c.heard),
                    func.avg(signals.c.quality),
                ).where(mine)
            ).one()
            return Totals(
                signals=counted[0],
                trains=counted[1] or 0,
                high=counted[2] or 0,
                heard=counted[3] or 0,
                quality=counted[4],
                tasks=_by(connection, signals.c.intent, mine),
                sources=_by(connection, signals.c.source, mine),
            )

        return await self._reader.run(query)

    async def waiting(self, scope: Scope) -> dict[str, int]:
        """How many examples may not train, by the model whose words they are."""
        here = (signals.c.tenant == scope.tenant) & signals.c.trains.is_(False)
        return await self._reader.run(lambda connection: _by(connection, signals.c.model, here))

    async def erase(self, scope: Scope, user: str) -> int:
        """Deletes every example made of a person's conversations; returns how many."""
        theirs = delete(signals).where(signals.c.tenant == scope.tenant, signals.c.user == user)

        def work(connection: Connection) -> int:
            return connection.execute(theirs).rowcount

        return await self._writer.run(work)

    async def _read(self, wanted: Select[Any]) -> Listed:
        def query(connection: Connection) -> Listed:
            return [_decode(body) for body in connection.scalars(wanted)]

        return await self._reader.run(query)


def _among(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _by(
    connection: Connection, column: ColumnElement[str], where: ColumnElement[bool]
) -> dict[str, int]:
    counted = select(column, func.count()).where(where).group_by(column).order_by(column)
    return {row[0]: row[1] for row in connection.execute(counted)}


def _row(scope: Scope, made: Signal, at: int) -> dict[str, object]:
    return {
        "tenant": scope.tenant,
        "trace_id": made.trace_id,
        "id": made.id,
        "episode": made.episode,
        "user": made.user,
        "model": made.provenance.model,
        "source": made.provenance.source,
        "intent": made.intent,
        "language": made.language,
        "quality": made.quality,
        "trains": made.trains,
        "heard": made.truth is not None or bool(made.outcomes) or made.rated,
        "started": instant(made.at),
        "changed": at,
        "body": msgspec.json.encode(made),
    }
