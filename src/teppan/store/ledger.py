"""The ledger: one row per model call, durable before the answer leaves, each exactly once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, RowMapping, select

from teppan.core.budget import Booking
from teppan.core.chat import Usage
from teppan.core.ids import Scope
from teppan.core.trace import ModelCall
from teppan.store.budgets import Budgets
from teppan.store.bulk import BulkInsert, Row, cleaned
from teppan.store.reader import Reader
from teppan.store.schema import instant, ledger, seconds
from teppan.store.writer import Writer

COLUMNS = tuple(column.name for column in ledger.columns)


class Ledger:
    """What was spent. The call's own id is the primary key, so a repeated append adds nothing."""

    def __init__(self, writer: Writer, reader: Reader, placeholder: str, budgets: Budgets) -> None:
        self._writer = writer
        self._reader = reader
        self._budgets = budgets
        self._insert = BulkInsert(ledger, COLUMNS, placeholder)

    async def append(
        self,
        scope: Scope,
        calls: Sequence[ModelCall],
        strategy: str = "",
        episode: str | None = None,
        booking: Booking | None = None,
    ) -> None:
        """Return when the calls are durable. Raises `StoreError`, and then may be repeated.

        `strategy` names what made the calls and `episode` the conversation they belong to, so that
        costs can be told apart by them. With a `booking` the budgets pay in the same transaction.
        """
        rows = [_row(scope, call, strategy, episode) for call in calls]
        if booking is not None:
            clean = cleaned(rows)
            work = self._budgets.booking(booking, calls, lambda open: self._insert(open, clean))
            self._budgets.booked(booking, await self._writer.run(work))
        elif rows:
            await self._writer.insert(self._insert, rows)

    async def get(self, scope: Scope, id: str) -> ModelCall | None:
        """One call of this tenant, or `None`."""

        def query(connection: Connection) -> ModelCall | None:
            found = connection.execute(
                select(ledger).where(ledger.c.id == id, ledger.c.tenant == scope.tenant)
            )
            row = found.mappings().one_or_none()
            return None if row is None else _call(row)

        return await self._reader.run(query)

    async def list(
        self, scope: Scope, *, since: float = 0.0, until: float | None = None, limit: int = 1000
    ) -> list[ModelCall]:
        """Calls of this tenant that began in `[since, until)`, oldest first."""
        wanted = select(ledger).where(
            ledger.c.tenant == scope.tenant, ledger.c.started >= instant(since)
        )
        if until is not None:
            wanted = wanted.where(ledger.c.started < instant(until))
        wanted = wanted.order_by(ledger.c.started, ledger.c.id).limit(limit)

        def query(connection: Connection) -> list[ModelCall]:
            return [_call(row) for row in connection.execute(wanted).mappings()]

        return await self._reader.run(query)


def _row(scope: Scope, call: ModelCall, strategy: str, episode: str | None) -> Row:
    usage = call.usage
    return (
        call.id,
        scope.tenant,
        scope.key_id,
        call.trace_id,
        instant(call.started),
        call.model,
        call.returned_model,
        call.vendor_id,
        call.role,
        call.outcome,
        call.attempt,
        call.error,
        usage.input,
        usage.output,
        usage.cached,
        usage.cache_written,
        usage.reasoning,
        usage.estimated,
        call.cost,
        call.price_version,
        call.latency,
        call.first_token,
        strategy,
        msgspec.json.encode(call.dropped).decode() if call.dropped else "",
        episode,
    )


def _call(row: RowMapping) -> ModelCall:
    return ModelCall(
        id=row["id"],
        trace_id=row["trace_id"],
        model=row["model"],
        role=row["role"],
        outcome=row["outcome"],
        returned_model=row["returned_model"],
        vendor_id=row["vendor_id"],
        attempt=row["attempt"],
        error=row["error"],
        usage=Usage(
            row["input"],
            row["output"],
            row["cached"],
            row["cache_written"],
            row["reasoning"],
            bool(row["estimated"]),
        ),
        cost=row["cost"],
        price_version=row["price_version"],
        started=seconds(row["started"]),
        latency=row["latency"],
        first_token=row["first_token"],
        dropped=msgspec.json.decode(row["dropped"], type=tuple[str, ...]) if row["dropped"] else (),
    )
