"""What people must look after: durable before an answer is acknowledged, once per trace and reason.

    open ── claim ── claimed ── close ── closed
      └───────────────── close ───────────┘

Who did what, when and with which words is kept step by step. A step that is not possible is a
`Taken`; the same step by the same person again is no step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, func, select, update

from teppan.core.clock import Clock
from teppan.core.errors import Taken
from teppan.core.ids import Scope, new_id
from teppan.store.reader import Reader
from teppan.store.schema import instant, seconds
from teppan.store.tables.escalations import escalation_steps, escalations
from teppan.store.writer import Writer

Status = Literal["open", "claimed", "closed"]
STATUSES: tuple[Status, ...] = get_args(Status)
MOST = 200
"""Rows of one listing."""


class Escalation(Struct, frozen=True, kw_only=True):
    """One thing for a person. `by` is the key that claimed or closed it, `note` its last words;
    `at` and `changed` are seconds since 1970. `detail` says what the reason rests on.
    """

    id: str
    tenant: str
    trace_id: str
    key_id: str
    reason: str
    detail: str = ""
    language: str = ""
    question: str = ""
    summary: str = ""
    model: str = ""
    episode: str | None = None
    status: Status = "open"
    by: str = ""
    note: str = ""
    at: float = 0.0
    changed: float = 0.0


class Step(Struct, frozen=True):
    """What somebody did about an escalation. `at` is seconds since 1970."""

    status: Status
    by: str
    note: str
    at: float


class Called(Struct, frozen=True, kw_only=True):
    """Why a person is called, and all they need to know; without a row yet."""

    trace_id: str
    reason: str
    detail: str = ""
    language: str = ""
    question: str = ""
    summary: str = ""
    model: str = ""
    episode: str | None = None


Listed = list[Escalation]


class Escalations:
    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def call(self, scope: Scope, called: Sequence[Called]) -> list[Escalation]:
        """Durable when it returns. What was called before for this trace and reason is that row."""
        at = instant(self._clock.now())
        rows = [
            {
                "tenant": scope.tenant,
                "id": new_id("esc"),
                "trace_id": each.trace_id,
                "key_id": scope.key_id,
                "episode": each.episode,
                "reason": each.reason,
                "detail": each.detail,
                "language": each.language,
                "question": each.question,
                "summary": each.summary,
                "model": each.model,
                "status": "open",
                "by": "",
                "note": "",
                "at": at,
                "changed": at,
            }
            for each in called
        ]

        def work(connection: Connection) -> list[Escalation]:
            return [_called(connection, row) for row in rows]

        return await self._writer.run(work)

    async def list(
        self,
        scope: Scope,
        *,
        status: Status | None = None,
        limit: int = 50,
        everyone: bool = False,
    ) -> Listed:
        """The newest first, of this tenant; of all tenants for `everyone`, which is an admin's."""
        wanted = select(escalations).order_by(escalations.c.at.desc(), escalations.c.id.desc())
        if not everyone:
            wanted = wanted.where(escalations.c.tenant == scope.tenant)
        if status is not None:
            wanted = wanted.where(escalations.c.status == status)
        wanted = wanted.limit(min(limit, MOST))

        def query(connection: Connection) -> Listed:
            return [_escalation(row) for row in connection.execute(wanted).mappings()]

        return await self._reader.run(query)

    async def get(self, scope: Scope, id: str, *, everyone: bool = False) -> Escalation | None:
        wanted = select(escalations).where(escalations.c.id == id)
        if not everyone:
            wanted = wanted.where(escalations.c.tenant == scope.tenant)

        def query(connection: Connection) -> Escalation | None:
            row = connection.execute(wanted).mappings().one_or_none()
            return None if row is None else _escalation(row)

        return await self._reader.run(query)

    async def steps(self, tenant: str, id: str) -> Sequence[Step]:
        """What was done about it, oldest first."""
        wanted = (
            select(escalation_steps)
            .where(escalation_steps.c.tenant == tenant, escalation_steps.c.escalation == id)
            .order_by(escalation_steps.c.at, escalation_steps.c.id)
        )

        def query(connection: Connection) -> Sequence[Step]:
            return [
                Step(row["status"], row["by"], row["note"], seconds(row["at"]))
                for row in connection.execute(wanted).mappings()
            ]

        return await self._reader.run(query)

    async def move(
        self, tenant: str, id: str, status: Status, by: str, note: str = ""
    ) -> Escalation | None:
        """Claim, close or open again; `None` for one that is not there.

        Raises `Taken` for a claim of what another has claimed, and for a step of a closed one
        that is not an opening.
        """
        at, step = self._clock.now(), new_id("stp")
        here = (escalations.c.tenant == tenant) & (escalations.c.id == id)

        def work(connection: Connection) -> Escalation | Taken | None:
            row = connection.execute(select(escalations).where(here).with_for_update())
            found = row.mappings().one_or_none()
            if found is None:
                return None
            before = _escalation(found)
            if (before.status, before.by, before.note) == (status, by, note):
                return before
            refused = _refused(before, status, by)
            if refused is not None:
                return refused
            values = {"status": status, "by": by, "note": note, "changed": instant(at)}
            connection.execute(update(escalations).where(here).values(**values))
            connection.execute(
                escalation_steps.insert().values(
                    tenant=tenant,
                    id=step,
                    escalation=id,
                    status=status,
                    by=by,
                    note=note,
                    at=instant(at),
                )
            )
            moved = connection.execute(select(escalations).where(here)).mappings().one()
            return _escalation(moved)

        done = await self._writer.run(work)
        if isinstance(done, Taken):
            raise done
        return done

    async def counts(self, scope: Scope) -> dict[str, int]:
        """How many of this tenant's are in each status."""
        wanted = (
            select(escalations.c.status, func.count())
            .where(escalations.c.tenant == scope.tenant)
            .group_by(escalations.c.status)
        )

        def query(connection: Connection) -> dict[str, int]:
            return {row[0]: row[1] for row in connection.execute(wanted)}

        return await self._reader.run(query)


def _called(connection: Connection, row: dict[str, Any]) -> Escalation:
    here = (
        (escalations.c.tenant == row["tenant"])
        & (escalations.c.trace_id == row["trace_id"])
        & (escalations.c.reason == row["reason"])
    )
    there = connection.execute(select(escalations).where(here)).mappings().one_or_none()
    if there is not None:
        return _escalation(there)
    connection.execute(escalations.insert().values(**row))
    return _escalation(connection.execute(select(escalations).where(here)).mappings().one())


def _refused(before: Escalation, status: Status, by: str) -> Taken | None:
    if before.status == "closed" and status != "open":
        return Taken(f"escalation {before.id} is closed; open it again first")
    if before.status == "claimed" and status == "claimed" and before.by != by:
        return Taken(f"escalation {before.id} is claimed by {before.by}")
    return None


def _escalation(row: RowMapping) -> Escalation:
    return Escalation(
        id=row["id"],
        tenant=row["tenant"],
        trace_id=row["trace_id"],
        key_id=row["key_id"],
        reason=row["reason"],
        detail=row["detail"],
        language=row["language"],
        question=row["question"],
        summary=row["summary"],
        model=row["model"],
        episode=row["episode"],
        status=row["status"],
        by=row["by"],
        note=row["note"],
        at=seconds(row["at"]),
        changed=seconds(row["changed"]),
    )
