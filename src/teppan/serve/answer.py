"""What the gateway hands back: facts for the headers, and the answer, whole or as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from msgspec import Struct

from teppan.core.allowance import Allowance
from teppan.core.chat import Completion, Delta
from teppan.core.errors import TeppanError
from teppan.core.fold import Fold
from teppan.core.money import Micros
from teppan.core.reply import LiveReply, Outcome, Reply
from teppan.core.trace import (
    BY_NAME,
    CacheStatus,
    Remembered,
    Route,
    Shortened,
    ToolRun,
    Trace,
    TraceStatus,
)
from teppan.core.verdict import Confidence
from teppan.serve.cache.telling import told
from teppan.serve.journey import Journey
from teppan.serve.record import Recorder

Assess = Callable[[str, Completion], float | None]
"""How good an answer by a model probably is, told before it is acknowledged."""

Over = Callable[[Completion | None], None]
"""Told once when an answer is over: with what was served and recorded, or None."""


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of an answer at this moment; of a stream, cost and attempts grow."""

    trace_id: str
    model: str
    strategy: str
    attempts: int
    cost: Micros | None
    overhead: float
    release: str
    cache: CacheStatus = "off"
    remembered: Remembered | None = None
    context: Shortened | None = None
    allowance: Allowance | None = None
    route: str = ""
    violations: tuple[str, ...] = ()
    guarded: str = ""
    escalated: tuple[str, ...] = ()
    tools: tuple[ToolRun, ...] = ()
    dropped: tuple[str, ...] = ()
    confidence: Confidence | None = None
    reason: str = ""


class Answer:
    """One answer on its way to the client.

    Whole: `completion` is set and everything is recorded. Stream: iterate `deltas()` once; the
    money is durable before it ends. `aclose()` when the client leaves.
    """

    def __init__(self, journey: Journey, recorder: Recorder, *, served: str = "") -> None:
        self.completion: Completion | None = None
        self.over: Over | None = None
        self.assess: Assess | None = None
        self._journey = journey
        self._recorder = recorder
        self._served = served
        self._deliberation: asyncio.Task[Outcome] | None = None
        self._settled = bool(served)

    @property
    def trace_id(self) -> str:
        return self._journey.id

    @property
    def served(self) -> str:
        """The model whose words these are, once it is known."""
        return self._served

    @property
    def latency(self) -> float:
        """Seconds since the request came."""
        return self._journey.clock.monotonic() - self._journey.start

    @property
    def outcome(self) -> Outcome | None:
        """What the strategy decided, once it has."""
        return self._journey.outcome

    @property
    def facts(self) -> Facts:
        journey, outcome = self._journey, self._journey.outcome
        return Facts(
            trace_id=journey.id,
            model=self._served,
            strategy=journey.route.strategy if journey.route else "",
            attempts=len(journey.calls),
            cost=journey.cost,
            overhead=journey.overhead(),
            release=journey.release,
            cache=journey.cache,
            remembered=journey.remembered,
            context=journey.context,
            allowance=journey.allowance,
            route=_why(outcome, journey.route),
            violations=_named(outcome) if outcome else (),
            guarded=outcome.guarded if outcome else "",
            escalated=outcome.escalated if outcome else (),
            tools=tuple(journey.tools),
            dropped=journey.dropped,
            confidence=outcome.confidence if outcome else None,
            reason=outcome.reason if outcome else "",
        )

    def trace(self) -> Trace:
        """All that happened for a whole answer, with its words."""
        return self._journey.trace("ok", served=self._served, answer=self.completion)

    async def finish(self, outcome: Outcome) -> None:
        """Takes the whole answer and settles it: what was spent is durable when this returns."""
        reply = outcome.reply
        if not isinstance(reply, Reply):
            reply = await whole(reply)
        self._served, self.completion = reply.model, reply.completion
        await self._settle(reply.completion)

    def begin(self, outcome: Outcome | asyncio.Task[Outcome]) -> None:
        """Takes an answer that will be streamed, or the deliberation that will end in one."""
        if isinstance(outcome, asyncio.Task):
            self._deliberation = outcome
        else:
            self._served = outcome.reply.model

    async def deltas(self) -> AsyncIterator[Delta]:
        """The answer as it comes. Raises a `TeppanError` when the rest never comes."""
        folding = Fold()
        journey = self._journey
        try:
            if self._deliberation is not None:
                await self._deliberation
            assert journey.outcome is not None
            reply = journey.outcome.reply
            self._served = reply.model
            deltas = as_deltas(reply.completion) if isinstance(reply, Reply) else reply.deltas()
            async for delta in deltas:
                if journey.first_token is None:
                    journey.first_token = journey.clock.monotonic() - journey.start
                folding.add(delta)
                yield delta
            await self._settle(folding.completion())
        except TeppanError as error:
            self.abandon("incomplete" if folding.text_so_far else "failed", error)
            raise

    async def aclose(self) -> None:
        """Gives up: cancels what still runs and records what was used. Safe to call twice."""
        if self._deliberation is not None and not self._deliberation.done():
            self._deliberation.cancel()
            await asyncio.wait((self._deliberation,))
        outcome = self._journey.outcome
        if outcome is not None and not isinstance(outcome.reply, Reply):
            await outcome.reply.aclose()
        self.abandon("cancelled")

    def abandon(self, status: TraceStatus, error: TeppanError | None = None) -> None:
        """No answer comes of it; what was spent is recorded. Does nothing to a settled one."""
        if not self._settled:
            self._settled = True
            self._recorder.settle_behind(self._journey, status, error)
            self._end(None)

    async def _settle(self, completion: Completion) -> None:
        if self.assess is not None:
            self._journey.assessed = self.assess(self._served, completion)
        await self._recorder.settle(self._journey, "ok", served=self._served, answer=completion)
        self._settled = True
        self._end(completion)

    def _end(self, completion: Completion | None) -> None:
        over, self.over = self.over, None
        if over is not None:
            over(completion)


def _why(outcome: Outcome | None, route: Route | None) -> str:
    """Why this model or agent, where it was chosen; empty for one that was asked by name."""
    if outcome is not None and outcome.route is not None:
        return outcome.route.reason
    if route is None or route.reason == BY_NAME:
        return ""
    return f"{route.chosen}: {route.reason}"


def _named(outcome: Outcome) -> tuple[str, ...]:
    """The rules that drafts broke, each once."""
    return tuple(dict.fromkeys(each.rule for each in outcome.violations))


async def as_deltas(completion: Completion) -> AsyncIterator[Delta]:
    """A whole answer, told as a stream."""
    for delta in told(completion):
        yield delta


async def whole(live: LiveReply) -> Reply:
    """A live reply, read to its end."""
    folding = Fold()
    async for delta in live.deltas():
        folding.add(delta)
    return Reply(model=live.model, completion=folding.completion())
