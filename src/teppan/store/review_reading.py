"""What is read of the review queue: items, decisions, counts, and how far it was filled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Select, func, select

from teppan.core.errors import StoreError
from teppan.core.ids import Scope
from teppan.core.trace import Trace
from teppan.store.marks import read_mark
from teppan.store.reader import Reader
from teppan.store.review_rows import (
    DECIDED,
    Item,
    Known,
    Status,
    Step,
    Weighed,
    item_of,
    known_of,
    step_of,
    weighed_of,
)
from teppan.store.schema import instant, seconds, traces
from teppan.store.tables.review import review_items, review_steps

MOST = 200
"""Items of one listing."""
Rows = list[Item]


class Place(Struct, frozen=True):
    """How far the traces of a tenant were looked at: up to this one. `heard` is until when what
    people said was; seconds since 1970."""

    started: float = 0.0
    trace_id: str = ""
    heard: float = 0.0


class Drawn(Struct, frozen=True):
    """What became of one that chance chose: its probability, and its status."""

    chance: float
    status: Status
    started: float


class ReviewReading:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def place(self, scope: Scope) -> Place:
        def query(connection: Connection) -> Place:
            value = read_mark(connection, mark_of(scope))
            return Place() if value is None else msgspec.json.decode(value, type=Place)

        return await self._reader.run(query)

    async def waiting(self, scope: Scope, after: Place, until: float) -> int:
        """How many traces were not looked at yet."""
        wanted = select(func.count()).select_from(traces).where(*_later(scope, after, until))
        return await self._reader.run(lambda connection: connection.scalar(wanted) or 0)

    async def traces(self, scope: Scope, after: Place, until: float, limit: int) -> list[Trace]:
        """The next ones, oldest first."""
        wanted = (
            select(traces.c.body)
            .where(*_later(scope, after, until))
            .order_by(traces.c.started, traces.c.id)
            .limit(limit)
        )

        def query(connection: Connection) -> list[bytes]:
            return list(connection.scalars(wanted))

        try:
            return [msgspec.json.decode(body, type=Trace) for body in await self._reader.run(query)]
        except msgspec.DecodeError as error:
            raise StoreError(f"a stored trace cannot be read: {error}") from error

    async def known(self, scope: Scope, limit: int) -> list[Known]:
        """Questions in the queue or reviewed, the ones that changed last first."""
        wanted = select(review_items).where(
            review_items.c.tenant == scope.tenant, review_items.c.vector != b""
        )
        wanted = wanted.order_by(review_items.c.changed.desc(), review_items.c.id).limit(limit)

        def query(connection: Connection) -> list[Known]:
            return [known_of(row) for row in connection.execute(wanted).mappings()]

        return await self._reader.run(query)

    async def weighed(
        self, scope: Scope, statuses: Sequence[Status], limit: int
    ) -> Sequence[Weighed]:
        """Why items of these statuses are where they are, the ones that changed last first; the
        open ones without those that chance drew."""
        items = review_items.c
        wanted = select(items.trace_id, items.status, items.priority, items.body).where(
            items.tenant == scope.tenant,
            items.status.in_(statuses),
            (items.status != "open") | (items.lane == "ranked"),
        )
        wanted = wanted.order_by(items.changed.desc(), items.id).limit(limit)

        def query(connection: Connection) -> Sequence[Weighed]:
            return [weighed_of(row) for row in connection.execute(wanted).mappings()]

        return await self._reader.run(query)

    async def last(self, tenant: str | None, by: str) -> Item | None:
        """What this reviewer decided last, and did not take back."""
        wanted = select(review_items).where(
            review_items.c.by == by, review_items.c.status.in_(DECIDED)
        )
        if tenant is not None:
            wanted = wanted.where(review_items.c.tenant == tenant)
        newest = wanted.order_by(review_items.c.changed.desc(), review_items.c.id.desc())
        found = await self._items(newest.limit(1))
        return found[0] if found else None

    async def list(
        self, tenant: str | None, *, status: Status | None = None, limit: int = 50
    ) -> Rows:
        """The most valuable first; of decided ones the newest."""
        wanted = select(review_items)
        if tenant is not None:
            wanted = wanted.where(review_items.c.tenant == tenant)
        if status is not None:
            wanted = wanted.where(review_items.c.status == status)
        if status in DECIDED:
            wanted = wanted.order_by(review_items.c.changed.desc(), review_items.c.id)
        else:
            wanted = wanted.order_by(review_items.c.priority.desc(), review_items.c.id)
        return await self._items(wanted.limit(min(limit, MOST)))

    async def get(self, tenant: str | None, id: str) -> Item | None:
        wanted = select(review_items).where(review_items.c.id == id)
        if tenant is not None:
            wanted = wanted.where(review_items.c.tenant == tenant)
        found = await self._items(wanted)
        return found[0] if found else None

    async def of_trace(self, scope: Scope, trace_id: str) -> Item | None:
        wanted = select(review_items).where(
            review_items.c.tenant == scope.tenant, review_items.c.trace_id == trace_id
        )
        found = await self._items(wanted)
        return found[0] if found else None

    async def touched(self, scope: Scope, since: float, limit: int = 1000) -> Sequence[str]:
        """Traces whose item somebody decided, held or gave back since, oldest first."""
        wanted = (
            select(review_steps.c.trace_id)
            .where(review_steps.c.tenant == scope.tenant, review_steps.c.at >= instant(since))
            .order_by(review_steps.c.at)
            .limit(limit)
        )
        return await self._reader.run(lambda c: tuple(dict.fromkeys(c.scalars(wanted))))

    async def steps(self, tenant: str, id: str) -> Sequence[Step]:
        """Who decided what, oldest first."""
        wanted = select(review_steps).where(
            review_steps.c.tenant == tenant, review_steps.c.item == id
        )
        wanted = wanted.order_by(review_steps.c.at, review_steps.c.id)

        def query(connection: Connection) -> Sequence[Step]:
            return [step_of(row) for row in connection.execute(wanted).mappings()]

        return await self._reader.run(query)

    async def drawn(self, tenant: str | None, since: float = 0.0) -> Sequence[Drawn]:
        """All that chance chose of what was asked since."""
        columns = review_items.c
        wanted = select(columns.chance, columns.status, columns.started).where(
            columns.lane == "random", columns.started >= instant(since)
        )
        if tenant is not None:
            wanted = wanted.where(columns.tenant == tenant)

        def query(connection: Connection) -> Sequence[Drawn]:
            return [Drawn(row[0], row[1], seconds(row[2])) for row in connection.execute(wanted)]

        return await self._reader.run(query)

    async def counts(self, tenant: str | None) -> dict[str, dict[Status, int]]:
        """By lane and status."""
        columns = review_items.c
        wanted = select(columns.lane, columns.status, func.count())
        if tenant is not None:
            wanted = wanted.where(columns.tenant == tenant)
        wanted = wanted.group_by(columns.lane, columns.status)

        def query(connection: Connection) -> dict[str, dict[Status, int]]:
            found: dict[str, dict[Status, int]] = {"ranked": {}, "random": {}}
            for lane, status, many in connection.execute(wanted):
                found[lane][status] = many
            return found

        return await self._reader.run(query)

    async def _items(self, wanted: Select[Any]) -> Rows:
        def query(connection: Connection) -> Rows:
            return [item_of(row) for row in connection.execute(wanted).mappings()]

        return await self._reader.run(query)


def mark_of(scope: Scope) -> str:
    """The name of the mark that keeps how far it was filled."""
    return f"review/{scope.tenant}"


def _later(scope: Scope, after: Place, until: float) -> tuple[Any, ...]:
    began = instant(after.started)
    return (
        traces.c.tenant == scope.tenant,
        traces.c.started < instant(until),
        (traces.c.started > began) | ((traces.c.started == began) & (traces.c.id > after.trace_id)),
    )
