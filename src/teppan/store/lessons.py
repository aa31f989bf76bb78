"""Lessons of each tenant: rules, the cases they came from, how they were tried, what they did.

Those that are live are held in memory with the texts they are found by, and read again when any has
changed, which is looked up twice a second: so a lesson counts within a second in every process, and
a request of a tenant that has none costs one look into a dictionary.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select

from teppan.core.clock import Clock
from teppan.core.ids import Scope, content_hash, new_id
from teppan.store import lesson_rows as rows
from teppan.store.lesson_rows import CHANGES, Day, Lesson, Live, Source, Status, Sums, Trial
from teppan.store.marks import mark, read_mark
from teppan.store.reader import Reader
from teppan.store.schema import instant, seconds
from teppan.store.tables.lessons import lesson_days, lesson_sources, lesson_trials, lessons
from teppan.store.writer import Writer

POLL_SECONDS = 0.5
ASKED_FOR = 400
"""Ids of one statement."""
Listed = list[Lesson]
Cases = list[Source]
Trials = list[Trial]
Days = list[Day]
Change = Callable[[Lesson], Lesson | None]
"""The lesson as it becomes; `None` leaves it as it is."""


class Lessons:
    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._changes: str | None = None
        self._live: dict[str, tuple[str, tuple[Live, ...]]] | None = None
        self._reading = asyncio.Lock()

    # --- what is live ------------------------------------------------------------------------

    def live(self, scope: Scope) -> tuple[Live, ...]:
        """The lessons that go into prompts of this tenant, from memory alone."""
        return (self._live or {}).get(scope.tenant, ("", ()))[1]

    def version(self, scope: Scope) -> str:
        """Names all of them; empty when there is none."""
        return (self._live or {}).get(scope.tenant, ("", ()))[0]

    async def refresh(self) -> None:
        """Read them again if any has changed. Raises `StoreError`."""
        async with self._reading:
            found = await self._reader.run(self._changed)
            if found is not None:
                self._changes, self._live = found

    def _changed(
        self, connection: Connection
    ) -> tuple[str | None, dict[str, tuple[str, tuple[Live, ...]]]] | None:
        changes = read_mark(connection, CHANGES)
        if changes == self._changes and self._live is not None:
            return None
        wanted = select(lessons.c.tenant, lessons.c.body).where(lessons.c.status == "live")
        told: dict[str, list[Live]] = {}
        for tenant, body in connection.execute(wanted.order_by(lessons.c.tenant, lessons.c.id)):
            lesson = rows.lesson_of(body)
            sources = rows.sources_of(connection, Scope(tenant, ""), lesson.id)
            told.setdefault(tenant, []).append(Live(lesson, rows.texts_of(lesson, sources)))
        return changes, {tenant: (_version(some), tuple(some)) for tenant, some in told.items()}

    # --- lessons and their cases -------------------------------------------------------------

    async def keep(self, scope: Scope, source: Source, lesson: Lesson | None = None) -> bool:
        """Keeps a case, and the lesson that is new by it. False when the case was kept before; then
        nothing is changed. Durable."""

        def work(connection: Connection) -> bool:
            there = (lesson_sources.c.tenant == scope.tenant) & (
                lesson_sources.c.trace_id == source.trace_id
            )
            if connection.scalar(select(lesson_sources.c.trace_id).where(there)) is not None:
                return False
            if lesson is not None and rows.find(connection, scope, lesson.id) is None:
                connection.execute(lessons.insert().values(rows.lesson_row(scope, lesson)))
            connection.execute(lesson_sources.insert().values(rows.source_row(scope, source)))
            mark(connection, CHANGES, new_id("chg"))
            return True

        return await self._writer.run(work)

    async def change(self, scope: Scope, id: str, become: Change) -> Lesson | None:
        """The lesson as it is now; `None` when this tenant has none of that id. Durable; what
        `become` sees is what nobody changes meanwhile."""

        def work(connection: Connection) -> Lesson | None:
            was = rows.find(connection, scope, id, lock=True)
            now = become(was) if was is not None else None
            if was is None or now is None or now == was:
                return was
            rows.write(connection, scope, now)
            if "live" in (was.status, now.status):
                mark(connection, CHANGES, new_id("chg"))
            return now

        changed = await self._writer.run(work)
        await self.refresh()
        return changed

    async def get(self, scope: Scope, id: str) -> Lesson | None:
        return await self._reader.run(lambda connection: rows.find(connection, scope, id))

    async def list(
        self,
        scope: Scope,
        *,
        status: Status | None = None,
        model: str | None = None,
        limit: int = 1000,
    ) -> Listed:
        """Lessons of this tenant, the oldest first."""
        wanted = select(lessons.c.body).where(lessons.c.tenant == scope.tenant)
        if status is not None:
            wanted = wanted.where(lessons.c.status == status)
        if model is not None:
            wanted = wanted.where(lessons.c.model == model)
        wanted = wanted.order_by(lessons.c.created, lessons.c.id).limit(limit)
        return await self._reader.run(
            lambda connection: [rows.lesson_of(body) for body in connection.scalars(wanted)]
        )

    async def sources(self, scope: Scope, id: str) -> Cases:
        """The cases a lesson comes from, the oldest first."""
        return await self._reader.run(lambda connection: rows.sources_of(connection, scope, id))

    async def counts(self, scope: Scope) -> dict[str, int]:
        """How many cases each lesson comes from."""
        table = lesson_sources.c
        wanted = (
            select(table.lesson, func.count())
            .where(table.tenant == scope.tenant, table.lesson != "")
            .group_by(table.lesson)
        )
        return await self._reader.run(
            lambda connection: {row[0]: row[1] for row in connection.execute(wanted)}
        )

    async def looked_at(
        self, scope: Scope, trace_ids: Sequence[str]
    ) -> dict[str, tuple[str, float]]:
        """Those of these traces that were looked at as a case before: as which kind, and when."""
        table = lesson_sources.c
        chunks = [trace_ids[i : i + ASKED_FOR] for i in range(0, len(trace_ids), ASKED_FOR)]

        def query(connection: Connection) -> dict[str, tuple[str, float]]:
            wanted = select(table.trace_id, table.kind, table.at).where(
                table.tenant == scope.tenant
            )
            return {
                row.trace_id: (row.kind, seconds(row.at))
                for some in chunks
                for row in connection.execute(wanted.where(table.trace_id.in_(some)))
            }

        return await self._reader.run(query)

    # --- trials ------------------------------------------------------------------------------

    async def tried(self, scope: Scope, trial: Trial) -> None:
        """Keeps one trial; of the same case there is one. Durable."""
        here = (
            (lesson_trials.c.tenant == scope.tenant)
            & (lesson_trials.c.lesson == trial.lesson)
            & (lesson_trials.c.trace_id == trial.trace_id)
        )
        row = {name: getattr(trial, name) for name in trial.__struct_fields__}
        row |= {"tenant": scope.tenant, "at": instant(trial.at)}

        def work(connection: Connection) -> None:
            connection.execute(delete(lesson_trials).where(here))
            connection.execute(lesson_trials.insert().values(row))

        await self._writer.run(work)

    async def trials(self, scope: Scope, id: str) -> Trials:
        """All trials of a lesson, the oldest first."""
        table = lesson_trials.c
        wanted = select(lesson_trials).where(table.tenant == scope.tenant, table.lesson == id)

        def query(connection: Connection) -> Trials:
            found = connection.execute(wanted.order_by(table.at, table.trace_id)).mappings()
            return [
                Trial(
                    **{name: row[name] for name in Trial.__struct_fields__ if name != "at"},
                    at=row["at"] / 1_000_000,
                )
                for row in found
            ]

        return await self._reader.run(query)

    # --- days --------------------------------------------------------------------------------

    async def put_days(self, scope: Scope, days: Sequence[Day]) -> None:
        """These days become so, whatever they were. Durable."""

        def work(connection: Connection) -> None:
            for each in days:
                row = _day_row(scope, each)
                connection.execute(delete(lesson_days).where(_day_of(row)))
                connection.execute(lesson_days.insert().values(row))

        if days:
            await self._writer.run(work)

    async def days(self, scope: Scope, *, lesson: str | None = None, since: int = 0) -> Days:
        """Days from the first one named on, of one lesson or of everything."""
        table = lesson_days.c
        wanted = select(lesson_days).where(table.tenant == scope.tenant, table.day >= since)
        if lesson is not None:
            wanted = wanted.where(table.lesson == lesson)
        ordered = wanted.order_by(table.model, table.lesson, table.day)
        return await self._reader.run(
            lambda connection: [_day(row) for row in connection.execute(ordered).mappings()]
        )


def _version(some: Sequence[Live]) -> str:
    words = "\0".join(f"{each.lesson.id}\0{each.lesson.rule}" for each in some)
    return content_hash(words.encode())[:12]


def _day_row(scope: Scope, each: Day) -> dict[str, object]:
    return {
        "tenant": scope.tenant,
        "model": each.model,
        "lesson": each.lesson,
        "day": each.day,
        "given": each.given.n,
        "given_sum": each.given.sum,
        "given_squares": each.given.squares,
        "withheld": each.withheld.n,
        "withheld_sum": each.withheld.sum,
        "withheld_squares": each.withheld.squares,
        "live": each.live,
    }


def _day_of(row: dict[str, object]) -> ColumnElement[bool]:
    table = lesson_days.c
    return (
        (table.tenant == row["tenant"])
        & (table.model == row["model"])
        & (table.lesson == row["lesson"])
        & (table.day == row["day"])
    )


def _day(row: Any) -> Day:
    return Day(
        model=row["model"],
        day=row["day"],
        lesson=row["lesson"],
        given=Sums(row["given"], row["given_sum"], row["given_squares"]),
        withheld=Sums(row["withheld"], row["withheld_sum"], row["withheld_squares"]),
        live=row["live"],
    )
