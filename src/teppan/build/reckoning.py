"""Settings and store -> what the verbs about money tell: savings, budgets, advice.

No vendor is asked: prices and names come from the settings, the catalogue and the ledger.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from teppan.build.spending import open_pots
from teppan.build.vendors import open_catalogue
from teppan.config.schema import Settings
from teppan.core.budget import Pot
from teppan.core.ids import LOCAL
from teppan.core.money import MICROS_PER_DOLLAR, Micros, micros
from teppan.cost.advisor import Advice, Facts, Rental, advise
from teppan.cost.budget import Budget, Pots
from teppan.cost.prices import Prices, Rates, override
from teppan.cost.savings import Savings, dearest, savings, tiers_of
from teppan.store.budgets import Standing
from teppan.store.store import Store

DAY = 86_400.0


def open_rates(settings: Settings, environment: Mapping[str, str] = os.environ) -> Prices:
    """Prices as the gateway has them, without asking a vendor for its models."""
    local = [each.name for each in open_catalogue(settings).vendors(environment) if each.local]
    return Prices([override(**row.model_dump()) for row in settings.prices], local=local)


async def savings_of(settings: Settings, store: Store, since: float, until: float) -> Savings | str:
    """What was saved against the reference model in a time; or why nobody can tell."""
    if not settings.costs.tracking:
        return "costs.tracking is off"
    prices = open_rates(settings)
    reference = settings.costs.reference_model
    if reference is None:
        used = await store.costs.summary(LOCAL, "model", since=since, until=until)
        reference = dearest([row.name for row in used], prices, until)
        if reference is None:
            return "no model with a known price was used; set costs.reference_model"
    rates = prices.rates(reference, until)
    if rates is None:
        return f"the price of the reference model {reference} is unknown; add it under [[prices]]"
    rows = await store.costs.asked(LOCAL, tiers_of(rates), since=since, until=until)
    if not rows:
        return "no traces of that time are kept"
    return savings(reference, rates, rows)


async def standings_of(settings: Settings, store: Store, at: float) -> list[Standing]:
    """Every budget now; one that counts apart has a row for each who has paid from it."""
    pots = open_pots(settings)
    found: list[Pot] = []
    for budget in pots.budgets:
        found += [pots.pot(budget, whom, at) for whom in await _whom(pots, budget, store, at)]
    return await store.budgets.standings(found)


async def _whom(pots: Pots, budget: Budget, store: Store, at: float) -> list[str]:
    if budget.whose == "whole":
        return [""]
    if budget.only is not None:
        return [budget.only]
    return await store.budgets.known(budget.name, pots.pot(budget, "", at).window)


async def advice_of(settings: Settings, store: Store, rental: Rental, now: float) -> Advice:
    """What the last 30 days say."""
    since = now - 30 * DAY
    measured = await store.costs.figures(since, now)
    models = await store.costs.summary(LOCAL, "model", since=since, until=now)
    prices = open_rates(settings)
    facts = Facts(
        days=(now - measured.first) / DAY if measured.first else 0.0,
        calls=measured.calls,
        unknown=measured.unknown,
        cost=measured.cost,
        input=measured.input,
        output=measured.output,
        busiest=measured.busiest,
        rows=measured.rows,
        examples=measured.examples if settings.store.trace_content else 0,
        rated=measured.rated,
        overhead=measured.overhead,
        shares={row.name: row.cost for row in models},
        batchable=sum(_batchable(row.cost, prices.rates(row.name, now)) for row in models),
        server=store.health().engine.startswith("postgresql"),
        redis=settings.cluster.redis is not None,
        limits=bool(settings.limits),
        cache_and_router=settings.cache.exact and settings.router.enabled,
    )
    return advise(facts, micros(settings.costs.api_threshold), rental)


def _batchable(cost: Micros, rates: Rates | None) -> Micros:
    """What of a cost the vendor's batches would save."""
    if rates is None or rates.batch is None:
        return 0
    return cost - cost * rates.batch // MICROS_PER_DOLLAR
