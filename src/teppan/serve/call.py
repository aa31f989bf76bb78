"""How a strategy reaches a model: a real one by the caller, a virtual one by its strategy.

Everything that is called, at any depth, is priced where it was called and written into the one
journey of the request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import msgspec

from teppan.core.chat import ChatRequest, Embeddings, Usage
from teppan.core.errors import UnsupportedRequest
from teppan.core.money import Micros, total
from teppan.core.release import Release
from teppan.core.reply import LiveReply, Reply
from teppan.core.trace import CallRole, ModelCall
from teppan.providers.caller import Again, Attempt, Caller, Observe
from teppan.serve.answer import whole
from teppan.serve.bought import Bought
from teppan.serve.hold import Hold
from teppan.serve.journey import Journey
from teppan.serve.models import Models
from teppan.serve.purse import Purse


class Meter(Protocol):
    def price(self, model: str, returned: str, usage: Usage) -> tuple[Micros | None, str]:
        """What a call costs (`None` when the price is unknown) and the version of its price."""


class Trust(Protocol):
    def of(self, model: str, task_type: str | None) -> float: ...


class Reach:
    """What calls are made with; the same for every request."""

    def __init__(
        self,
        caller: Caller,
        models: Models,
        meter: Meter,
        trust: Trust,
        random: Callable[[], float],
        *,
        max_depth: int,
        max_calls: int,
        purse: Purse | None = None,
    ) -> None:
        self.caller = caller
        self.models = models
        self.meter = meter
        self.trust = trust
        self.random = random
        self.max_depth = max_depth
        self.max_calls = max_calls
        self.purse = purse


class JourneyCall:
    """The `Call` handed to a strategy at one depth of one journey."""

    __slots__ = ("_depth", "_journey", "_reach", "_release")

    def __init__(self, reach: Reach, journey: Journey, release: Release, depth: int = 0) -> None:
        self._reach = reach
        self._journey = journey
        self._release = release
        self._depth = depth

    async def ask(self, model: str, request: ChatRequest, role: CallRole) -> Reply:
        """The whole answer of a real or virtual model."""
        strategy = self._reach.models.virtual(model)
        if strategy is None:
            return await self._complete(model, request, role)
        request = self._reach.models.dressed(model, request, self._release)
        outcome = await strategy.run(msgspec.structs.replace(request, stream=False), self._deeper())
        reply = outcome.reply
        if not isinstance(reply, Reply):
            reply = await whole(reply)
        return msgspec.structs.replace(
            reply, model=model, role=role, confidence=outcome.confidence or reply.confidence
        )

    async def serve(self, model: str, request: ChatRequest, role: CallRole) -> Reply | LiveReply:
        """The answer the client will read: live when the client streams, else whole."""
        if not request.stream:
            return await self.ask(model, request, role)
        strategy = self._reach.models.virtual(model)
        if strategy is not None:
            request = self._reach.models.dressed(model, request, self._release)
            outcome = await strategy.run(request, self._deeper())
            return outcome.reply
        self._guard_amount()
        hold = await self._hold(model, request)
        try:
            return await self._reach.caller.stream(
                model,
                request,
                deadline=self._journey.deadline,
                observe=observer(self._journey, self._reach.meter, role, hold=hold),
                again=self._again(hold),
            )
        except BaseException:
            if hold is not None:
                hold.ended()
            raise

    async def embed(self, model: str, texts: Sequence[str]) -> Embeddings:
        """Vectors of texts by a real model, in their order."""
        purse = self._reach.purse
        hold = await purse.hold_for_texts(self._journey, model, texts) if purse else None
        try:
            return await self._reach.caller.embed(
                model,
                texts,
                deadline=self._journey.deadline,
                observe=observer(self._journey, self._reach.meter, "embedding", hold=hold),
            )
        finally:
            if hold is not None:
                hold.ended()

    def trust(self, model: str, task_type: str | None) -> float:
        return self._reach.trust.of(model, task_type)

    def state(self, name: str) -> Any:
        return self._release.states.get(name)

    def random(self) -> float:
        memory = self._journey.memory
        return self._reach.random() if memory is None else memory.random()

    @property
    def case(self) -> Journey:
        return self._journey

    async def _complete(self, model: str, request: ChatRequest, role: CallRole) -> Reply:
        """The answer of a real model: what it said before in this step of a job, or a new one."""
        memory = self._journey.memory
        if memory is None:
            return await self._bought(model, request, role, Spent())
        name, spent = memory.name(model, request), Spent()
        bought = await memory.recall(name)
        if bought is not None:
            self._journey.calls.extend(bought.calls)
            return bought.reply
        reply = await self._bought(model, request, role, spent)
        await memory.keep(name, Bought(reply, tuple(spent.calls)))
        return reply

    async def _bought(
        self, model: str, request: ChatRequest, role: CallRole, spent: Spent
    ) -> Reply:
        self._guard_amount()
        hold = await self._hold(model, request)
        observe = observer(self._journey, self._reach.meter, role, spent, hold)
        if request.stream:
            request = msgspec.structs.replace(request, stream=False)
        try:
            answered = await self._reach.caller.complete(
                model,
                request,
                deadline=self._journey.deadline,
                observe=observe,
                again=self._again(hold),
            )
        finally:
            if hold is not None:
                hold.ended()
        return Reply(
            model=model,
            completion=answered.completion,
            role=role,
            cost=spent.cost,
            latency=answered.latency,
        )

    async def _hold(self, model: str, request: ChatRequest) -> Hold | None:
        purse = self._reach.purse
        return await purse.hold(self._journey, model, request) if purse else None

    def _again(self, hold: Hold | None) -> Again | None:
        """Whether the money lasts for one more attempt; nothing to ask where none is counted."""
        purse = self._reach.purse
        return partial(purse.hold_again, self._journey, hold) if purse and hold else None

    def _deeper(self) -> JourneyCall:
        if self._depth + 1 >= self._reach.max_depth:
            raise UnsupportedRequest(
                f"virtual models nest deeper than {self._reach.max_depth} levels", param="model"
            )
        return JourneyCall(self._reach, self._journey, self._release, self._depth + 1)

    def _guard_amount(self) -> None:
        if len(self._journey.calls) >= self._reach.max_calls:
            raise UnsupportedRequest(
                f"one request may make at most {self._reach.max_calls} model calls", param="model"
            )


class Spent:
    """The attempts of one logical call and their cost; unknown as soon as one is."""

    __slots__ = ("calls",)

    def __init__(self) -> None:
        self.calls: list[ModelCall] = []

    @property
    def cost(self) -> Micros | None:
        return total(call.cost for call in self.calls)


def observer(
    journey: Journey,
    meter: Meter,
    role: CallRole,
    spent: Spent | None = None,
    hold: Hold | None = None,
) -> Observe:
    """Prices each attempt as it ends and writes it into the journey."""

    def observe(attempt: Attempt) -> None:
        call = priced(attempt, role, journey, meter)
        journey.called(call, journey.clock.monotonic())
        if spent is not None:
            spent.calls.append(call)
        if hold is not None:
            hold.called(call.id, call.cost)

    return observe


def priced(attempt: Attempt, role: CallRole, journey: Journey, meter: Meter) -> ModelCall:
    """A ledger row of an attempt."""
    cost, version = meter.price(attempt.model, attempt.returned_model, attempt.usage)
    error = attempt.error
    return ModelCall(
        id=f"{journey.id}_{len(journey.calls)}",
        trace_id=journey.id,
        model=attempt.model,
        role=role,
        outcome=attempt.outcome,
        returned_model=attempt.returned_model,
        vendor_id=attempt.vendor_id,
        attempt=attempt.number,
        error=error.code if error else None,
        usage=attempt.usage,
        cost=cost,
        price_version=version,
        started=attempt.started,
        latency=attempt.latency,
        first_token=attempt.first_token,
        dropped=attempt.dropped,
    )
