"""What test_caller.py and test_caller_streams.py play with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from teppan.core.chat import (
    ChatRequest,
    Choice,
    Completion,
    Delta,
    Embeddings,
    Finished,
    Started,
    TextDelta,
    Usage,
    UsageSeen,
    say,
)
from teppan.core.clock import FixedClock, seeded_dice
from teppan.cost.tokens import TokenCount
from teppan.providers.base import Attempted, Clocks, Deltas
from teppan.providers.caller import Attempt, Caller

REQUEST = ChatRequest(model="acme/small", messages=(say("user", "How many plates?"),))
USAGE = Usage(10, 4)
WHOLE = Completion("small-1", (Choice(say("assistant", "Thirty."), "stop"),), USAGE, id="v1")
STREAM: list[Any] = [
    Started("small-1", "v1"),
    TextDelta(""),
    TextDelta("Thir"),
    TextDelta("ty."),
    Finished("stop"),
    UsageSeen(USAGE),
]


class Scripted:
    """A provider that plays its script: an error is raised, a number is waited, else answered."""

    name = "acme"

    def __init__(self, *script: Any, keys: int = 1, clock: FixedClock | None = None) -> None:
        self.script = list(script)
        self.keys = keys
        self.used: list[int] = []
        self.clocks: list[Clocks] = []
        self.closed = 0
        self.clock = clock

    def next(self, key: int, clocks: Clocks) -> Any:
        self.used.append(key)
        self.clocks.append(clocks)
        return self.script.pop(0) if self.script else None

    async def complete(
        self, request: ChatRequest, model: str, key: int, clocks: Clocks
    ) -> Attempted:
        act = self.next(key, clocks)
        if isinstance(act, Exception):
            raise act
        if act == "hang":
            await asyncio.Event().wait()
        return Attempted(act or WHOLE, 0.1, ("seed",))

    def stream(self, request: ChatRequest, model: str, key: int, clocks: Clocks) -> Deltas:
        act = self.next(key, clocks)
        return Deltas(self.play(act if isinstance(act, list) else [act] if act else STREAM), ("n",))

    async def play(self, script: list[Any]) -> AsyncGenerator[Delta]:
        try:
            for act in script:
                if isinstance(act, Exception):
                    raise act
                if act == "hang":
                    await asyncio.Event().wait()
                yield act
        finally:
            self.closed += 1

    def dropped(self, request: ChatRequest, model: str) -> tuple[str, ...]:
        return ()

    async def embed(self, texts: Sequence[str], model: str, key: int, clocks: Clocks) -> Embeddings:
        act = self.next(key, clocks)
        if isinstance(act, Exception):
            raise act
        return Embeddings("e-1", tuple((1.0,) for _ in texts), Usage(0, 0))

    async def models(self, clocks: Clocks) -> tuple[str, ...]:
        return ()


class Bench:
    """A caller over one scripted provider, with everything it observed."""

    def __init__(self, *script: Any, keys: int = 1) -> None:
        self.clock = FixedClock()
        self.provider = Scripted(*script, keys=keys)
        self.seen: list[Attempt] = []
        self.caller = Caller(
            {"acme": self.provider},
            counting=TokenCount(),
            clock=self.clock,
            dice=seeded_dice(1),
        )

    async def complete(self, model: str = "acme/small", seconds: float = 100.0) -> Any:
        return await self.caller.complete(
            model, REQUEST, deadline=self.clock.monotonic() + seconds, observe=self.seen.append
        )

    async def stream(self, seconds: float = 100.0) -> Any:
        return await self.caller.stream(
            "acme/small",
            REQUEST,
            deadline=self.clock.monotonic() + seconds,
            observe=self.seen.append,
        )

    @property
    def outcomes(self) -> list[str]:
        return [attempt.outcome for attempt in self.seen]
