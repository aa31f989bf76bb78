"""What a person says of an answer: kept first, then heeded by whoever can learn from it."""

from __future__ import annotations

import asyncio
from typing import Protocol

from msgspec import Struct

from teppan.core.errors import NotFound
from teppan.core.ids import Scope
from teppan.core.trace import Trace

RATING, WRONG_HIT = "rating", "wrong_hit"
LOOKS, PAUSE = 10, 0.1
"""A trace is written a moment after its answer has left: how often, and how far apart in seconds,
it is looked for before it is called unknown."""


class Said(Struct, frozen=True):
    """What a client says of the answer of one trace. `rating` is in [0, 1]."""

    trace_id: str
    rating: float | None = None
    wrong_hit: bool = False
    comment: str = ""


class Heeded(Struct, frozen=True):
    """The ids of the statements that were kept, and whether a remembered answer was forgotten."""

    ids: tuple[str, ...]
    evicted: bool = False


class Kept(Protocol):
    @property
    def id(self) -> str: ...


class Records(Protocol):
    async def record(
        self, scope: Scope, trace_id: str, metric: str, value: float, comment: str = ""
    ) -> Kept:
        """Durable when it returns."""


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
        """Raises `NotFound` for a trace that is unknown in this tenant, and `StoreError`."""
        trace = await self._trace(said.trace_id, scope)
        ids = []
        if said.rating is not None:
            kept = await self._records.record(scope, trace.id, RATING, said.rating, said.comment)
            ids.append(kept.id)
            await self._learning.rated(trace, said.rating)
        evicted = False
        if said.wrong_hit:
            kept = await self._records.record(scope, trace.id, WRONG_HIT, 1.0, said.comment)
            ids.append(kept.id)
            evicted = await self._remembering.wrong(scope, trace.id)
        return Heeded(tuple(ids), evicted)

    async def _trace(self, trace_id: str, scope: Scope) -> Trace:
        for _ in range(LOOKS):
            trace = await self._traces.get(scope, trace_id)
            if trace is not None:
                return trace
            await asyncio.sleep(PAUSE)
        raise NotFound(f"there is no trace `{trace_id}` of this key's tenant", param="trace_id")
