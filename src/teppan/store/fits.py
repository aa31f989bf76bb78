"""What was fitted on a tenant's own traces: one state of each kind is live, those before are kept.

States come and go as bytes; whoever fits them reads them. The live ones are held in memory and read
again when any has changed, which is looked up every few seconds: so a fit of the night counts in
every gateway soon after, and a request costs one look into a dictionary.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, Select, delete, func, select

from teppan.core.clock import Clock
from teppan.core.ids import Scope, new_id
from teppan.store.marks import mark, read_mark
from teppan.store.reader import Reader
from teppan.store.schema import instant, seconds
from teppan.store.tables.fits import fits
from teppan.store.writer import Writer

POLL_SECONDS = 5.0
KEPT = 12
"""States of one kind that are kept of a tenant, the live one included."""
CHANGES = "fits changed"
Listed = list["Fit"]


class Fit(Struct, frozen=True):
    """One fitted state as it was written; `at` is seconds since 1970."""

    id: str
    kind: str
    at: float
    body: bytes


class Fits:
    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._changes: str | None = None
        self._live: dict[tuple[str, str], Fit] | None = None
        self._reading = asyncio.Lock()

    def live(self, scope: Scope, kind: str) -> Fit | None:
        """What this tenant is served with, from memory alone."""
        return (self._live or {}).get((scope.tenant, kind))

    async def put(self, scope: Scope, kind: str, id: str, body: bytes) -> bool:
        """Makes a state the live one: durable when it returns, and known to this process. False
        when it was the live one already; one that was kept before is live again."""
        at = instant(self._clock.now())

        def work(connection: Connection) -> bool:
            newest = connection.execute(_newest(scope, kind).limit(1)).mappings().first()
            if newest is not None and newest["id"] == id:
                return False
            here = (fits.c.tenant == scope.tenant) & (fits.c.kind == kind)
            connection.execute(delete(fits).where(here, fits.c.id == id))
            place = newest["place"] + 1 if newest is not None else 1
            row = {"tenant": scope.tenant, "kind": kind, "id": id, "place": place, "at": at}
            connection.execute(fits.insert().values(**row, body=body))
            connection.execute(delete(fits).where(here, fits.c.place <= place - KEPT))
            mark(connection, CHANGES, new_id("chg"))
            return True

        new = await self._writer.run(work)
        await self.refresh()
        return new

    async def list(self, scope: Scope, kind: str, limit: int = KEPT) -> Listed:
        """The states of this tenant, the live one first."""

        def query(connection: Connection) -> Listed:
            return [
                _fit(row)
                for row in connection.execute(_newest(scope, kind).limit(limit)).mappings()
            ]

        return await self._reader.run(query)

    async def latest(self, scope: Scope, kind: str) -> Fit | None:
        """The live one, from the database."""
        found = await self.list(scope, kind, 1)
        return found[0] if found else None

    async def refresh(self) -> None:
        """Read the live ones again if any has changed. Raises `StoreError`."""
        async with self._reading:
            found = await self._reader.run(self._changed)
            if found is not None:
                self._changes, self._live = found

    def _changed(
        self, connection: Connection
    ) -> tuple[str | None, dict[tuple[str, str], Fit]] | None:
        changes = read_mark(connection, CHANGES)
        if changes == self._changes and self._live is not None:
            return None
        newest = (
            select(fits.c.tenant, fits.c.kind, func.max(fits.c.place).label("place"))
            .group_by(fits.c.tenant, fits.c.kind)
            .subquery()
        )
        wanted = select(fits).join(
            newest,
            (fits.c.tenant == newest.c.tenant)
            & (fits.c.kind == newest.c.kind)
            & (fits.c.place == newest.c.place),
        )
        rows: Sequence[RowMapping] = connection.execute(wanted).mappings().all()
        return changes, {(row["tenant"], row["kind"]): _fit(row) for row in rows}


def _newest(scope: Scope, kind: str) -> Select[Any]:
    mine = (fits.c.tenant == scope.tenant) & (fits.c.kind == kind)
    return select(fits).where(mine).order_by(fits.c.place.desc())


def _fit(row: RowMapping) -> Fit:
    return Fit(row["id"], row["kind"], seconds(row["at"]), row["body"])
