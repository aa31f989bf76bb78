"""What is kept of a request: money first and durably, the trace afterwards and never in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

import structlog

from teppan.core.chat import Completion
from teppan.core.errors import StoreError, TeppanError
from teppan.core.ids import Scope
from teppan.core.trace import ModelCall, Trace, TraceStatus
from teppan.serve.journey import Journey

log = structlog.get_logger(__name__)


class Ledger(Protocol):
    async def append(self, scope: Scope, calls: Sequence[ModelCall]) -> None:
        """Returns when the rows are durable. A row that is already there is not doubled."""


class Traces(Protocol):
    def put(self, trace: Trace) -> None:
        """Queues the trace; drops and counts it when the queue is full."""


class Recorder:
    """Settles journeys. A request whose money cannot be written down is not acknowledged."""

    def __init__(self, ledger: Ledger, traces: Traces, *, content: bool = True) -> None:
        self._ledger = ledger
        self._traces = traces
        self._content = content
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
        if journey.calls:
            await self._ledger.append(journey.scope, journey.calls)
        self._traces.put(
            journey.trace(status, served=served, answer=answer, error=error, content=self._content)
        )

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

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)
