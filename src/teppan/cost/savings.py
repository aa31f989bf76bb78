"""What it would have cost on one reference model, what was paid, and what made the difference.

    would    every request's plain input and output at the reference model's price
    paid     what the requests of the same traces really cost, failed ones included
    saved    would - paid = cache + context + models

    cache    what remembered answers would have cost, less what was paid around them
    context  the input tokens that were not sent because conversations were shortened
    models   the rest: cheaper models; below zero where ensembles cost more than the reference

Prices are those of today. Requests whose cost is unknown are counted, and left out of both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct

from teppan.core.chat import Usage
from teppan.core.money import TOKENS_PER_RATE, Micros, charge
from teppan.cost.meter import cost
from teppan.cost.prices import Prices, Rates


class Counted(Protocol):
    """Requests that are priced alike: `store.costs.Asked`."""

    @property
    def cache(self) -> str: ...
    @property
    def tier(self) -> int: ...
    @property
    def requests(self) -> int: ...
    @property
    def input(self) -> int: ...
    @property
    def output(self) -> int: ...
    @property
    def shortened(self) -> int: ...
    @property
    def cost(self) -> Micros | None: ...


class Savings(Struct, frozen=True):
    """In micro-dollars; `hits` of the `requests` came from the cache, `unknown` are left out."""

    reference: str
    prices: str
    requests: int
    hits: int
    unknown: int
    would: Micros
    paid: Micros
    cache: Micros
    context: Micros
    models: Micros

    @property
    def saved(self) -> Micros:
        return self.would - self.paid

    @property
    def share(self) -> float:
        """The part of `would` that was saved; 0 when nothing would have been paid."""
        return self.saved / self.would if self.would else 0.0


def tiers_of(rates: Rates) -> list[int]:
    """The input tokens above which the reference model is priced otherwise."""
    return [tier.above for tier in rates.tiers[1:]]


def savings(reference: str, rates: Rates, rows: Iterable[Counted]) -> Savings:
    """The figures of rows that were counted along `tiers_of(rates)`."""
    requests = hits = unknown = would = paid = cache = context = 0
    for row in rows:
        if row.cost is None:
            unknown += row.requests
            continue
        tier = rates.tiers[row.tier]
        alone = charge((row.input, tier.input), (row.output, tier.output))
        requests += row.requests
        would += alone
        paid += row.cost
        if row.cache in ("exact", "semantic"):
            hits += row.requests
            cache += alone - row.cost
        else:
            context += charge((row.shortened, tier.input))
    return Savings(
        reference,
        rates.version,
        requests,
        hits,
        unknown,
        would,
        paid,
        cache,
        context,
        would - paid - cache - context,
    )


def dearest(models: Sequence[str], prices: Prices, at: float) -> str | None:
    """The model with the highest price of an input and an output token; None when none has one."""
    known = [(rates, model) for model in models if (rates := prices.rates(model, at)) is not None]
    if not known:
        return None
    ask = Usage(TOKENS_PER_RATE, TOKENS_PER_RATE)
    return max(known, key=lambda each: (cost(ask, Rates(each[0].tiers[:1], "")), each[1]))[1]
