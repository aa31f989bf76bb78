"""Trust: what each model is worth on each kind of task, and every step of how it came to that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import Connection, select, update

from teppan.core.errors import StoreError
from teppan.core.ids import new_id
from teppan.core.verdict import TrustUpdate
from teppan.store.bulk import BulkInsert
from teppan.store.commit import Work
from teppan.store.reader import Reader
from teppan.store.schema import instant, seconds, trust, trust_history
from teppan.store.writer import Writer

HISTORY = tuple(column.name for column in trust_history.columns)


class Trust:
    """`dropped` counts updates put but not kept."""

    def __init__(self, writer: Writer, reader: Reader, placeholder: str) -> None:
        self.dropped = 0
        self._writer = writer
        self._reader = reader
        self._insert = BulkInsert(trust_history, HISTORY, placeholder)
        self._pending: list[TrustUpdate] = []

    async def load(self) -> dict[tuple[str, str], float]:
        """The present trust by (model, task type)."""

        def query(connection: Connection) -> dict[tuple[str, str], float]:
            rows = connection.execute(select(trust.c.model, trust.c.task_type, trust.c.value))
            return {(model, task_type): value for model, task_type, value in rows}

        return await self._reader.run(query)

    def put(self, update: TrustUpdate) -> None:
        """Keep the update soon; never waits. Those put in one turn of the loop go together."""
        if not self._pending:
            asyncio.get_running_loop().call_soon(self._flush)
        self._pending.append(update)

    async def record(self, *updates: TrustUpdate) -> None:
        """Return when the updates are durable. Raises `StoreError`."""
        if updates:
            await self._writer.run(self._work(updates))

    async def history(self, model: str, task_type: str, limit: int = 100) -> list[TrustUpdate]:
        """The latest steps of one model's trust on one kind of task, newest first."""
        table = trust_history.c
        wanted = (
            select(trust_history)
            .where(table.model == model, table.task_type == task_type)
            .order_by(table.id.desc())
            .limit(limit)
        )

        def query(connection: Connection) -> list[TrustUpdate]:
            return [
                TrustUpdate(
                    row["model"],
                    row["task_type"],
                    row["before"],
                    row["after"],
                    row["quality"],
                    row["trace_id"],
                    seconds(row["at"]),
                )
                for row in connection.execute(wanted).mappings()
            ]

        return await self._reader.run(query)

    def _flush(self) -> None:
        updates, self._pending = tuple(self._pending), []
        try:
            future = self._writer.run(self._work(updates))
        except StoreError:  # closed meanwhile
            self.dropped += len(updates)
            return
        future.add_done_callback(self._counting(len(updates)))

    def _counting(self, count: int) -> Callable[[asyncio.Future[None]], None]:
        def done(future: asyncio.Future[None]) -> None:
            if not future.cancelled() and future.exception() is not None:
                self.dropped += count

        return done

    def _work(self, updates: tuple[TrustUpdate, ...]) -> Work[None]:
        rows = [
            (
                new_id("tru"),
                each.model,
                each.task_type,
                each.before,
                each.after,
                each.quality,
                each.trace_id,
                instant(each.at),
            )
            for each in updates
        ]
        latest = {(each.model, each.task_type): each for each in updates}

        def work(connection: Connection) -> None:
            first = connection.scalar(
                select(trust_history.c.id).where(trust_history.c.id == rows[0][0])
            )
            if first is not None:  # an earlier run was committed after all
                return
            self._insert(connection, rows)
            for each in latest.values():
                steps = sum(
                    (one.model, one.task_type) == (each.model, each.task_type) for one in updates
                )
                _set_current(connection, each, steps)

        return work


def _set_current(connection: Connection, step: TrustUpdate, steps: int) -> None:
    here = (trust.c.model == step.model) & (trust.c.task_type == step.task_type)
    changed = connection.execute(
        update(trust)
        .where(here)
        .values(value=step.after, updates=trust.c.updates + steps, at=instant(step.at))
    )
    if changed.rowcount == 0:
        connection.execute(
            trust.insert().values(
                model=step.model,
                task_type=step.task_type,
                value=step.after,
                updates=steps,
                at=instant(step.at),
            )
        )
