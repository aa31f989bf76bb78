"""How good answers are in each language: what people said of them, and what the rules did."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, case, func, select

from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.store.feedback import RATING
from teppan.store.reader import Reader
from teppan.store.schema import feedback, instant, traces
from teppan.store.tables.escalations import escalations


class LanguageRow(Struct, frozen=True):
    """The requests of one language; empty where none was told.

    `answered` were answered whole. Of them `regenerated` were written again and `replaced` given up
    because of a rule, `escalated` called a person. `rating` is the mean of the `rated` ones in
    [0, 1]. `cost` sums what is known; of `unknown` requests it is not.
    """

    language: str
    requests: int
    answered: int
    regenerated: int
    replaced: int
    escalated: int
    rated: int
    rating: float | None
    cost: Micros
    unknown: int


class Languages:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def summary(
        self,
        scope: Scope,
        *,
        since: float = 0.0,
        until: float | None = None,
        tenant: str | None = None,
    ) -> list[LanguageRow]:
        """Each language of the requests begun in `[since, until)`, the most frequent first.

        Of the scope's own tenant; an admin sees all of them, or the one named by `tenant`.
        """
        whose = tenant if scope.role == "admin" else scope.tenant
        where = [traces.c.started >= instant(since)]
        if until is not None:
            where.append(traces.c.started < instant(until))
        if whose is not None:
            where.append(traces.c.tenant == whose)

        def query(connection: Connection) -> list[LanguageRow]:
            rated, escalated = _rated(connection, where), _escalated(connection, where)
            rows = [
                _row(counted, rated.get(counted[0], []), escalated.get(counted[0], 0))
                for counted in connection.execute(_counted(where))
            ]
            return sorted(rows, key=lambda row: (-row.requests, row.language))

        return await self._reader.run(query)


def _counted(where: list[ColumnElement[bool]]) -> Any:
    def among(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    return (
        select(
            traces.c.language,
            func.count(),
            among(traces.c.status == "ok"),
            among(traces.c.guarded == "regenerated"),
            among(traces.c.guarded == "replaced"),
            func.coalesce(func.sum(traces.c.cost), 0),
            among(traces.c.cost.is_(None)),
        )
        .where(*where)
        .group_by(traces.c.language)
    )


def _row(counted: Any, ratings: list[float], escalated: int) -> LanguageRow:
    language, *counts = counted
    requests, answered, regenerated, replaced, cost, unknown = map(int, counts)
    return LanguageRow(
        language=language,
        requests=requests,
        answered=answered,
        regenerated=regenerated,
        replaced=replaced,
        escalated=escalated,
        rated=len(ratings),
        rating=sum(ratings) / len(ratings) if ratings else None,
        cost=cost,
        unknown=unknown,
    )


def _rated(connection: Connection, where: list[ColumnElement[bool]]) -> dict[str, list[float]]:
    """By language, what each source said last of each answer: one value for each answer."""
    said = (
        select(traces.c.language, traces.c.tenant, traces.c.id, feedback.c.source, feedback.c.value)
        .join(
            feedback,
            (feedback.c.tenant == traces.c.tenant) & (feedback.c.trace_id == traces.c.id),
        )
        .where(*where, feedback.c.metric == RATING, feedback.c.withdrawn.is_(None))
        .order_by(feedback.c.at, feedback.c.id)
    )
    last = {tuple(row)[:4]: row.value for row in connection.execute(said)}
    answers: dict[tuple[str, ...], list[float]] = {}
    for (language, tenant, trace, _), value in last.items():
        answers.setdefault((language, tenant, trace), []).append(value)
    found: dict[str, list[float]] = {}
    for (language, *_), values in answers.items():
        found.setdefault(language, []).append(sum(values) / len(values))
    return found


def _escalated(connection: Connection, where: list[ColumnElement[bool]]) -> dict[str, int]:
    """By language, the answers for which a person was called."""
    called = (
        select(traces.c.language, func.count(func.distinct(traces.c.id)))
        .join(
            escalations,
            (escalations.c.tenant == traces.c.tenant) & (escalations.c.trace_id == traces.c.id),
        )
        .where(*where)
        .group_by(traces.c.language)
    )
    return {row[0]: int(row[1]) for row in connection.execute(called)}
