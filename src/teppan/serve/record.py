"""What is kept of a request: money first and durably, the trace afterwards and never in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

import structlog

from teppan.core.budget import Booking
from teppan.core.chat import Completion
from teppan.core.errors import StoreError, TeppanError
from teppan.core.ids import Scope
from teppan.core.trace import ModelCall, Trace, TraceStatus
from teppan.serve.alarm import Alarm
from teppan.serve.feedback.outcomes import Records as Outcomes
from teppan.serve.feedback.outcomes import witness
from teppan.serve.journey import Journey
from teppan.serve.purse import Purse

log = structlog.get_logger(__name__)


class Ledger(Protocol):
    async def append(
        self,
        scope: Scope,
        calls: Sequence[ModelCall],
        strategy: str = "",
        episode: str | None = None,
        booking: Booking | None = None,
    ) -> None:
        """Returns when the rows are durable. A row that is already there is not doubled."""


class Traces(Protocol):
    def put(self, trace: Trace) -> None:
        """Queues the trace; drops and counts it when the queue is full."""


class Limits(Protocol):
    async def spend(self, scope: Scope, tokens: int) -> None:
        """Counts tokens beyond those of the question. Never raises."""


class Learning(Protocol):
    async def settled(self, trace: Trace) -> None:
        """Learns from what the request itself says of its answer. Never raises."""


class Recorder:
    """Settles journeys. A request whose money cannot be written down is not acknowledged."""

    def __init__(
        self,
        ledger: Ledger,
        traces: Traces,
        *,
        content: bool = True,
        purse: Purse | None = None,
        alarm: Alarm | None = None,
        limits: Limits | None = None,
        learning: Learning | None = None,
        outcomes: Outcomes | None = None,
    ) -> None:
        self._ledger = ledger
        self._traces = traces
        self._content = content
        self._purse = purse
        self._alarm = alarm
        self._limits = limits
        self._learning = learning
        self._outcomes = outcomes
        self._behind: set[asyncio.Task[None]] = set()

    async def settle(
        self,
        journey: Journey,
        status: TraceStatus,
        *,
        served: str = "",
        answer: Completion | None = None,
        error: TeppanError | None = None,
    ) -> None:
        """Durable when it returns. Raises `StoreError` when the ledger cannot be written."""
        await self.book(journey, journey.route.strategy if journey.route else "")
        content = self._content
        trace = journey.trace(status, served=served, answer=answer, error=error, content=content)
        self._traces.put(trace)
        if self._learning is not None and status == "ok" and trace.route and trace.route.features:
            self._spawn(self._learning.settled(trace))
        if self._outcomes is not None and (trace.escalated or trace.tools):
            self._spawn(self._witness(self._outcomes, journey.scope, trace))

    async def book(self, journey: Journey, strategy: str) -> None:
        """Writes down the money alone, under the name of what spent it. As durable as `settle`."""
        calls, episode = journey.calls, journey.request.episode
        booking = self._purse.booking(journey) if self._purse else None
        if booking is not None:
            await self._ledger.append(journey.scope, calls, strategy, episode, booking)
        elif calls:
            await self._ledger.append(journey.scope, calls, strategy, episode)
        self._count(journey)

    def settle_behind(
        self, journey: Journey, status: TraceStatus, error: TeppanError | None = None
    ) -> None:
        """Settles after the request is over: its client has left or has had its error."""
        self._spawn(self._settle_quietly(journey, status, error))

    async def drain(self) -> None:
        """Waits for everything that is settled behind."""
        while self._behind:
            await asyncio.gather(*self._behind)

    async def _settle_quietly(
        self, journey: Journey, status: TraceStatus, error: TeppanError | None
    ) -> None:
        try:
            await self.settle(journey, status, error=error)
        except StoreError as failure:
            log.error("not_recorded", trace_id=journey.id, reason=failure.message)

    async def _witness(self, outcomes: Outcomes, scope: Scope, trace: Trace) -> None:
        """Keeps what came of the answer as far as the gateway has seen it."""
        try:
            await witness(outcomes, scope, trace)
        except StoreError as failure:
            log.error("outcome_not_kept", trace_id=trace.id, reason=failure.message)

    def _count(self, journey: Journey) -> None:
        """What nobody waits for: the tokens used, and whether so much money is worth telling."""
        calls = journey.calls
        if self._limits is not None and journey.allowance is not None:
            used = sum(call.usage.input + call.usage.output for call in calls)
            self._spawn(self._limits.spend(journey.scope, used - journey.allowance.taken))
        telling = self._alarm.spent(journey.cost or 0) if self._alarm and calls else None
        if telling is not None:
            self._spawn(telling)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)
