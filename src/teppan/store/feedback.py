"""What people said of answers and conversations: durable before it is acknowledged, each once.

A statement is of one answer (`trace_id`) or of one conversation (`episode`), by one source: the end
user whom the client names, or the key itself. Who changes their mind says the next version; the
history is kept and the latest statement of a source counts.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, Select, func, select

from teppan.core.clock import Clock
from teppan.core.ids import Scope, new_id
from teppan.store.reader import Reader
from teppan.store.schema import feedback, instant, seconds
from teppan.store.targets import Targets
from teppan.store.versions import Values, counts, forget, state, subject_of, withdraw
from teppan.store.writer import Writer

DAY = 86_400.0
RATING, WRONG_HIT, COMMENT = "rating", "wrong_hit", "comment"
SAID = ("value", "raw", "kind", "comment")
"""What makes a statement another one."""


class Statement(Struct, frozen=True):
    """One thing a source said. `value` is in [0, 1], `raw` what was given when that is another
    scale (1 to 5 stars), `at` in seconds since 1970.

    `kind` is thumbs, stars, rating, comment or wrong_hit. `claimed` means that nobody vouches for
    the name of the source: a browser gave it. `model` is who answered, as far as it is known.
    """

    id: str
    trace_id: str
    key_id: str
    metric: str
    value: float
    comment: str
    at: float
    episode: str = ""
    source: str = ""
    kind: str = RATING
    raw: float | None = None
    model: str = ""
    claimed: bool = False
    version: int = 1
    withdrawn: bool = False
    tenant: str = ""


class Opinion(Struct, frozen=True, kw_only=True):
    """What is to be kept: of a trace, or of an episode. `source` empty is the key itself."""

    trace_id: str = ""
    episode: str = ""
    metric: str = RATING
    value: float = 0.0
    kind: str = RATING
    raw: float | None = None
    comment: str = ""
    source: str = ""
    model: str = ""
    claimed: bool = False


def source_of(scope: Scope, user: str = "") -> str:
    """Whose word it is: the user whom the client names, else the key. Who names themselves with a
    browser's key is never taken for the user of that name whom the business vouches for."""
    if not user:
        return f"key:{scope.key_id}"
    return f"claimed:{user}" if scope.role == "feedback" else f"user:{user}"


class Feedback:
    """`targets` tell which answer or conversation is spoken of."""

    def __init__(self, writer: Writer, reader: Reader, clock: Clock, targets: Targets) -> None:
        self.targets = targets
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def record(
        self, scope: Scope, trace_id: str, metric: str, value: float, comment: str = ""
    ) -> Statement:
        """What a key itself says of one answer; see `say`."""
        return await self.say(
            scope,
            Opinion(trace_id=trace_id, metric=metric, kind=metric, value=value, comment=comment),
        )

    async def say(self, scope: Scope, opinion: Opinion) -> Statement:
        """Durable when it returns. Said again unchanged, it is the statement there already is."""
        source = opinion.source or source_of(scope)
        about = ("episode", opinion.episode) if opinion.episode else ("trace", opinion.trace_id)
        row = {
            "id": new_id("fb"),
            "tenant": scope.tenant,
            "subject": subject_of(scope.tenant, *about, source, opinion.metric),
            "trace_id": "" if opinion.episode else opinion.trace_id,
            "episode": opinion.episode,
            "key_id": scope.key_id,
            "source": source,
            "claimed": opinion.claimed,
            "model": opinion.model,
            "metric": opinion.metric,
            "kind": opinion.kind,
            "raw": opinion.raw,
            "value": opinion.value,
            "comment": opinion.comment,
            "at": instant(self._clock.now()),
        }

        def work(connection: Connection) -> Statement:
            return _statement(state(connection, feedback, row, SAID))

        return await self._writer.run(work)

    async def withdraw(self, scope: Scope, id: str, key_id: str | None = None) -> Statement | None:
        """Takes a statement of this tenant back, whichever version of it `id` names: its source has
        said nothing then, and may speak again. `key_id` limits whose it may be; `None` when there
        is no such statement. Durable when it returns.
        """
        at = instant(self._clock.now())
        where = (feedback.c.tenant == scope.tenant) & (feedback.c.id == id)
        if key_id is not None:
            where &= feedback.c.key_id == key_id

        def work(connection: Connection) -> Statement | None:
            row = withdraw(connection, feedback, where, at)
            return None if row is None else _statement(row)

        return await self._writer.run(work)

    async def forget(self, scope: Scope, source: str) -> int:
        """Deletes every word of a source (`user:ID`) in this tenant; returns how many."""

        def work(connection: Connection) -> int:
            return forget(connection, feedback, scope, source)

        return await self._writer.run(work)

    async def of(self, scope: Scope, trace_id: str = "", *, episode: str = "") -> list[Statement]:
        """Everything said of one answer or conversation of this tenant, oldest first, with what was
        changed or taken back later."""
        about = feedback.c.episode == episode if episode else feedback.c.trace_id == trace_id
        wanted = select(feedback).where(feedback.c.tenant == scope.tenant, about)
        return await self._read(wanted.order_by(feedback.c.at, feedback.c.version))

    async def counting(
        self,
        scope: Scope,
        metric: str = RATING,
        *,
        since: float = 0.0,
        everyone: bool = False,
        trace_ids: Iterable[str] | None = None,
    ) -> list[Statement]:
        """What each source says now, oldest first: of this tenant, or of all for `everyone`."""
        wanted = select(feedback).where(
            feedback.c.metric == metric, feedback.c.at >= instant(since), counts(feedback)
        )
        if not everyone:
            wanted = wanted.where(feedback.c.tenant == scope.tenant)
        if trace_ids is not None:
            wanted = wanted.where(feedback.c.trace_id.in_(list(trace_ids)))
        return await self._read(wanted.order_by(feedback.c.at, feedback.c.id))

    async def latest(self, scope: Scope, metric: str, *, since: float = 0.0) -> dict[str, float]:
        """By trace: the mean of what each source says now about this tenant's answers."""
        values: dict[str, list[float]] = {}
        for each in await self.counting(scope, metric, since=since):
            if each.trace_id:
                values.setdefault(each.trace_id, []).append(each.value)
        return {trace_id: sum(some) / len(some) for trace_id, some in values.items()}

    async def lately(self, scope: Scope, source: str, model: str) -> int:
        """How many answers of a model this source has rated in the last day."""
        wanted = select(func.count(func.distinct(feedback.c.subject))).where(
            feedback.c.tenant == scope.tenant,
            feedback.c.source == source,
            feedback.c.at > instant(self._clock.now() - DAY),
            feedback.c.model == model,
            feedback.c.metric == RATING,
        )

        def query(connection: Connection) -> int:
            return connection.scalar(wanted) or 0

        return await self._reader.run(query)

    async def _read(self, wanted: Select[tuple[object, ...]]) -> list[Statement]:
        def query(connection: Connection) -> list[Statement]:
            return [_statement(row) for row in connection.execute(wanted).mappings()]

        return await self._reader.run(query)


def _statement(row: RowMapping | Values) -> Statement:
    return Statement(
        id=row["id"],
        trace_id=row["trace_id"],
        key_id=row["key_id"],
        metric=row["metric"],
        value=row["value"],
        comment=row["comment"],
        at=seconds(row["at"]),
        episode=row["episode"],
        source=row["source"],
        kind=row["kind"],
        raw=row["raw"],
        model=row["model"],
        claimed=row["claimed"],
        version=row["version"],
        withdrawn=row["withdrawn"] is not None,
        tenant=row["tenant"],
    )
