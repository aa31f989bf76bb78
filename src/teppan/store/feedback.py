"""What people said of answers: durable before it is acknowledged, each statement once.

The same person may change their mind: the history is kept and the latest statement counts.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, Select, select

from teppan.core.clock import Clock
from teppan.core.ids import Scope, new_id
from teppan.store.reader import Reader
from teppan.store.schema import feedback, instant, seconds
from teppan.store.writer import Writer

RATING, WRONG_HIT = "rating", "wrong_hit"


class Statement(Struct, frozen=True):
    """One thing a person said of one answer. `value` is in [0, 1], `at` in seconds since 1970."""

    id: str
    trace_id: str
    key_id: str
    metric: str
    value: float
    comment: str
    at: float


class Feedback:
    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def record(
        self, scope: Scope, trace_id: str, metric: str, value: float, comment: str = ""
    ) -> Statement:
        """Durable when it returns. Said again unchanged, it is the statement there already is."""
        new, at = new_id("fb"), self._clock.now()
        said = (
            _statements(scope, trace_id)
            .where(feedback.c.key_id == scope.key_id, feedback.c.metric == metric)
            .order_by(feedback.c.at.desc(), feedback.c.id.desc())
            .limit(1)
        )

        def work(connection: Connection) -> Statement:
            row = connection.execute(said).mappings().one_or_none()
            if row is not None and (row["value"], row["comment"]) == (value, comment):
                return _statement(row)
            statement = Statement(new, trace_id, scope.key_id, metric, value, comment, at)
            connection.execute(
                feedback.insert().values(
                    id=new,
                    tenant=scope.tenant,
                    trace_id=trace_id,
                    key_id=scope.key_id,
                    metric=metric,
                    value=value,
                    comment=comment,
                    at=instant(at),
                )
            )
            return statement

        return await self._writer.run(work)

    async def of(self, scope: Scope, trace_id: str) -> list[Statement]:
        """Everything said of one answer of this tenant, oldest first."""
        wanted = _statements(scope, trace_id).order_by(feedback.c.at, feedback.c.id)
        return await self._read(wanted)

    async def latest(self, scope: Scope, metric: str, *, since: float = 0.0) -> dict[str, float]:
        """By trace: the mean of what each person said last about this tenant's answers."""
        wanted = (
            select(feedback)
            .where(
                feedback.c.tenant == scope.tenant,
                feedback.c.metric == metric,
                feedback.c.at >= instant(since),
            )
            .order_by(feedback.c.at, feedback.c.id)
        )
        last = {(each.trace_id, each.key_id): each.value for each in await self._read(wanted)}
        values: dict[str, list[float]] = {}
        for (trace_id, _), value in last.items():
            values.setdefault(trace_id, []).append(value)
        return {trace_id: sum(some) / len(some) for trace_id, some in values.items()}

    async def _read(self, wanted: Select[tuple[object, ...]]) -> list[Statement]:
        def query(connection: Connection) -> list[Statement]:
            return [_statement(row) for row in connection.execute(wanted).mappings()]

        return await self._reader.run(query)


def _statements(scope: Scope, trace_id: str) -> Select[tuple[object, ...]]:
    return select(feedback).where(
        feedback.c.tenant == scope.tenant, feedback.c.trace_id == trace_id
    )


def _statement(row: RowMapping) -> Statement:
    return Statement(
        row["id"],
        row["trace_id"],
        row["key_id"],
        row["metric"],
        row["value"],
        row["comment"],
        seconds(row["at"]),
    )
