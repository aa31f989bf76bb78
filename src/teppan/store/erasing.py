"""Erasing a person: what the database keeps of them, found by their traces and taken out.

A row belongs to a person when it names one of their traces, one of their conversations, or
themselves. Every table is either reached or named in `KEPT` with the reason; a test holds that.
Nothing is undone halfway: traces, by which the rest is found, go last, so a run that was cut is
simply run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType
from typing import TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Table, delete, func, or_, select, update

from teppan.core.ids import Scope
from teppan.core.trace import Trace
from teppan.store.commit import Work
from teppan.store.dataset_erasing import take
from teppan.store.lesson_rows import unsourced
from teppan.store.reader import Reader
from teppan.store.schema import cache_entries, idempotency, ledger, seconds, traces
from teppan.store.tables.datasets import dataset_rows
from teppan.store.tables.escalations import escalation_steps, escalations
from teppan.store.tables.lessons import lesson_sources, lesson_trials
from teppan.store.tables.metadata import metadata
from teppan.store.writer import Writer

T = TypeVar("T")

CHUNK = 400
"""Ids of one statement."""
BATCH = 200
_OWN = ("user", "user_id")
"""Columns that name the person."""
SOURCES = ("user", "claimed")
"""How a statement names whose it is (`feedback.source_of`)."""

KEPT = MappingProxyType(
    {
        "ledger": "money is kept; the name of the conversation is taken out",
        "idempotency": "answers that can be replayed go with their traces",
        "escalation_steps": "they go with their escalations",
        "summaries": "those made since go, whoever they tell of; they are made again",
        "translations": "those made since go, whoever they tell of; they are made again",
        "cache_checks": "figures, without words",
        "cache_days": "counts, without words",
        "shadows": "figures, without words",
        "bandit": "figures, without words",
        "bandit_steps": "figures, without words",
        "trust": "figures, without words",
        "trust_history": "figures, without words",
        "spending": "money",
        "holds": "money",
        "alerts": "money",
        "keys": "of the business",
        "marks": "of the business",
        "knowledge": "documents of the business",
        "knowledge_past": "documents of the business",
        "knowledge_pieces": "documents of the business",
        "knowledge_vectors": "documents of the business",
        "lessons": "they go, or are written anew, with their sources",
        "lesson_days": "figures, without words",
        "fits": "figures, without words",
        "jobs": "figures and errors, without words",
        "job_workers": "of the business",
        "datasets": "cards of figures; told to have changed when rows go",
        "dataset_students": "which student was trained on what, without words",
        "distil_runs": "of the business",
    }
)
"""Tables from which rows are not taken by whose they are, and why."""


class Person(Struct, frozen=True):
    """What is known of somebody: their traces and conversations in one tenant, and since when
    (seconds since 1970; `None` when there is nothing)."""

    user: str
    traces: tuple[str, ...] = ()
    episodes: tuple[str, ...] = ()
    since: float | None = None


class Erased(Struct, frozen=True):
    """How many things were taken out of a place, and what somebody should know of it."""

    count: int
    notes: tuple[str, ...] = ()


class Erasing:
    """The rows of one person. With `dry` everything counts and nothing is changed."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def find(self, scope: Scope, user: str) -> Person:
        """Their traces, and all those of the conversations they took part in: every request of a
        conversation repeats what was said before."""
        own = (traces.c.tenant == scope.tenant) & (traces.c.user_id == user)

        def query(connection: Connection) -> Person:
            chosen = select(traces.c.id, traces.c.episode, traces.c.started)
            found = list(connection.execute(chosen.where(own)))
            episodes = sorted({row.episode for row in found if row.episode})
            for some in _chunks(episodes):
                same = (traces.c.tenant == scope.tenant) & traces.c.episode.in_(some)
                found += connection.execute(chosen.where(same))
            since = min((row.started for row in found), default=None)
            return Person(
                user,
                tuple(dict.fromkeys(row.id for row in found)),
                tuple(episodes),
                None if since is None else seconds(since),
            )

        return await self._reader.run(query)

    async def entries(self, scope: Scope, person: Person) -> list[str]:
        """The remembered answers that were first given to this person."""

        def query(connection: Connection) -> list[str]:
            return [
                id
                for some in _chunks(person.traces)
                for id in connection.scalars(
                    select(cache_entries.c.id).where(
                        cache_entries.c.tenant == scope.tenant, cache_entries.c.trace_id.in_(some)
                    )
                )
            ]

        return await self._reader.run(query)

    async def rows(self, table: Table, scope: Scope, person: Person, dry: bool) -> int:
        """Takes out what this table keeps of the person; the traces themselves too."""

        mine, theirs = table.c.tenant == scope.tenant, list(_whose(table, person))

        def work(connection: Connection) -> int:
            if dry:  # a row that is theirs for two reasons is one row
                return _count(connection, table, mine & or_(*theirs)) if theirs else 0
            return sum(_take(connection, table, mine & whose, dry) for whose in theirs)

        return await self._run(work, dry)

    async def steps(self, scope: Scope, person: Person, dry: bool) -> int:
        """What people noted on this person's escalations."""

        def work(connection: Connection) -> int:
            total = 0
            for whose in _whose(escalations, person):
                theirs = select(escalations.c.id).where(escalations.c.tenant == scope.tenant, whose)
                here = (escalation_steps.c.tenant == scope.tenant) & (
                    escalation_steps.c.escalation.in_(theirs)
                )
                total += _take(connection, escalation_steps, here, dry)
            return total

        return await self._run(work, dry)

    async def remade(self, table: Table, scope: Scope, person: Person, dry: bool) -> int:
        """Summaries and translations name nobody: all that were made since the person came go."""
        if person.since is None:
            return 0
        here = (table.c.tenant == scope.tenant) & (table.c.at >= round(person.since * 1_000_000))
        return await self._run(lambda connection: _take(connection, table, here, dry), dry)

    async def replays(self, scope: Scope, person: Person, dry: bool) -> int:
        """Answers that are kept to be given again under their idempotency key."""
        known = frozenset(person.traces)

        def work(connection: Connection) -> int:
            kept = select(idempotency.c.key, idempotency.c.headers).where(
                idempotency.c.tenant == scope.tenant, idempotency.c.headers.is_not(None)
            )
            keys = [key for key, headers in connection.execute(kept) if _names(headers, known)]
            return sum(
                _take(
                    connection,
                    idempotency,
                    (idempotency.c.tenant == scope.tenant) & idempotency.c.key.in_(some),
                    dry,
                )
                for some in _chunks(keys)
            )

        return await self._run(work, dry)

    async def lessons(self, scope: Scope, person: Person, dry: bool) -> int:
        """Lessons made of their cases alone go, others are told without them."""
        cases = or_(*_whose(lesson_sources, person))
        tried = or_(*_whose(lesson_trials, person))

        def work(connection: Connection) -> int:
            return unsourced(connection, scope, cases, tried, dry=dry)

        return await self._run(work, dry)

    async def datasets(self, scope: Scope, person: Person, dry: bool) -> Erased:
        """Their rows in training sets, which are others without them, and who learned from them."""
        whose = list(_whose(dataset_rows, person))
        lost = await self._run(lambda connection: take(connection, scope, whose, dry=dry), dry)
        return Erased(lost.count, lost.notes)

    async def money(self, scope: Scope, person: Person, dry: bool) -> int:
        """The ledger keeps its rows and forgets which conversation they belong to."""

        def work(connection: Connection) -> int:
            total = 0
            for some in _chunks(person.traces):
                here = (
                    (ledger.c.tenant == scope.tenant)
                    & ledger.c.trace_id.in_(some)
                    & ledger.c.episode.is_not(None)
                )
                total += _count(connection, ledger, here)
                if not dry:
                    connection.execute(update(ledger).where(here).values(episode=None))
            return total

        return await self._run(work, dry)

    async def echoes(self, scope: Scope, person: Person, dry: bool) -> int:
        """Others' traces whose answer was this person's: the answer and its question are taken out
        of them."""
        known, total, after = frozenset(person.traces), 0, ""

        def batch(connection: Connection) -> tuple[int, str]:
            given = (
                select(traces.c.id, traces.c.body)
                .where(
                    traces.c.tenant == scope.tenant,
                    traces.c.cache.in_(("exact", "semantic")),
                    traces.c.id > after,
                )
                .order_by(traces.c.id)
                .limit(BATCH)
            )
            found, last = 0, ""
            for id, body in connection.execute(given).all():
                last = id
                changed = None if id in known else _without(body, known)
                if changed is not None:
                    found += 1
                    if not dry:
                        here = (traces.c.tenant == scope.tenant) & (traces.c.id == id)
                        connection.execute(update(traces).where(here).values(body=changed))
            return found, last

        while known:
            found, after = await self._run(batch, dry)
            total += found
            if not after:
                return total
        return total

    async def _run(self, work: Work[T], dry: bool) -> T:
        return await (self._reader.run(work) if dry else self._writer.run(work))


def reached() -> list[Table]:
    """The tables whose rows name a trace, a conversation or a person; traces are the last."""
    found = [
        table
        for name, table in sorted(metadata.tables.items())
        if name not in KEPT and table is not traces and _columns(table)
    ]
    return [*found, traces]


def _columns(table: Table) -> list[str]:
    return [name for name in ("trace_id", "episode", *_OWN) if name in table.c]


def _whose(table: Table, person: Person) -> Iterator[ColumnElement[bool]]:
    """Conditions under which a row is the person's, a statement's worth of ids at a time.

    Of traces those that were found and no others: what hangs on a later one is not taken out yet.
    """
    if table is traces:
        for some in _chunks(person.traces):
            yield traces.c.id.in_(some)
        return
    for column, ids in (("trace_id", person.traces), ("episode", person.episodes)):
        if column in table.c:
            for some in _chunks(ids):
                yield table.c[column].in_(some)
    own = [table.c[name] == person.user for name in _OWN if name in table.c]
    if "source" in table.c:
        own.append(table.c.source.in_([f"{each}:{person.user}" for each in SOURCES]))
    if own:
        yield or_(*own)


def _take(connection: Connection, table: Table, here: ColumnElement[bool], dry: bool) -> int:
    count = _count(connection, table, here)
    if count and not dry:
        connection.execute(delete(table).where(here))
    return count


def _count(connection: Connection, table: Table, here: ColumnElement[bool]) -> int:
    return int(connection.scalar(select(func.count()).select_from(table).where(here)) or 0)


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _names(headers: str, known: Iterable[str]) -> bool:
    return any(trace in headers for trace in known)


def _without(body: bytes, known: frozenset[str]) -> bytes | None:
    """The trace without the words of a remembered answer; `None` when it was somebody else's."""
    try:
        trace = msgspec.json.decode(body, type=Trace)
    except msgspec.DecodeError:
        return None
    remembered = trace.remembered
    if remembered is None or remembered.source not in known:
        return None
    if remembered.question is None and trace.answer is None:
        return None
    bare = msgspec.structs.replace(remembered, question=None)
    return msgspec.json.encode(
        msgspec.structs.replace(trace, remembered=bare, answer=None, replies=())
    )
