"""Runs of distillation and what became of each of their tasks, durable before it counts.

A task is one row of its run, however often it is judged; a run that was killed finds there what is
done. Nothing here was said by anybody: words are in the examples that were kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, func, select

from teppan.core.clock import Clock
from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.store.reader import Reader
from teppan.store.schema import instant, ledger, seconds
from teppan.store.tables.distil import distil_runs, distil_tasks
from teppan.store.tables.signals import signals
from teppan.store.writer import Writer

State = Literal["kept", "dropped", "failed"]


class Run(Struct, frozen=True, kw_only=True):
    """A run as it was last started. `made_of` names the model, the prompts and the settings its
    answers came from; `plan` are figures of the last start, for people."""

    name: str
    model: str
    made_of: str
    budget: Micros
    plan: dict[str, int] = {}
    started: float = 0.0
    changed: float = 0.0


class Result(Struct, frozen=True, kw_only=True):
    """What became of one task. `task` is the name of its content, `judged` that of what it was
    judged by. `trace_id`, `episode` and `user` are those of the conversation it was made of,
    `answered` the trace of its answer. `reasons` say why it was not kept, `kinds` in a word."""

    task: str
    state: State
    judged: str
    name: str = ""
    line: int = 0
    made: str = ""
    answered: str = ""
    served: str = ""
    kinds: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    cost: Micros | None = 0
    sure: float | None = None
    trace_id: str = ""
    episode: str | None = None
    user: str | None = None
    at: float = 0.0


class Standing(Struct, frozen=True, kw_only=True):
    """A run with how far it came."""

    run: Run
    kept: int = 0
    dropped: int = 0
    failed: int = 0
    spent: Micros = 0


_result = msgspec.json.Decoder(Result).decode
_run = msgspec.json.Decoder(Run).decode


class Distil:
    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def begin(self, scope: Scope, run: Run) -> Run | None:
        """Writes the run down; returns it as it stood before, if it was known."""
        now = self._clock.now()
        mine = (distil_runs.c.tenant == scope.tenant) & (distil_runs.c.name == run.name)

        def work(connection: Connection) -> Run | None:
            body = connection.scalar(select(distil_runs.c.body).where(mine))
            before = None if body is None else _run(bytes(body))
            started = before.started if before else now
            made = msgspec.structs.replace(run, started=started, changed=now)
            connection.execute(delete(distil_runs).where(mine))
            connection.execute(
                distil_runs.insert().values(
                    tenant=scope.tenant,
                    name=run.name,
                    model=run.model,
                    started=instant(started),
                    changed=instant(now),
                    body=msgspec.json.encode(made),
                )
            )
            return before

        return await self._writer.run(work)

    async def put(self, scope: Scope, run: str, results: Sequence[Result]) -> None:
        """Durable when it returns; a task that is judged again is the same row. The example of an
        answer that is kept no more, or that another stands in for, goes in the same transaction."""
        now = self._clock.now()
        rows = [_row(scope, run, msgspec.structs.replace(each, at=now), now) for each in results]

        def work(connection: Connection) -> None:
            for row in rows:
                here = (
                    (distil_tasks.c.tenant == row["tenant"])
                    & (distil_tasks.c.run == run)
                    & (distil_tasks.c.task == row["task"])
                )
                before = select(distil_tasks.c.answered).where(here, distil_tasks.c.state == "kept")
                gone = connection.scalar(before.with_for_update())
                if gone and (row["state"] != "kept" or row["answered"] != gone):
                    old = (signals.c.tenant == row["tenant"]) & (signals.c.trace_id == gone)
                    connection.execute(delete(signals).where(old))
                connection.execute(delete(distil_tasks).where(here))
                connection.execute(distil_tasks.insert().values(**row))

        if rows:
            await self._writer.run(work)

    async def results(self, scope: Scope, run: str) -> list[Result]:
        """What became of each task so far, in the order it was known."""
        wanted = (
            select(distil_tasks.c.body)
            .where(distil_tasks.c.tenant == scope.tenant, distil_tasks.c.run == run)
            .order_by(distil_tasks.c.at, distil_tasks.c.task)
        )

        def query(connection: Connection) -> list[Result]:
            return [_result(bytes(body)) for body in connection.scalars(wanted)]

        return await self._reader.run(query)

    async def spent(self, scope: Scope, key_id: str, since: float = 0.0) -> Micros:
        """What calls under a key have cost, by the ledger: also those whose answers never came."""
        wanted = select(func.coalesce(func.sum(ledger.c.cost), 0)).where(
            ledger.c.tenant == scope.tenant,
            ledger.c.key_id == key_id,
            ledger.c.started >= instant(since),
        )

        def query(connection: Connection) -> int:
            return int(connection.scalar(wanted) or 0)

        return await self._reader.run(query)

    async def standing(self, scope: Scope, name: str) -> Standing | None:
        """One run, or `None` for a name that is not known."""
        found = await self.list(scope, name=name)
        return found[0] if found else None

    async def list(
        self, scope: Scope, *, name: str | None = None, limit: int = 100
    ) -> list[Standing]:
        """Runs of this tenant, the one last worked on first."""
        wanted = select(distil_runs.c.body, distil_runs.c.started, distil_runs.c.changed)
        wanted = wanted.where(distil_runs.c.tenant == scope.tenant)
        if name is not None:
            wanted = wanted.where(distil_runs.c.name == name)
        wanted = wanted.order_by(distil_runs.c.changed.desc(), distil_runs.c.name).limit(limit)

        def query(connection: Connection) -> list[Standing]:
            return [
                _standing(
                    connection,
                    scope,
                    msgspec.structs.replace(
                        _run(bytes(body)), started=seconds(started), changed=seconds(changed)
                    ),
                )
                for body, started, changed in connection.execute(wanted).all()
            ]

        return await self._reader.run(query)


def key_of(run: str) -> str:
    """The key that the calls of a run are booked under."""
    return f"distil-{run}"


def _standing(connection: Connection, scope: Scope, run: Run) -> Standing:
    counted = connection.execute(
        select(distil_tasks.c.state, func.count())
        .where(distil_tasks.c.tenant == scope.tenant, distil_tasks.c.run == run.name)
        .group_by(distil_tasks.c.state)
    )
    by_state: dict[str, int] = {row[0]: row[1] for row in counted}
    spent = connection.scalar(
        select(func.coalesce(func.sum(ledger.c.cost), 0)).where(
            ledger.c.tenant == scope.tenant, ledger.c.key_id == key_of(run.name)
        )
    )
    return Standing(
        run=run,
        kept=by_state.get("kept", 0),
        dropped=by_state.get("dropped", 0),
        failed=by_state.get("failed", 0),
        spent=int(spent or 0),
    )


def _row(scope: Scope, run: str, made: Result, now: float) -> dict[str, Any]:
    return {
        "tenant": scope.tenant,
        "run": run,
        "task": made.task,
        "trace_id": made.trace_id,
        "episode": made.episode,
        "user": made.user,
        "answered": made.answered,
        "state": made.state,
        "judged": made.judged,
        "cost": made.cost,
        "at": instant(now),
        "body": msgspec.json.encode(made),
    }
