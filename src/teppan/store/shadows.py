"""How shadow models compared, and what asking behind answers has cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct
from sqlalchemy import Connection, case, func, select

from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.store.bulk import BulkInsert
from teppan.store.reader import Reader
from teppan.store.schema import instant, ledger, shadows
from teppan.store.writer import Writer

COLUMNS = tuple(column.name for column in shadows.columns)
ROLES = ("shadow", "verify")


class Comparison(Protocol):
    """What `serve.shadow` found: one answer of a shadow beside the one that was served."""

    @property
    def trace_id(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def served(self) -> str: ...
    @property
    def likeness(self) -> float: ...
    @property
    def same(self) -> bool: ...
    @property
    def cost(self) -> Micros | None: ...
    @property
    def at(self) -> float: ...


class ShadowRow(Struct, frozen=True):
    """One shadow model over a time: how often it said what was served, and its mean likeness."""

    model: str
    compared: int
    same: int
    likeness: float
    cost: Micros


class Shadows:
    def __init__(self, writer: Writer, reader: Reader, placeholder: str) -> None:
        self._writer = writer
        self._reader = reader
        self._insert = BulkInsert(shadows, COLUMNS, placeholder)

    async def record(self, scope: Scope, compared: Comparison) -> None:
        """Durable when it returns; the same trace and model again add nothing."""
        row = (
            compared.trace_id,
            scope.tenant,
            compared.model,
            compared.served,
            compared.likeness,
            compared.same,
            compared.cost,
            instant(compared.at),
        )
        await self._writer.insert(self._insert, [row])

    async def spent(self, since: float) -> Micros:
        """What was asked behind answers has cost since then, of all tenants."""
        wanted = select(func.coalesce(func.sum(ledger.c.cost), 0)).where(
            ledger.c.role.in_(ROLES), ledger.c.started >= instant(since)
        )

        def query(connection: Connection) -> int:
            return int(connection.scalar(wanted) or 0)

        return await self._reader.run(query)

    async def summary(self, scope: Scope, *, since: float = 0.0) -> Sequence[ShadowRow]:
        """By model, of this tenant; an admin sees all of them."""
        wanted = (
            select(
                shadows.c.model,
                func.count(),
                func.sum(case((shadows.c.same, 1), else_=0)),
                func.avg(shadows.c.similarity),
                func.coalesce(func.sum(shadows.c.cost), 0),
            )
            .where(shadows.c.at >= instant(since))
            .group_by(shadows.c.model)
            .order_by(shadows.c.model)
        )
        if scope.role != "admin":
            wanted = wanted.where(shadows.c.tenant == scope.tenant)

        def query(connection: Connection) -> list[ShadowRow]:
            return [
                ShadowRow(model, int(count), int(same), float(likeness), int(cost))
                for model, count, same, likeness, cost in connection.execute(wanted)
            ]

        return await self._reader.run(query)
