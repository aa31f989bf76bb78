"""Sets money aside before a model is asked, so that no hard budget is ever overshot.

    hold      the most the answer can cost, from every hard budget it is paid from, or a refusal
    booking   what the journey's ledger rows mean: each budget pays what the calls really cost

A hold is smaller once its call is over: the next one of the same journey says so to the store. What
a budget allows does not depend on who asks: an admin's key is counted like any other. Where the
store cannot be asked, a call that a hard budget counts is not made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from teppan.core.budget import Booking, Charge, Denied, Pot
from teppan.core.chat import ChatRequest
from teppan.core.clock import Clock
from teppan.core.errors import BudgetExceeded, PriceUnknown, StoreError
from teppan.core.money import Micros, dollars
from teppan.cost.bound import Bound, Output, cost_of, of_request, of_texts
from teppan.cost.budget import Pots
from teppan.cost.prices import Rates
from teppan.serve.hold import Hold
from teppan.serve.journey import Journey

GRACE = 60.0
"""Seconds after a journey's deadline in which its holds are still kept: its client may be slow."""

BRIEFLY = 1.0
"""Seconds to wait when only what is set aside for others is in the way."""

_MOST_SAID = 1000

_log = structlog.get_logger(__name__)


class Holds(Protocol):
    async def reserve(
        self,
        hold: str,
        pots: Sequence[Pot],
        amount: Micros,
        *,
        allowed: float,
        shrink: Mapping[str, Micros] | None = None,
    ) -> Denied | None:
        """Sets the amount aside in all pots, or in none. Raises `StoreError`."""


class Purse:
    """`rates` finds a model's prices at an instant, `output` what the catalogue knows of it."""

    def __init__(
        self,
        pots: Pots,
        holds: Holds,
        rates: Callable[[str, float], Rates | None],
        output: Callable[[str], Output],
        clock: Clock,
        *,
        allow_unknown: bool = False,
    ) -> None:
        self._pots = pots
        self._holds = holds
        self._rates = rates
        self._output = output
        self._clock = clock
        self._allow_unknown = allow_unknown
        self._said: set[str] = set()

    async def hold(self, journey: Journey, model: str, request: ChatRequest) -> Hold | None:
        """Money for an answer of `model`; None when no hard budget counts it.

        Raises `BudgetExceeded`, `PriceUnknown`, or `StoreError` when nobody can tell.
        """
        model = canonical(model)
        pots = self._hard(journey, model)
        if not pots:
            return None
        bound = of_request(request, self._output(model))
        if bound.assumed:
            self._say_once(
                "budget.assumed_output", model, tokens=bound.output, remedy="send `max_tokens`"
            )
        return await self._hold(journey, model, pots, bound)

    async def hold_for_texts(
        self, journey: Journey, model: str, texts: Sequence[str]
    ) -> Hold | None:
        """The same for embedding texts."""
        model = canonical(model)
        pots = self._hard(journey, model)
        return await self._hold(journey, model, pots, of_texts(texts)) if pots else None

    async def hold_again(self, journey: Journey, hold: Hold) -> bool:
        """Whether there is money for one more attempt, beside what those in vain have cost."""
        missing = hold.cost - sum(each.amount for each in hold.more)
        if missing <= 0:
            return True
        more = Hold(journey.new_id("hold"), hold.pots, missing)
        journey.holds.append(more)
        try:
            await self._reserve(journey, more)
        except (BudgetExceeded, StoreError):
            return False
        hold.more.append(more)
        return True

    def booking(self, journey: Journey) -> Booking | None:
        """Who pays for the calls of a journey; None when no budget has to do with any."""
        charges: dict[Pot, list[str]] = {}
        held = {call: hold.pots for hold in journey.holds for call in hold.calls}
        for call in journey.calls:
            if not call.cost:
                continue
            pots = self._pots.of(journey.scope, call.model, call.started)
            reserved = held.get(call.id)
            if reserved is not None:  # in the windows the money was set aside in
                pots = (*reserved, *(pot for pot in pots if not pot.hard))
            for pot in pots:
                charges.setdefault(pot, []).append(call.id)
        if not charges and not journey.holds:
            return None
        return Booking(
            tuple(Charge(pot, tuple(calls)) for pot, calls in charges.items()),
            tuple(hold.id for hold in journey.holds),
        )

    def _hard(self, journey: Journey, model: str) -> tuple[Pot, ...]:
        pots = self._pots.of(journey.scope, model, self._clock.now())
        return tuple(pot for pot in pots if pot.hard)

    async def _hold(
        self, journey: Journey, model: str, pots: tuple[Pot, ...], bound: Bound
    ) -> Hold | None:
        rates = self._rates(model, self._clock.now())
        if rates is None:
            if not self._allow_unknown:
                raise PriceUnknown(
                    f"the price of {model} is unknown, so the budget `{pots[0].budget}` cannot "
                    "count it; add it under [[prices]]"
                )
            self._say_once("budget.price_unknown", model, counted="as nothing")
            return None
        amount = cost_of(bound, rates)
        if not amount:
            return None
        hold = Hold(journey.new_id("hold"), pots, amount)
        # before the store is asked: whoever leaves meanwhile gives it back all the same
        journey.holds.append(hold)
        await self._reserve(journey, hold)
        return hold

    async def _reserve(self, journey: Journey, hold: Hold) -> None:
        if journey.purse_failed is not None:  # one wait for a dead store is enough
            raise journey.purse_failed
        over = [each for each in journey.holds if each.over and not each.shrunk]
        left = max(0.0, journey.deadline - self._clock.monotonic())
        try:
            denied = await self._holds.reserve(
                hold.id,
                hold.pots,
                hold.amount,
                allowed=left + GRACE,
                shrink={each.id: each.cost for each in over},
            )
        except StoreError as error:
            journey.purse_failed = error
            raise
        if denied is not None:
            journey.holds.remove(hold)
            raise self._refusal(denied, hold.amount)
        for each in over:
            each.shrunk = True

    def _refusal(self, denied: Denied, amount: Micros) -> BudgetExceeded:
        pot = denied.pot
        ends = math.ceil(max(BRIEFLY, pot.end - self._clock.now()))
        fits = denied.spent + amount <= pot.limit
        held = f" and {dollars(denied.held)} set aside for calls under way" if denied.held else ""
        return BudgetExceeded(
            f"the budget `{pot.budget}` allows {dollars(pot.limit)} in {pot.window}: "
            f"{dollars(denied.spent)} is spent{held}; this call may cost up to {dollars(amount)}",
            retry_after=BRIEFLY if fits else float(ends),
        )

    def _say_once(self, event: str, model: str, **told: object) -> None:
        if model not in self._said and len(self._said) < _MOST_SAID:
            self._said.add(model)
            _log.warning(event, model=model, **told)


def canonical(model: str) -> str:
    """`vendor:name`, which is also understood, as `vendor/name`."""
    return model.replace(":", "/", 1) if ":" in model.partition("/")[0] else model
