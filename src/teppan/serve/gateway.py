"""The request, top to bottom.

    ChatRequest -> admission -> reception -> release -> route -> prompt, lessons -> cache -> context
                -> strategy(call) -> rules -> assessor -> Answer ... record, remember, shadow

The gateway calls the steps in order and contains none of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from teppan.core.chat import ChatRequest, Completion, Embeddings
from teppan.core.clock import Clock
from teppan.core.errors import TeppanError
from teppan.core.ids import NewId, Scope
from teppan.core.release import Release
from teppan.core.reply import Outcome, Reply
from teppan.serve.admission import admit
from teppan.serve.answer import Answer
from teppan.serve.call import JourneyCall, Reach, observer
from teppan.serve.journey import Journey
from teppan.serve.models import Routed
from teppan.serve.record import Recorder
from teppan.serve.shadow import Served
from teppan.serve.steps import NoSeat, Seat, Steps
from teppan.serve.strategies.base import Strategy
from teppan.serve.trust import TrustBook

if TYPE_CHECKING:
    from teppan.serve.bought import Memory

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
        steps: Steps | None = None,
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
        self._steps = steps or Steps()
        self._clock = clock
        self._new_id = new_id
        self._deadline = deadline

    async def answer(
        self,
        request: ChatRequest,
        scope: Scope,
        endpoint: str = "chat",
        routed: Routed | None = None,
        memory: Memory | None = None,
    ) -> Answer:
        """The answer, whole or begun. Raises a `TeppanError`; whatever was spent is recorded.

        `routed` answers by a strategy made for this one request instead of one found by name,
        `memory` is what models have said already for this step of a job.
        """
        journey, steps = self._journey(request, scope, endpoint), self._steps
        journey.memory = memory
        answer = Answer(journey, self.recorder)
        try:
            admit(request, scope)
            journey.allowance = await steps.limits.take(scope, request)
            asked, why = await steps.reception.direct(request, scope)
            release = steps.assessor.release(self._release(), scope)
            journey.release = release.id
            journey.route, strategy = routed or self.models.route(asked, why)
            call = JourneyCall(self._reach, journey, release)
            dressed = await self._dressed(asked, journey, release)
            answer.assess = partial(steps.assessor.assess, journey, release=release)
            seat = await self._seat(dressed, journey, release, once=routed is not None)
            journey.cache, journey.remembered = seat.status, seat.remembered
            answer.over = partial(self._over, answer, journey, dressed, release, seat)
            if seat.hit is not None:
                deliberation = self._remembered(seat, dressed, journey)
            else:
                virtual = self.models.virtual(asked.model) is not None
                ready, journey.context = await steps.context.shorten(
                    dressed, scope, call, virtual=virtual
                )
                deliberation = self._deliberate(strategy, ready, call, journey)
            if request.stream:
                answer.begin(await _patiently(deliberation))
            else:
                await answer.finish(await deliberation)
        except TeppanError as error:
            answer.abandon("failed", error)
            raise
        except asyncio.CancelledError:
            answer.abandon("cancelled")
            raise
        except Exception:  # a fault of ours: whoever waits for this answer must not wait in vain
            answer.abandon("failed")
            raise
        return answer

    async def embed(
        self, texts: Sequence[str], request: ChatRequest, scope: Scope
    ) -> tuple[Embeddings, Answer]:
        """Vectors of texts, in order; `request` carries the model's name and the options."""
        journey = self._journey(request, scope, "embeddings")
        try:
            admit(request, scope)
            journey.allowance = await self._steps.limits.take(scope, request)
            model = self.models.real(request.model)
            release = self._release()
            journey.release = release.id
            vectors = await JourneyCall(self._reach, journey, release).embed(model, texts)
            await self.recorder.settle(journey, "ok", served=model)
        except TeppanError as error:
            self.recorder.settle_behind(journey, "failed", error)
            raise
        except asyncio.CancelledError:
            self.recorder.settle_behind(journey, "cancelled")
            raise
        return vectors, Answer(journey, self.recorder, served=model)

    async def _dressed(self, asked: ChatRequest, journey: Journey, release: Release) -> ChatRequest:
        """The request under its model's prompt, which says what language to answer in and what
        was learned."""
        dressed, steps, scope = (
            self.models.dressed(asked.model, asked, release),
            self._steps,
            journey.scope,
        )
        if not self.models.prompted(asked.model):
            return dressed
        journey.language = steps.ear.language(asked, scope)
        dressed = steps.ear.told(dressed, asked, journey.language)
        learned = steps.lessons.version(scope)
        if not learned:
            return dressed
        journey.release = f"{release.id}.{learned}"
        given = await steps.lessons.give(dressed, asked, scope, journey.language)
        journey.lessons, journey.withheld = given.lessons, given.withheld
        return given.request

    async def _deliberate(
        self, strategy: Strategy, request: ChatRequest, call: JourneyCall, journey: Journey
    ) -> Outcome:
        steps, run = self._steps, partial(strategy.run, call=call)
        ruled = self.models.prompted(request.model)
        if ruled and steps.rules.holds:
            request = msgspec.structs.replace(request, stream=False)

        async def draft(request: ChatRequest) -> Outcome:
            outcome = await run(request)
            if not ruled:
                return outcome
            return await steps.rules.keep(journey.id, journey.scope, request, outcome, run)

        outcome = await draft(request)
        if self.models.virtual(request.model) is not None:  # who names a model wants its words
            outcome = await steps.assessor.keep(journey, request, outcome, draft)
        journey.outcome = outcome
        journey.route = outcome.route or journey.route
        if outcome.qualities and journey.memory is None:  # jobs ask what customers do not
            self._trust.learn(outcome.qualities, request.task_type, journey.id)
        return outcome

    async def _seat(
        self, dressed: ChatRequest, journey: Journey, release: Release, *, once: bool
    ) -> Seat:
        """A place at the cache; what a strategy made for one request says is not remembered."""
        if once:
            return NoSeat()
        observe = observer(journey, self._reach.meter, "embedding")
        return await self._steps.cache.look(dressed, journey.scope, release, observe)

    async def _remembered(self, seat: Seat, dressed: ChatRequest, journey: Journey) -> Outcome:
        """A remembered answer, as if a strategy had brought it."""
        assert seat.hit is not None
        reply = Reply(model=seat.served, completion=seat.hit, cost=0)
        outcome = Outcome(reply=reply, reason=f"remembered ({seat.status})")
        if self.models.prompted(dressed.model):
            rules = self._steps.rules
            outcome = await rules.remembered(journey.id, journey.scope, dressed, outcome)
        journey.outcome = outcome
        return outcome

    def _over(
        self,
        answer: Answer,
        journey: Journey,
        dressed: ChatRequest,
        release: Release,
        seat: Seat,
        completion: Completion | None,
    ) -> None:
        """The answer has left, or never will: what follows is nobody's to wait for."""
        outcome = journey.outcome
        if completion is None or (outcome is not None and not outcome.lasting):
            seat.drop()
            return
        seat.keep(completion, answer.served, journey.id, journey.cost)
        served = Served(
            journey.id,
            journey.scope,
            journey.request,
            dressed,
            release,
            answer.served,
            completion,
        )
        if seat.hit is None:
            self._steps.behind.compare(served)
        elif seat.verify:
            self._steps.behind.verify(served, partial(self._judge, seat))

    async def _judge(self, seat: Seat, again: Completion) -> None:
        """What asking anew says of a remembered answer, where that can be told."""
        assert seat.hit is not None
        same = await self._steps.cache.same(seat.hit, again)
        if same is not None:
            await seat.checked(same)

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
