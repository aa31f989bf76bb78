"""The request, top to bottom.

    ChatRequest -> admission -> release -> prompt -> route -> strategy(call) -> Answer ... record

The gateway calls the steps in order and contains none of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from teppan.core.chat import ChatRequest, Embeddings
from teppan.core.clock import Clock
from teppan.core.errors import TeppanError
from teppan.core.ids import NewId, Scope
from teppan.core.release import Release
from teppan.core.reply import Outcome
from teppan.serve.admission import admit
from teppan.serve.answer import Answer
from teppan.serve.call import JourneyCall, Reach, observer
from teppan.serve.journey import Journey
from teppan.serve.models import Routed
from teppan.serve.record import Recorder
from teppan.serve.strategies.base import Strategy
from teppan.serve.trust import TrustBook

PATIENCE = 2.0
"""Seconds a stream's headers wait for the first word or an error, before keep-alives begin."""


class Gateway:
    """Answers requests. `release` gives the snapshot that is live now."""

    def __init__(
        self,
        reach: Reach,
        recorder: Recorder,
        trust: TrustBook,
        release: Callable[[], Release],
        *,
        clock: Clock,
        new_id: NewId,
        deadline: float,
    ) -> None:
        self.models = reach.models
        self.recorder = recorder
        self._reach = reach
        self._trust = trust
        self._release = release
        self._clock = clock
        self._new_id = new_id
        self._deadline = deadline

    async def answer(
        self,
        request: ChatRequest,
        scope: Scope,
        endpoint: str = "chat",
        routed: Routed | None = None,
    ) -> Answer:
        """The answer, whole or begun. Raises a `TeppanError`; whatever was spent is recorded.

        `routed` answers by a strategy made for this one request instead of one found by name.
        """
        journey = self._journey(request, scope, endpoint)
        answer = Answer(journey, self.recorder)
        try:
            admit(request, scope)
            release = self._release()
            journey.release = release.id
            journey.route, strategy = routed or self.models.route(request)
            dressed = self.models.dressed(request.model, request, release)
            call = JourneyCall(self._reach, journey, release)
            deliberation = self._deliberate(strategy, dressed, call, journey)
            if request.stream:
                answer.begin(await _patiently(deliberation))
            else:
                await answer.finish(await deliberation)
        except TeppanError as error:
            self.recorder.settle_behind(journey, "failed", error)
            raise
        except asyncio.CancelledError:
            self.recorder.settle_behind(journey, "cancelled")
            raise
        return answer

    async def embed(
        self, texts: Sequence[str], request: ChatRequest, scope: Scope
    ) -> tuple[Embeddings, Answer]:
        """Vectors of texts, in order; `request` carries the model's name and the options."""
        journey = self._journey(request, scope, "embeddings")
        try:
            admit(request, scope)
            model = self.models.real(request.model)
            journey.release = self._release().id
            vectors = await self._reach.caller.embed(
                model,
                texts,
                deadline=journey.deadline,
                observe=observer(journey, self._reach.meter, "embedding"),
            )
            await self.recorder.settle(journey, "ok", served=model)
        except TeppanError as error:
            self.recorder.settle_behind(journey, "failed", error)
            raise
        except asyncio.CancelledError:
            self.recorder.settle_behind(journey, "cancelled")
            raise
        return vectors, Answer(journey, self.recorder, served=model)

    async def _deliberate(
        self, strategy: Strategy, request: ChatRequest, call: JourneyCall, journey: Journey
    ) -> Outcome:
        outcome = await strategy.run(request, call)
        journey.outcome = outcome
        if outcome.qualities:
            self._trust.learn(outcome.qualities, request.task_type, journey.id)
        return outcome

    def _journey(self, request: ChatRequest, scope: Scope, endpoint: str) -> Journey:
        return Journey(
            request,
            scope,
            endpoint,
            clock=self._clock,
            new_id=self._new_id,
            allowed=self._deadline,
        )


async def _patiently(deliberation: Coroutine[Any, Any, Outcome]) -> Outcome | asyncio.Task[Outcome]:
    """The outcome if it comes soon, else the task that is still working on it."""
    task = asyncio.get_running_loop().create_task(deliberation)
    try:
        done, _ = await asyncio.wait((task,), timeout=PATIENCE)
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait((task,))
        raise
    return task.result() if done else task
