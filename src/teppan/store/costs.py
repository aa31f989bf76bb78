"""What was spent, summed over the ledger."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, case, func, select

from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.store.reader import Reader
from teppan.store.schema import MICROSECONDS, instant, ledger

By = Literal["model", "day", "key", "tenant", "strategy", "role"]

DAY = 86_400 * MICROSECONDS


class CostRow(Struct, frozen=True):
    """One group of calls. `cost` sums the known costs; `unknown` calls have none that is known.

    `name` is the model, the day (`2026-11-21`, UTC), the key's id, the tenant, ...
    """

    name: str
    calls: int
    failed: int
    input: int
    output: int
    cached: int
    reasoning: int
    cost: Micros
    unknown: int


class Costs:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def summary(
        self,
        scope: Scope,
        by: By = "model",
        *,
        since: float = 0.0,
        until: float | None = None,
        tenant: str | None = None,
    ) -> list[CostRow]:
        """Sums over calls begun in `[since, until)`, dearest first (days in order).

        Of the scope's own tenant; an admin sees all of them, or the one named by `tenant`.
        """
        group = _group(by)
        wanted = select(
            group,
            func.count(),
            func.sum(case((ledger.c.outcome == "ok", 0), else_=1)),
            func.sum(ledger.c.input),
            func.sum(ledger.c.output),
            func.sum(ledger.c.cached),
            func.sum(ledger.c.reasoning),
            func.coalesce(func.sum(ledger.c.cost), 0),
            func.sum(case((ledger.c.cost.is_(None), 1), else_=0)),
        ).where(ledger.c.started >= instant(since))
        if until is not None:
            wanted = wanted.where(ledger.c.started < instant(until))
        whose = tenant if scope.role == "admin" else scope.tenant
        if whose is not None:
            wanted = wanted.where(ledger.c.tenant == whose)
        wanted = wanted.group_by(group)

        def query(connection: Connection) -> list[CostRow]:
            return [
                CostRow(_name(by, name), *(int(figure) for figure in figures))
                for name, *figures in connection.execute(wanted)
            ]

        rows = await self._reader.run(query)
        if by == "day":
            return sorted(rows, key=lambda row: row.name)
        return sorted(rows, key=lambda row: (-row.cost, row.name))


def _group(by: By) -> ColumnElement[Any]:
    columns: dict[By, ColumnElement[Any]] = {
        "model": ledger.c.model,
        "day": ledger.c.started // DAY,
        "key": ledger.c.key_id,
        "tenant": ledger.c.tenant,
        "strategy": ledger.c.strategy,
        "role": ledger.c.role,
    }
    return columns[by]


def _name(by: By, value: str | int) -> str:
    if by != "day":
        return str(value)
    return date.fromordinal(date(1970, 1, 1).toordinal() + int(value)).isoformat()
