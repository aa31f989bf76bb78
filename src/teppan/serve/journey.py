"""One request on its way: how long it may still take, and what it has called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from teppan.core.chat import ChatRequest, Completion, Usage
from teppan.core.clock import Clock
from teppan.core.errors import TeppanError
from teppan.core.ids import NewId, Scope
from teppan.core.money import Micros, total
from teppan.core.reply import Outcome
from teppan.core.trace import (
    CacheStatus,
    ModelCall,
    Remembered,
    Route,
    Said,
    Shortened,
    ToolRun,
    Trace,
    TraceStatus,
)

if TYPE_CHECKING:
    from teppan.core.allowance import Allowance
    from teppan.core.errors import StoreError
    from teppan.serve.bought import Memory
    from teppan.serve.hold import Hold


class Journey:
    """Collects what happens for one request; `trace()` tells it.

    `deadline` is on the monotonic clock. `memory` is what models have said already for this step of
    a job. Nothing here does I/O.
    """

    __slots__ = (
        "allowance",
        "assessed",
        "cache",
        "calls",
        "clock",
        "context",
        "deadline",
        "endpoint",
        "first_token",
        "holds",
        "id",
        "language",
        "lessons",
        "memory",
        "new_id",
        "outcome",
        "purse_failed",
        "release",
        "remembered",
        "request",
        "route",
        "scope",
        "spans",
        "start",
        "started",
        "tools",
        "withheld",
    )

    def __init__(
        self,
        request: ChatRequest,
        scope: Scope,
        endpoint: str,
        *,
        clock: Clock,
        new_id: NewId,
        allowed: float,
    ) -> None:
        self.id = new_id("tr")
        self.request = request
        self.scope = scope
        self.endpoint = endpoint
        self.clock = clock
        self.new_id = new_id
        self.started = clock.now()
        self.start = clock.monotonic()
        self.deadline = self.start + allowed
        self.calls: list[ModelCall] = []
        self.tools: list[ToolRun] = []
        self.spans: list[tuple[float, float]] = []
        self.route: Route | None = None
        self.release = ""
        self.language = ""
        self.lessons: tuple[str, ...] = ()
        self.withheld: tuple[str, ...] = ()
        self.assessed: float | None = None
        self.memory: Memory | None = None
        self.cache: CacheStatus = "off"
        self.remembered: Remembered | None = None
        self.context: Shortened | None = None
        self.allowance: Allowance | None = None
        self.holds: list[Hold] = []
        self.purse_failed: StoreError | None = None
        self.outcome: Outcome | None = None
        self.first_token: float | None = None

    def called(self, call: ModelCall, ended: float) -> None:
        """Adds one attempt that ended at `ended` on the monotonic clock."""
        self.calls.append(call)
        self.spans.append((ended - call.latency, ended))

    @property
    def cost(self) -> Micros | None:
        return total(call.cost for call in self.calls)

    @property
    def dropped(self) -> tuple[str, ...]:
        """The fields some model would not take, each once, in order."""
        if not any(call.dropped for call in self.calls):
            return ()
        return tuple(dict.fromkeys(field for call in self.calls for field in call.dropped))

    def overhead(self) -> float:
        """Seconds of the journey so far in which no vendor was being waited for."""
        elapsed = self.clock.monotonic() - self.start
        return max(0.0, elapsed - _covered(self.spans))

    def trace(
        self,
        status: TraceStatus,
        *,
        served: str = "",
        answer: Completion | None = None,
        error: TeppanError | None = None,
        content: bool = True,
    ) -> Trace:
        """The record of the whole journey; without `content` it keeps no words."""
        outcome, route = self.outcome, self.route
        request = self.request
        usage = (answer.usage if answer else None) or Usage()
        return Trace(
            id=self.id,
            tenant=self.scope.tenant,
            key_id=self.scope.key_id,
            started=self.started,
            asked=request.model,
            strategy=route.strategy if route else "",
            status=status,
            served=served,
            endpoint=self.endpoint,
            stream=request.stream,
            episode=request.episode,
            task_type=request.task_type,
            error=error.code if error else None,
            latency=self.clock.monotonic() - self.start,
            overhead=self.overhead(),
            first_token=self.first_token,
            calls=tuple(self.calls),
            route=route,
            verdict=outcome.verdict if outcome else None,
            confidence=outcome.confidence if outcome else None,
            evidence=outcome.evidence if outcome else None,
            violations=outcome.violations if outcome else (),
            guarded=outcome.guarded if outcome else "",
            escalated=outcome.escalated if outcome else (),
            release=self.release,
            cache=self.cache,
            remembered=self.remembered,
            context=self.context,
            plain_input=self.context.before if self.context else usage.input,
            plain_output=usage.output,
            dropped=self.dropped,
            request=request if content else None,
            answer=answer if content else None,
            replies=_said(outcome) if outcome and content else (),
            language=self.language,
            lessons=self.lessons,
            withheld=self.withheld,
            assessed=self.assessed,
            tools=tuple(self.tools if content else map(_wordless, self.tools)),
        )


def _said(outcome: Outcome) -> tuple[Said, ...]:
    """What each member said; nothing when one model alone was asked, whose words are the answer."""
    if len(outcome.replies) < 2:
        return ()
    return tuple(Said(reply.model, reply.role, reply.text, reply.cost) for reply in outcome.replies)


def _wordless(run: ToolRun) -> ToolRun:
    return replace(run, arguments="", result="")


def _covered(spans: list[tuple[float, float]]) -> float:
    """Length of the union of intervals."""
    if len(spans) == 1:
        return spans[0][1] - spans[0][0]
    covered, reached = 0.0, float("-inf")
    for begin, end in sorted(spans):
        if end > reached:
            covered += end - max(begin, reached)
            reached = end
    return covered
