"""Usage times rates: what a call costs, in integer micro-dollars.

    cost = (plain input x input + cached x cached + written x cache write
            + plain output x output + reasoning x reasoning) / 10^6

rounded half up once. Reasoning is part of the output, and mostly costs the same.
"""

from __future__ import annotations

from teppan.core.chat import Usage
from teppan.core.clock import Clock
from teppan.core.money import MICROS_PER_DOLLAR, Micros, charge
from teppan.cost.prices import Prices, Rates, Tier

_FRESH = 900
"""Seconds that rates are remembered, in steps of the clock: prices change by day and half hour."""

_MOST_REMEMBERED = 4096


def tier_of(rates: Rates, input_tokens: int) -> Tier:
    """The tier that a request of this many input tokens reaches."""
    reached = rates.tiers[0]
    for tier in rates.tiers[1:]:
        if input_tokens > tier.above:
            reached = tier
    return reached


def cost(usage: Usage, rates: Rates, *, batch: bool = False) -> Micros:
    """What the tokens cost. Never negative; more tokens never cost less within a tier.

    With `batch` what they cost where the answer may take a day: `rates.batch` of it, where known.
    """
    tier = rates.tiers[0] if len(rates.tiers) == 1 else tier_of(rates, usage.input)
    plain = usage.input - usage.cached - usage.cache_written
    parts = (
        (plain, tier.input),
        (usage.cached, tier.input if tier.cached is None else tier.cached),
        (usage.cache_written, tier.input if tier.cache_write is None else tier.cache_write),
        (usage.output - usage.reasoning, tier.output),
        (usage.reasoning, tier.output if tier.reasoning is None else tier.reasoning),
    )
    if batch and rates.batch is not None:
        return charge(*((count, rate * rates.batch // MICROS_PER_DOLLAR) for count, rate in parts))
    return charge(*parts)


class Meter:
    """Prices calls. Remembers rates per model, so that a call costs a few multiplications."""

    def __init__(self, prices: Prices, clock: Clock) -> None:
        self._prices = prices
        self._clock = clock
        self._slot = -1
        self._known: dict[tuple[str, str], Rates | None] = {}

    def price(self, model: str, returned: str, usage: Usage) -> tuple[Micros | None, str]:
        """What a call costs, and the version of the price; `(None, "")` when it is unknown.

        `model` is `vendor/name` as asked; `returned` is the name the vendor says answered, whose
        price it is when it has one.
        """
        rates = self._rates(model, returned)
        if rates is None:
            return None, ""
        return cost(usage, rates), rates.version

    def _rates(self, model: str, returned: str) -> Rates | None:
        now = self._clock.now()
        slot = int(now) // _FRESH
        if slot != self._slot or len(self._known) > _MOST_REMEMBERED:
            self._slot = slot
            self._known.clear()
        known = self._known.get((model, returned), _UNSEEN)
        if known is not _UNSEEN:
            return known
        rates = self._find(model, returned, now)
        self._known[model, returned] = rates
        return rates

    def _find(self, model: str, returned: str, now: float) -> Rates | None:
        vendor = model.partition("/")[0]
        rates = self._prices.rates(f"{vendor}/{returned}", now) if returned else None
        rates = rates or self._prices.rates(model, now)
        if rates is None:
            self._prices.warn_once(model)
        return rates


_UNSEEN = Rates((Tier(0, 0, 0),), "unseen")
