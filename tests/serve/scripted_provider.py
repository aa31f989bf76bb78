"""A vendor that says what a test tells it to, and a ledger and traces that remember."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from teppan.core.budget import Booking
from teppan.core.chat import (
    ChatRequest,
    Choice,
    Completion,
    Delta,
    Embeddings,
    Usage,
    say,
)
from teppan.core.errors import StoreError, TeppanError
from teppan.core.fold import unfold
from teppan.core.ids import Scope
from teppan.core.trace import ModelCall, Trace
from teppan.core.verdict import TrustUpdate
from teppan.providers.base import Attempted, Clocks

Line = str | TeppanError | float
"""Words to say, an error to raise, or seconds to be silent for."""


class ScriptedProvider:
    """Says `lines[model]`; `cut` ends streams before their finish; `cancelled` counts leavers."""

    keys = 1

    def __init__(self, name: str, lines: dict[str, Line], *, cut: bool = False) -> None:
        self.name = name
        self.lines = lines
        self.cut = cut
        self.asked: list[tuple[str, ChatRequest]] = []
        self.cancelled = 0

    async def complete(
        self, request: ChatRequest, model: str, key: int, clocks: Clocks
    ) -> Attempted:
        return Attempted(await self._say(request, model), first_token=0.0)

    async def stream(
        self, request: ChatRequest, model: str, key: int, clocks: Clocks
    ) -> AsyncIterator[Delta]:
        deltas = list(unfold(await self._say(request, model)))
        for delta in deltas[:-2] if self.cut else deltas:
            yield delta

    def dropped(self, request: ChatRequest, model: str) -> tuple[str, ...]:
        return ()

    async def embed(self, texts: Sequence[str], model: str, key: int, clocks: Clocks) -> Embeddings:
        return Embeddings(model, tuple((1.0, 0.0) for _ in texts), Usage(input=len(texts)))

    async def models(self, clocks: Clocks) -> tuple[str, ...]:
        return tuple(self.lines)

    async def _say(self, request: ChatRequest, model: str) -> Completion:
        self.asked.append((model, request))
        line = self.lines[model]
        if isinstance(line, float):
            try:
                await asyncio.sleep(line)
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
            line = "late"
        if isinstance(line, TeppanError):
            raise line
        answer = Choice(say("assistant", line), "stop")
        return Completion(model, (answer,), Usage(input=10, output=5), f"id-{model}")


class Memory:
    """A ledger, a trace queue and trust records in memory; `broken` refuses money."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[Scope, ModelCall]] = {}
        self.traces: list[Trace] = []
        self.trust: list[TrustUpdate] = []
        self.broken = False

    @property
    def calls(self) -> list[ModelCall]:
        return [call for _, call in self.rows.values()]

    async def append(
        self,
        scope: Scope,
        calls: Sequence[ModelCall],
        strategy: str = "",
        episode: str | None = None,
        booking: Booking | None = None,
    ) -> None:
        if self.broken:
            raise StoreError("the disk is full")
        for call in calls:
            self.rows.setdefault(call.id, (scope, call))

    def put(self, item: Trace | TrustUpdate) -> None:
        (self.traces if isinstance(item, Trace) else self.trust).append(item)  # type: ignore[arg-type]
