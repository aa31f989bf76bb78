"""What people and the business said of many answers at once, and of which something new was said.

A rating counts once for each source: what it said of the answer itself, else of its conversation.
An outcome of a conversation is one of all its answers; a bad one that names an answer is that
answer's alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, RowMapping, Table, or_, select

from teppan.core.ids import Scope
from teppan.store.feedback import RATING
from teppan.store.outcomes import direction_of
from teppan.store.reader import Reader
from teppan.store.schema import feedback, instant, seconds, traces
from teppan.store.tables.corrections import corrections
from teppan.store.tables.outcomes import outcomes
from teppan.store.tables.review import review_items, review_steps
from teppan.store.versions import counts

T = TypeVar("T")

CHUNK = 400
"""Ids of one statement."""
DECIDED = ("approved", "edited", "rejected")
_ABOUT = select(traces.c.id, traces.c.episode, traces.c.started)


class About(Struct, frozen=True):
    """An answer, the conversation it belongs to, and when it was asked for (since 1970)."""

    trace_id: str
    episode: str = ""
    started: float = 0.0


class Word(Struct, frozen=True):
    """What is known of one answer: ratings in [0, 1], one for each source; the latest value of each
    outcome's metric; the better text that counts, if somebody wrote one; whether a reviewer has
    decided."""

    ratings: tuple[float, ...] = ()
    outcomes: Mapping[str, float] = {}
    corrected: str | None = None
    decided: bool = False


class SpokenOf:
    """Reads only; `feedback`, `outcomes` and `corrections` are written by their own modules."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def of(self, scope: Scope, answers: Sequence[About]) -> dict[str, Word]:
        """What counts now, by trace; every one of `answers` is there."""

        def query(connection: Connection) -> dict[str, Word]:
            told: dict[str, Word] = {}
            for some in _chunks(answers):
                told |= _words(connection, scope, some)
            return told

        return await self._reader.run(query)

    async def since(self, scope: Scope, at: float) -> list[About]:
        """The answers of this tenant that are still kept and of which something was said, changed,
        taken back or decided since an instant; oldest first."""

        def query(connection: Connection) -> list[About]:
            episodes: set[str] = set()
            decided = (review_steps.c.tenant == scope.tenant) & (review_steps.c.at >= instant(at))
            ids = set(connection.scalars(select(review_steps.c.trace_id).where(decided)))
            for table in (feedback, outcomes, corrections):
                where = (table.c.tenant == scope.tenant) & or_(
                    table.c.at >= instant(at), table.c.withdrawn >= instant(at)
                )
                ids |= set(connection.scalars(select(table.c.trace_id).where(where)))
                if "episode" in table.c:
                    episodes |= set(connection.scalars(select(table.c.episode).where(where)))
            found: dict[str, About] = {}
            for column, names in ((traces.c.id, ids), (traces.c.episode, episodes)):
                for some in _chunks(sorted(names - {""})):
                    where = (traces.c.tenant == scope.tenant) & column.in_(some)
                    rows = connection.execute(_ABOUT.where(where))
                    found |= {
                        row.id: About(row.id, row.episode or "", seconds(row.started))
                        for row in rows
                    }
            return sorted(found.values(), key=lambda each: (each.started, each.trace_id))

        return await self._reader.run(query)


def _words(connection: Connection, scope: Scope, answers: Sequence[About]) -> dict[str, Word]:
    ratings = _by_answer(connection, scope, feedback, answers, feedback.c.metric == RATING)
    came = _by_answer(connection, scope, outcomes, answers)
    better: dict[str, str] = {}
    ids = [each.trace_id for each in answers]
    for row in _rows(connection, scope, corrections, corrections.c.trace_id.in_(ids)):
        better[row["trace_id"]] = row["text"]  # the latest comes last
    chosen = (review_items.c.tenant == scope.tenant) & review_items.c.trace_id.in_(ids)
    decided = set(
        connection.scalars(
            select(review_items.c.trace_id).where(chosen, review_items.c.status.in_(DECIDED))
        )
    )
    return {
        each.trace_id: Word(
            _ratings(ratings[each.trace_id]),
            {
                row["metric"]: row["value"]
                for row in came[each.trace_id]
                if row["trace_id"] in ("", each.trace_id) or direction_of(row["metric"]) != "bad"
            },
            better.get(each.trace_id),
            each.trace_id in decided,
        )
        for each in answers
    }


def _ratings(said: Sequence[RowMapping]) -> tuple[float, ...]:
    """One of each source, oldest first; what is said of the answer goes before what is said of the
    conversation."""
    own = {row["source"]: row["value"] for row in said if row["trace_id"]}
    of_all = {row["source"]: row["value"] for row in said if not row["trace_id"]}
    return tuple({**of_all, **own}.values())


def _by_answer(
    connection: Connection,
    scope: Scope,
    table: Table,
    answers: Sequence[About],
    *where: ColumnElement[bool],
) -> dict[str, list[RowMapping]]:
    """The rows that count for each answer, of itself and of its conversation, oldest first."""
    in_episode: dict[str, list[str]] = defaultdict(list)
    for each in answers:
        if each.episode:
            in_episode[each.episode].append(each.trace_id)
    ids = [each.trace_id for each in answers]
    about = [table.c.trace_id.in_(ids)]
    if in_episode:
        about.append(table.c.episode.in_(list(in_episode)))
    found: dict[str, list[RowMapping]] = {id: [] for id in ids}
    for row in _rows(connection, scope, table, or_(*about), *where):
        reached = dict.fromkeys([row["trace_id"], *in_episode.get(row["episode"], ())])
        for id in reached:
            if id in found:
                found[id].append(row)
    return found


def _rows(
    connection: Connection, scope: Scope, table: Table, *where: ColumnElement[bool]
) -> Iterable[RowMapping]:
    wanted = select(table).where(table.c.tenant == scope.tenant, counts(table), *where)
    return connection.execute(wanted.order_by(table.c.at, table.c.id)).mappings().all()


def _chunks(some: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(some), CHUNK):
        yield some[start : start + CHUNK]
