"""What came of answers and conversations: bookings, escalations, any named metric.

Durable before it is acknowledged, each once, editable; the history is kept. An outcome is named by
what the client calls it (`ref`), else there is one of each metric for each answer or conversation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, Select, or_, select

from teppan.core.clock import Clock
from teppan.core.ids import Scope, new_id
from teppan.core.money import Micros
from teppan.store.reader import Reader
from teppan.store.schema import instant, seconds
from teppan.store.tables.outcomes import outcomes
from teppan.store.versions import Values, counts, state, subject_of, withdraw
from teppan.store.writer import Writer

Direction = Literal["good", "bad", "unknown"]

METRICS: Mapping[str, Direction] = {
    "booking": "good",
    "resolved": "good",
    "escalated": "bad",
    "abandoned": "bad",
}
"""The metrics that mean the same everywhere, and whether more of them is better."""
TOOL = "tool:"
"""Before the name of a tool whose action was agreed to and done; only the gateway writes these."""
SAID = ("trace_id", "episode", "metric", "value", "amount", "currency", "happened")


def direction_of(metric: str) -> Direction:
    """Whether more of a metric is better; that of an action of a tool is good."""
    return METRICS.get(metric, "good" if metric.startswith(TOOL) else "unknown")


class Outcome(Struct, frozen=True, kw_only=True):
    """One thing that came of an answer (`trace_id`) or a conversation (`episode`).

    `amount` is money in micro units of `currency` (ISO 4217). `happened` is when, as the client
    says, `at` when it was told, both in seconds since 1970. `ref` is the client's own name of it.
    """

    metric: str
    value: float = 1.0
    trace_id: str = ""
    episode: str = ""
    ref: str = ""
    amount: Micros | None = None
    currency: str = ""
    happened: float | None = None
    id: str = ""
    key_id: str = ""
    at: float = 0.0
    version: int = 1
    withdrawn: bool = False


class Outcomes:
    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def record(self, scope: Scope, *told: Outcome) -> list[Outcome]:
        """Durable when it returns, all or none. Told again unchanged, it is the outcome there
        already is; told otherwise, its next version. `id`, `key_id`, `at` and `version` are given
        here."""
        at = instant(self._clock.now())
        rows = [_row(scope, each, at) for each in told]

        def work(connection: Connection) -> list[Outcome]:
            return [_outcome(state(connection, outcomes, row, SAID)) for row in rows]

        return await self._writer.run(work)

    async def withdraw(self, scope: Scope, id: str, key_id: str | None = None) -> Outcome | None:
        """It did not come so: takes back the outcome of which `id` names a version. `key_id` limits
        whose it may be; `None` when there is no such outcome. Durable when it returns."""
        at = instant(self._clock.now())
        where = (outcomes.c.tenant == scope.tenant) & (outcomes.c.id == id)
        if key_id is not None:
            where &= outcomes.c.key_id == key_id

        def work(connection: Connection) -> Outcome | None:
            row = withdraw(connection, outcomes, where, at)
            return None if row is None else _outcome(row)

        return await self._writer.run(work)

    async def of(self, scope: Scope, trace_id: str, episode: str = "") -> list[Outcome]:
        """What came of an answer, and of the conversation it belongs to; oldest first."""
        about = []
        if trace_id:
            about.append(outcomes.c.trace_id == trace_id)
        if episode:
            about.append(outcomes.c.episode == episode)
        if not about:
            return []
        wanted = select(outcomes).where(
            outcomes.c.tenant == scope.tenant, or_(*about), counts(outcomes)
        )
        return await self._read(wanted.order_by(outcomes.c.at, outcomes.c.id))

    async def counting(
        self,
        scope: Scope,
        metric: str | None = None,
        *,
        since: float = 0.0,
        everyone: bool = False,
    ) -> list[Outcome]:
        """What counts now, told since an instant, oldest first: of this tenant, or of all."""
        wanted = select(outcomes).where(outcomes.c.at >= instant(since), counts(outcomes))
        if metric is not None:
            wanted = wanted.where(outcomes.c.metric == metric)
        if not everyone:
            wanted = wanted.where(outcomes.c.tenant == scope.tenant)
        return await self._read(wanted.order_by(outcomes.c.at, outcomes.c.id))

    async def versions(self, scope: Scope, id: str) -> list[Outcome]:
        """Every version of the outcome of which `id` names one, oldest first."""
        subject = select(outcomes.c.subject).where(
            outcomes.c.tenant == scope.tenant, outcomes.c.id == id
        )
        wanted = select(outcomes).where(outcomes.c.subject.in_(subject))
        return await self._read(wanted.order_by(outcomes.c.version))

    async def _read(self, wanted: Select[tuple[object, ...]]) -> list[Outcome]:
        def query(connection: Connection) -> list[Outcome]:
            return [_outcome(row) for row in connection.execute(wanted).mappings()]

        return await self._reader.run(query)


def by_metric(found: Sequence[Outcome]) -> dict[str, float]:
    """The value of each metric: that of the latest outcome of it, as a score wants them."""
    return {each.metric: each.value for each in found}


def _row(scope: Scope, told: Outcome, at: int) -> Values:
    about = ("trace", told.trace_id) if told.trace_id else ("episode", told.episode)
    named = ("ref", told.ref) if told.ref else (*about, told.metric)
    return {
        "id": new_id("out"),
        "tenant": scope.tenant,
        "subject": subject_of(scope.tenant, *named),
        "trace_id": told.trace_id,
        "episode": told.episode,
        "key_id": scope.key_id,
        "metric": told.metric,
        "ref": told.ref,
        "value": told.value,
        "amount": told.amount,
        "currency": told.currency,
        "happened": None if told.happened is None else instant(told.happened),
        "at": at,
    }


def _outcome(row: RowMapping | Values) -> Outcome:
    happened = row["happened"]
    return Outcome(
        id=row["id"],
        trace_id=row["trace_id"],
        episode=row["episode"],
        key_id=row["key_id"],
        metric=row["metric"],
        ref=row["ref"],
        value=row["value"],
        amount=row["amount"],
        currency=row["currency"],
        happened=None if happened is None else seconds(happened),
        at=seconds(row["at"]),
        version=row["version"],
        withdrawn=row["withdrawn"] is not None,
    )
