"""What the cache keeps beyond a restart: answers by meaning, what is known of their truth, counts.

Writes never delay an answer: they are queued, and one that fails is counted in `dropped`. Exact
answers are not here: they live in memory or on Redis.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct, structs
from sqlalchemy import Connection, RowMapping, delete, func, select, update

from teppan.core.errors import StoreError
from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.store.bulk import BulkInsert
from teppan.store.reader import Reader
from teppan.store.schema import cache_checks, cache_days, cache_entries, instant, seconds
from teppan.store.writer import Writer

How = Literal["explored", "verified", "feedback"]

ENTRY_COLUMNS = tuple(column.name for column in cache_entries.columns)
CHECK_COLUMNS = tuple(column.name for column in cache_checks.columns)
SWEEP_BATCH = 500


class Kept(Struct, frozen=True, kw_only=True):
    """An answer that may be given again to a question that means the same.

    `kin` is the id of the first entry of the same answer. `embedding` is little-endian float32,
    `answer` a completion as JSON. Instants are seconds since 1970.
    """

    id: str
    tenant: str
    partition: str
    model: str
    trace_id: str
    kin: str
    question: str
    intent: str
    embedder: str
    embedding: bytes
    answer: bytes
    cost: Micros | None
    created: float
    expires: float


class Check(Struct, frozen=True, kw_only=True):
    """One thing learned: was the remembered answer the right one for this question?

    `similarity`, `lead`, `share` and `votes` are what was known before; see the learner.
    """

    id: str
    tenant: str
    entry: str
    kin: str
    trace_id: str
    similarity: float
    lead: float
    share: float
    votes: int
    same: bool
    how: How
    at: float


class Day(Struct, frozen=True):
    """What the cache did on a day (UTC). `unpriced` hits saved an unknown amount."""

    day: str
    exact: int = 0
    semantic: int = 0
    misses: int = 0
    saved: Micros = 0
    unpriced: int = 0


class CacheRecords:
    def __init__(self, writer: Writer, reader: Reader, placeholder: str) -> None:
        self.dropped = 0
        self._writer = writer
        self._reader = reader
        self._entries = BulkInsert(cache_entries, ENTRY_COLUMNS, placeholder)
        self._checks = BulkInsert(cache_checks, CHECK_COLUMNS, placeholder)

    def put(self, kept: Kept) -> asyncio.Future[None] | None:
        """Kept soon; the future says when. Never waits, never raises."""
        return self._behind(lambda: self._writer.insert(self._entries, [_row(kept)]))

    def learn(self, check: Check) -> asyncio.Future[None] | None:
        """Kept soon; the future says when. Never waits, never raises."""
        return self._behind(lambda: self._writer.insert(self._checks, [_row(check)]))

    def count(self, tenant: str, day: Day) -> asyncio.Future[None] | None:
        """Adds to a day's counts, soon; the future says when. Never raises."""
        return self._behind(
            lambda: self._writer.run(lambda connection: _add(connection, tenant, day))
        )

    async def load(self, embedder: str, now: float, limit: int) -> list[Kept]:
        """The newest answers of all tenants that have not expired, oldest first: for a start."""
        wanted = (
            select(cache_entries)
            .where(cache_entries.c.embedder == embedder, cache_entries.c.expires > instant(now))
            .order_by(cache_entries.c.created.desc())
            .limit(limit)
        )

        def query(connection: Connection) -> list[Kept]:
            return [_kept(row) for row in connection.execute(wanted).mappings()]

        return (await self._reader.run(query))[::-1]

    async def get(self, scope: Scope, ids: Sequence[str]) -> list[Kept]:
        """Those of this tenant that are still there, in no order."""
        wanted = select(cache_entries).where(
            cache_entries.c.tenant == scope.tenant, cache_entries.c.id.in_(ids)
        )

        def query(connection: Connection) -> list[Kept]:
            return [_kept(row) for row in connection.execute(wanted).mappings()]

        return await self._reader.run(query)

    async def alive(self, scope: Scope, id: str) -> bool:
        """Whether no other gateway has taken this entry out meanwhile."""
        wanted = select(cache_entries.c.id).where(
            cache_entries.c.tenant == scope.tenant, cache_entries.c.id == id
        )
        found = await self._reader.run(lambda connection: connection.scalar(wanted))
        return found is not None

    async def of_trace(self, scope: Scope, trace_id: str) -> list[str]:
        """Ids of the entries whose answer was first given in this trace."""
        wanted = select(cache_entries.c.id).where(
            cache_entries.c.tenant == scope.tenant, cache_entries.c.trace_id == trace_id
        )
        return await self._reader.run(lambda connection: list(connection.scalars(wanted)))

    async def remove(self, scope: Scope, ids: Sequence[str]) -> None:
        """Durable when it returns."""
        gone = delete(cache_entries).where(
            cache_entries.c.tenant == scope.tenant, cache_entries.c.id.in_(ids)
        )
        await self._writer.run(lambda connection: connection.execute(gone) and None)

    async def erase(self, scope: Scope) -> None:
        """All that is kept of this tenant but its counts; durable when it returns."""

        def work(connection: Connection) -> None:
            for table in (cache_entries, cache_checks):
                connection.execute(delete(table).where(table.c.tenant == scope.tenant))

        await self._writer.run(work)

    async def checks(self, scope: Scope, limit: int) -> list[Check]:
        """The newest things learned of this tenant's cache, oldest first."""
        wanted = (
            select(cache_checks)
            .where(cache_checks.c.tenant == scope.tenant)
            .order_by(cache_checks.c.at.desc(), cache_checks.c.id.desc())
            .limit(limit)
        )

        def query(connection: Connection) -> list[Check]:
            return [
                Check(**(dict(row) | {"at": seconds(row["at"])}))
                for row in connection.execute(wanted).mappings()
            ]

        return (await self._reader.run(query))[::-1]

    async def days(self, scope: Scope, since: str) -> list[Day]:
        """The counts of this tenant from that day on."""
        wanted = (
            select(cache_days)
            .where(cache_days.c.tenant == scope.tenant, cache_days.c.day >= since)
            .order_by(cache_days.c.day)
        )

        def query(connection: Connection) -> list[Day]:
            rows = connection.execute(wanted).mappings()
            return [Day(**{name: row[name] for name in Day.__struct_fields__}) for row in rows]

        return await self._reader.run(query)

    async def truth(self, scope: Scope, since: float) -> dict[str, tuple[int, int]]:
        """By how it was learned: how many were the same, of how many."""
        table = cache_checks.c
        wanted = (
            select(table.how, table.same, func.count())
            .where(table.tenant == scope.tenant, table.at >= instant(since))
            .group_by(table.how, table.same)
        )

        def query(connection: Connection) -> dict[str, tuple[int, int]]:
            found: dict[str, tuple[int, int]] = {}
            for how, same, number in connection.execute(wanted):
                right, all_of_them = found.get(how, (0, 0))
                found[how] = (right + (number if same else 0), all_of_them + number)
            return found

        return await self._reader.run(query)

    async def sweep(self, now: float) -> int:
        """Delete what has expired; returns how many. In small batches, like `Traces.prune`."""
        old = (
            select(cache_entries.c.tenant, cache_entries.c.id)
            .where(cache_entries.c.expires <= instant(now))
            .limit(SWEEP_BATCH)
        )

        def batch(connection: Connection) -> int:
            found = connection.execute(old).all()
            for tenant, id in found:
                connection.execute(
                    delete(cache_entries).where(
                        cache_entries.c.tenant == tenant, cache_entries.c.id == id
                    )
                )
            return len(found)

        total = 0
        while deleted := await self._writer.run(batch):
            total += deleted
        return total

    def _behind(self, begin: Callable[[], asyncio.Future[None]]) -> asyncio.Future[None] | None:
        try:
            future = begin()
        except StoreError:  # closed meanwhile
            self.dropped += 1
            return None
        future.add_done_callback(self._written)
        return future

    def _written(self, future: asyncio.Future[None]) -> None:
        if not future.cancelled() and future.exception() is not None:
            self.dropped += 1


def _row(value: Kept | Check) -> tuple[object, ...]:
    names = ENTRY_COLUMNS if isinstance(value, Kept) else CHECK_COLUMNS
    fields = structs.asdict(value)
    for name in ("created", "expires", "at"):
        if name in fields:
            fields[name] = instant(fields[name])
    return tuple(fields[name] for name in names)


def _kept(row: RowMapping) -> Kept:
    fields = dict(row) | {"created": seconds(row["created"]), "expires": seconds(row["expires"])}
    return Kept(**fields)


def _add(connection: Connection, tenant: str, day: Day) -> None:
    amounts = {name: value for name, value in structs.asdict(day).items() if name != "day"}
    here = (cache_days.c.tenant == tenant) & (cache_days.c.day == day.day)
    changed = connection.execute(
        update(cache_days)
        .where(here)
        .values({name: cache_days.c[name] + value for name, value in amounts.items()})
    )
    if changed.rowcount == 0:
        connection.execute(cache_days.insert().values(tenant=tenant, day=day.day, **amounts))
