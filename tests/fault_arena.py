"""A fleet of simulated vendors with the real calling path in front of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import msgspec

from teppan.core.chat import ChatRequest, Completion, Delta, say
from teppan.core.clock import FixedClock, seeded_dice
from teppan.core.errors import TeppanError
from teppan.core.fold import fold
from teppan.core.secret import Secret
from teppan.cost.meter import Meter
from teppan.cost.prices import Prices, override
from teppan.cost.tokens import TokenCount
from teppan.providers import catalogue
from teppan.providers.base import Clocks
from teppan.providers.caller import Attempt, Caller, CallerPolicy
from teppan.providers.http import PooledOutbound
from teppan.providers.http_provider import AnswerLimits, HttpProvider
from teppan.simulate.keys import DEFAULT_KEYS
from teppan.simulate.record import Call
from teppan.simulate.server import Fleet, Settings

LIMITS = AnswerLimits(body=2_000_000, stream=2_000_000, drain=0.2)
CALM = Clocks(connect=30.0, first_token=60.0, idle=60.0, total=60.0)
HASTY = Clocks(connect=30.0, first_token=0.8, idle=0.8, total=1.6)

MODELS = {
    "chat": "together/sim-llama-70b",
    "responses": "openai/sim-gpt-large",
    "messages": "anthropic/sim-claude-large",
    "generate": "google/sim-gemini-pro",
}
"""One simulated model for each wire format."""

REQUEST = ChatRequest(
    model="any", messages=(say("user", "What is 17 + 25? Explain in two sentences."),)
)


@dataclass
class Told:
    """What became of one request: an answer or an error, what it cost, what the vendor saw."""

    completion: Completion | None = None
    error: TeppanError | None = None
    deltas: list[Delta] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    upstream: list[Call] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    @property
    def outcomes(self) -> list[str]:
        return [attempt.outcome for attempt in self.attempts]


class Arena:
    """Asks models of the fleet; retry waits pass at once, on a clock of the test's own."""

    def __init__(self, fleet: Fleet, outbound: PooledOutbound) -> None:
        self.fleet = fleet
        self.outbound = outbound
        own = override("*", input="3", output="15", cached="0.3", since="2020-01-01")
        self.prices = Prices([own])
        self._left: set[Call] = set()

    def clear(self) -> None:
        """Forget faults and calls; a vendor may still be busy with a call its client has left."""
        self.fleet.reset()
        self._left = set(self.fleet.calls)

    def caller(
        self, clocks: Clocks = CALM, keys: int = 1, clock: FixedClock | None = None
    ) -> tuple[Caller, FixedClock]:
        """A caller that knows nothing yet of keys and breakers."""
        clock = clock or FixedClock(time.time())
        rows = {
            name: {"url": self.fleet.address(name)}
            for name in self.fleet.cast.vendors
            if name != "openai"
        }
        rows["openai"] = {
            "url": self.fleet.address("openai"),
            "capabilities": {"*": {"dialect": "openai_responses"}},
        }
        book = catalogue.load(rows)
        providers = {
            vendor.name: HttpProvider(
                vendor,
                book.dialects,
                [Secret(key) for key in DEFAULT_KEYS[:keys]],
                self.outbound,
                partial(book.capabilities, vendor.name),
                clock,
                LIMITS,
            )
            for vendor in book.vendors({})
            if vendor.name in self.fleet.cast.vendors
        }
        policy = CallerPolicy(clocks=clocks)
        dice = seeded_dice(7)
        return (
            Caller(providers, counting=TokenCount(), clock=clock, dice=dice, policy=policy),
            clock,
        )

    async def ask_all(self, fault: str, *, stream: bool, clocks: Clocks = CALM) -> dict[str, Told]:
        """One request in each wire format, side by side, while every vendor has this fault."""
        self.clear()
        for model in MODELS.values():
            vendor, _, name = model.partition("/")
            self.fleet.faults.add(fault, vendor=vendor, model=name)
        told = await asyncio.gather(
            *(self.put(model, stream=stream, clocks=clocks) for model in MODELS.values())
        )
        return dict(zip(MODELS, told, strict=True))

    async def ask(self, model: str, fault: str, *, stream: bool, clocks: Clocks = CALM) -> Told:
        """One request to a model whose vendor has this fault."""
        vendor, _, name = model.partition("/")
        self.clear()
        self.fleet.faults.add(fault, vendor=vendor, model=name)
        return await self.put(model, stream=stream, clocks=clocks)

    async def put(self, model: str, *, stream: bool, clocks: Clocks = CALM) -> Told:
        """One request, with a caller of its own."""
        caller, clock = self.caller(clocks)
        told = Told()
        try:
            await self._put(caller, clock, told, model, stream)
        except TeppanError as error:
            told.error = error
        seen = self.fleet.calls.select(vendor=model.partition("/")[0])
        told.upstream = [call for call in seen if call not in self._left]
        told.slept = clock.slept
        return told

    async def _put(
        self, caller: Caller, clock: FixedClock, told: Told, model: str, stream: bool
    ) -> None:
        request = msgspec.structs.replace(REQUEST, model=model, stream=stream)
        deadline = clock.monotonic() + 100.0
        observe = told.attempts.append
        if stream:
            live = await caller.stream(model, request, deadline=deadline, observe=observe)
            async for delta in live.deltas():
                told.deltas.append(delta)
            told.completion = fold(told.deltas)
        else:
            answered = await caller.complete(model, request, deadline=deadline, observe=observe)
            told.completion = answered.completion

    def meter(self, clock: FixedClock) -> Meter:
        return Meter(self.prices, clock)


@asynccontextmanager
async def open_arena() -> AsyncIterator[Arena]:
    outbound = PooledOutbound()
    try:
        async with Fleet(Settings(speed=0.0)) as fleet:
            yield Arena(fleet, outbound)
    finally:
        await outbound.close()
