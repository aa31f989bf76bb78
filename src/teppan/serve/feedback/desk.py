"""What a person says of an answer: kept first, then heeded by whoever can learn from it.

One person cannot teach a router much: a source is heard for a few answers of a model a day
(`estimate/ratings.py`), and where several speak of one answer their mean counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct

from teppan.core.errors import Forbidden, NotFound
from teppan.core.ids import Scope
from teppan.core.trace import Trace
from teppan.estimate.ratings import moves
from teppan.serve.feedback.finding import Targets, find
from teppan.store.feedback import COMMENT, RATING, WRONG_HIT, Opinion, Statement, source_of
from teppan.store.targets import Target

__all__ = ["RATING", "WRONG_HIT", "FeedbackDesk", "Heeded", "Said"]


class Said(Struct, frozen=True):
    """What a client says of an answer, or of a conversation where `episode` is given.

    `rating` is in [0, 1], `kind` and `raw` how it was given (thumbs; 4.0 stars). `user` is the end
    user who says it; empty means the key itself.
    """

    trace_id: str = ""
    rating: float | None = None
    wrong_hit: bool = False
    comment: str = ""
    episode: str = ""
    kind: str = RATING
    raw: float | None = None
    user: str = ""


class Heeded(Struct, frozen=True):
    """The ids of the statements that were kept, and whether a remembered answer was forgotten."""

    ids: tuple[str, ...]
    evicted: bool = False
    version: int = 1


class Records(Protocol):
    @property
    def targets(self) -> Targets: ...

    async def say(self, scope: Scope, opinion: Opinion) -> Statement:
        """Durable when it returns."""

    async def withdraw(
        self, scope: Scope, id: str, key_id: str | None = None
    ) -> Statement | None: ...

    async def lately(self, scope: Scope, source: str, model: str) -> int: ...

    async def counting(
        self, scope: Scope, metric: str = RATING, *, trace_ids: Iterable[str] | None = None
    ) -> Sequence[Statement]: ...


class Traces(Protocol):
    async def get(self, scope: Scope, id: str) -> Trace | None: ...


class Remembering(Protocol):
    async def wrong(self, scope: Scope, trace_id: str) -> bool:
        """Forgets the answer this trace was served from; whether there was one."""


class Learning(Protocol):
    async def rated(self, trace: Trace, quality: float) -> None:
        """Learns from a rating in [0, 1] of a routed answer."""


class FeedbackDesk:
    """Takes feedback. A statement is durable before anything follows from it."""

    def __init__(
        self, records: Records, traces: Traces, remembering: Remembering, learning: Learning
    ) -> None:
        self._records = records
        self._traces = traces
        self._remembering = remembering
        self._learning = learning

    async def take(self, said: Said, scope: Scope) -> Heeded:
        """Raises `NotFound` for what is unknown in this tenant, `Forbidden` for what a browser's
        key may not say, and `StoreError`."""
        if said.wrong_hit and scope.role == "feedback":
            raise Forbidden("a feedback key may not have answers forgotten: `wrong_hit`")
        target = await find(self._records.targets, scope, said.trace_id, said.episode)
        kept: list[Statement] = []
        if said.rating is not None:
            kept.append(await self._say(scope, said, target, RATING, said.rating, said.kind))
            await self._learn(scope, kept[0], said)
        elif said.comment and not said.wrong_hit:
            kept.append(await self._say(scope, said, target, COMMENT, 0.0, COMMENT))
        evicted = False
        if said.wrong_hit:
            kept.append(await self._say(scope, said, target, WRONG_HIT, 1.0, WRONG_HIT))
            evicted = await self._remembering.wrong(scope, said.trace_id)
        return Heeded(tuple(each.id for each in kept), evicted, kept[-1].version)

    async def withdraw(self, id: str, scope: Scope) -> Statement:
        """Takes a statement back; a browser's key only what it said itself. Raises `NotFound`."""
        own = scope.key_id if scope.role == "feedback" else None
        gone = await self._records.withdraw(scope, id, own)
        if gone is None:
            raise NotFound(f"there is no statement `{id[:60]}` here", param="id")
        if gone.metric == RATING and gone.trace_id:
            await self._tell(scope, gone.trace_id)
        return gone

    async def _say(
        self, scope: Scope, said: Said, target: Target, metric: str, value: float, kind: str
    ) -> Statement:
        return await self._records.say(
            scope,
            Opinion(
                trace_id=said.trace_id,
                episode="" if metric == WRONG_HIT else said.episode,
                metric=metric,
                value=value,
                kind=kind,
                raw=said.raw if metric == RATING else None,
                comment=said.comment,
                source=source_of(scope, said.user),
                model=target.model,
                claimed=scope.role == "feedback",
            ),
        )

    async def _learn(self, scope: Scope, said: Statement, wanted: Said) -> None:
        if not said.trace_id:
            return
        vouched = scope.role != "feedback" and not wanted.user
        today = await self._records.lately(scope, said.source, said.model)
        if moves(today, vouched=vouched):
            await self._tell(scope, said.trace_id)

    async def _tell(self, scope: Scope, trace_id: str) -> None:
        """What all sources say of an answer now, to the router; nothing where nobody does."""
        found = await self._records.counting(scope, RATING, trace_ids=[trace_id])
        trace = await self._traces.get(scope, trace_id) if found else None
        if trace is not None:
            await self._learning.rated(trace, sum(each.value for each in found) / len(found))
