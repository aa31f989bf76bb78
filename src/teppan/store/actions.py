"""What agents proposed to customers, and what was done of it: each once.

    open ── take ── running ── finish ── done
      └── dropped by time     └── take again, when whoever took it is long gone

A proposal belongs to a place in a conversation (`talk`, a hash); the same proposal at the same
place is one row, however often the request comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, delete, select, update

from teppan.core.clock import Clock
from teppan.core.ids import Scope, content_hash
from teppan.store.reader import Reader
from teppan.store.schema import instant, seconds
from teppan.store.tables.actions import actions
from teppan.store.writer import Writer

Status = Literal["open", "running", "done"]
HOURS = 24.0
"""How long a proposal may be agreed to."""
LEASE = 120.0
"""Seconds after which an action that was begun and not finished may be begun again."""


class Action(Struct, frozen=True, kw_only=True):
    """One action. `told` is what the customer agrees to, `result` what came of it; `at` and
    `changed` are seconds since 1970."""

    id: str
    talk: str
    agent: str
    tool: str
    arguments: str
    told: str
    trace_id: str
    status: Status = "open"
    result: str = ""
    at: float = 0.0
    changed: float = 0.0


class Actions:
    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def propose(self, scope: Scope, action: Action) -> Action:
        """Durable when it returns. The same proposal at the same place is the row that is there,
        told anew while it is open."""
        at = instant(self._clock.now())
        digest = content_hash(f"{action.tool}\0{action.arguments}".encode())
        here = (
            (actions.c.tenant == scope.tenant)
            & (actions.c.talk == action.talk)
            & (actions.c.digest == digest)
        )
        row = {
            "tenant": scope.tenant,
            "id": action.id,
            "talk": action.talk,
            "agent": action.agent,
            "tool": action.tool,
            "arguments": action.arguments,
            "digest": digest,
            "told": action.told,
            "status": "open",
            "result": "",
            "trace_id": action.trace_id,
            "at": at,
            "changed": at,
        }

        def work(connection: Connection) -> Action:
            found = connection.execute(select(actions).where(here)).mappings().one_or_none()
            if found is None:
                connection.execute(actions.insert().values(**row))
                return _action(row)
            if found["status"] != "open":
                return _action(found)
            fresh = {"told": action.told, "changed": at}
            connection.execute(update(actions).where(here).values(**fresh))
            return _action({**found, **fresh})

        return await self._writer.run(work)

    async def at(self, scope: Scope, talks: Sequence[str]) -> list[Action]:
        """What was proposed at these places and is not too old, the newest first."""
        oldest = instant(self._clock.now() - HOURS * 3600)
        wanted = (
            select(actions)
            .where(
                actions.c.tenant == scope.tenant,
                actions.c.talk.in_(list(talks)),
                actions.c.changed > oldest,
            )
            .order_by(actions.c.changed.desc(), actions.c.id.desc())
        )

        def query(connection: Connection) -> list[Action]:
            return [_action(row) for row in connection.execute(wanted).mappings()]

        return await self._reader.run(query) if talks else []

    async def take(self, scope: Scope, id: str, lease: float = LEASE) -> bool:
        """Begins an action; false when somebody else has begun it, in the last `lease` seconds, or
        done it. Durable."""
        now = self._clock.now()
        here = (actions.c.tenant == scope.tenant) & (actions.c.id == id)
        left = (actions.c.status == "running") & (actions.c.changed < instant(now - lease))
        taking = (
            update(actions)
            .where(here, (actions.c.status == "open") | left)
            .values(status="running", changed=instant(now))
        )

        def work(connection: Connection) -> bool:
            return connection.execute(taking).rowcount == 1

        return await self._writer.run(work)

    async def finish(self, scope: Scope, id: str, result: str) -> None:
        """What came of it. Durable when it returns."""
        await self._become(scope, id, "done", result)

    async def release(self, scope: Scope, id: str) -> None:
        """Nothing came of it: it may be agreed to again."""
        await self._become(scope, id, "open", "")

    async def prune(self, before: float) -> int:
        """Deletes what was last changed before; returns how many."""
        old = delete(actions).where(actions.c.changed < instant(before))

        def work(connection: Connection) -> int:
            return connection.execute(old).rowcount

        return await self._writer.run(work)

    async def _become(self, scope: Scope, id: str, status: Status, result: str) -> None:
        change = (
            update(actions)
            .where(actions.c.tenant == scope.tenant, actions.c.id == id)
            .values(status=status, result=result, changed=instant(self._clock.now()))
        )

        def work(connection: Connection) -> None:
            connection.execute(change)

        await self._writer.run(work)


def _action(row: RowMapping | dict[str, object]) -> Action:
    columns = ("id", "talk", "agent", "tool", "arguments", "told", "trace_id", "status", "result")
    return Action(
        **{name: row[name] for name in columns},  # type: ignore[arg-type]
        at=seconds(row["at"]),  # type: ignore[arg-type]
        changed=seconds(row["changed"]),  # type: ignore[arg-type]
    )
