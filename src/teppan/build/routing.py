"""Settings -> what routers go by: targets, prices, abilities, intents, and records that are kept.

routing = open_routing(settings, pack, offered, prices, book, store, clock, intents)
virtual = virtual_models(settings, pack, lineup, routing)
async with routing.kept_fresh(): ...
routing.rewards                  what feedback and verdicts are told to
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from msgspec.structs import asdict

from teppan.config.pack import Pack
from teppan.config.schema import Settings
from teppan.core.clock import Clock
from teppan.core.errors import StoreError
from teppan.cost.prices import Prices
from teppan.providers.catalogue import Catalogue
from teppan.providers.embed import open_embedder
from teppan.routing.bandit import Arm
from teppan.routing.book import Book, Reward
from teppan.routing.fare import Rate
from teppan.routing.intent import Intents
from teppan.routing.language import Languages
from teppan.serve.lineup import Lineup, Offered, line_up, targets
from teppan.serve.models import Virtual
from teppan.serve.rewards import Rewards
from teppan.serve.strategies.auto import Guide
from teppan.store.bandit import ArmRow, Bandit, Step
from teppan.store.store import Store

_log = structlog.get_logger(__name__)

FRESH_SECONDS = 20.0
"""Seconds after which rewards that other gateways learned are taken over."""
RATES_SECONDS = 60.0
"""Seconds for which a looked-up price is remembered."""


class Routing:
    """What every router of this gateway shares. `know` it the virtual models once they are made."""

    def __init__(
        self,
        settings: Settings,
        lineup: Lineup,
        prices: Prices,
        catalogue: Catalogue,
        guide: Guide,
        bandit: Bandit,
    ) -> None:
        self._settings = settings
        self._lineup = lineup
        self._prices = prices
        self._catalogue = catalogue
        self._guide = guide
        self._bandit = bandit
        self._books: dict[str, Book] = {}
        self._asks: dict[str, tuple[str, ...]] = {}
        self._rates: dict[str, tuple[float, Rate | None]] = {}
        self.rewards = Rewards(self._books)

    def table(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """The settings of a virtual model of the strategy `auto`: its own, over `[router]`."""
        router = self._settings.router
        below = router.model_dump(exclude={"default_provider"}, exclude_none=True)
        found = {**targets(self._lineup), **below} if self._lineup.panel else below
        if table.get("kind", router.kind) == "learned":
            found.pop("models", None)  # a fitted router chooses among all models it knows
        return {**found, **table}

    def guide(self, name: str) -> Guide:
        """What the router of one virtual model is given."""
        book = self._books[name] = Book(name, _Kept(self._bandit))
        parts = {field: getattr(self._guide, field) for field in self._guide.__struct_fields__}
        return Guide(
            **{**parts, "book": book, "rates": self.rates, "calls_tools": self.calls_tools}
        )

    def book(self, name: str) -> Book:
        """The records of one virtual model."""
        return self._books[name]

    def know(self, virtual: Sequence[Virtual]) -> None:
        """Tells what the virtual models ask, so that ensembles have a price and abilities too."""
        self._asks = {each.name: each.asks for each in virtual}

    def rates(self, model: str) -> Rate | None:
        """The rates of a model now: those of an ensemble are the sum of its members'."""
        now = self._guide.clock.now()
        known = self._rates.get(model)
        if known is None or not 0.0 <= now - known[0] < RATES_SECONDS:
            known = self._rates[model] = (now, self._looked_up(model, now))
        return known[1]

    def calls_tools(self, model: str) -> bool:
        """Whether a model calls tools; an ensemble does when all its members do."""
        members = self._members(model)
        if members != (model,):
            return all(map(self.calls_tools, members))
        provider, _, name = model.partition("/")
        return self._catalogue.capabilities(provider, name).tools

    async def refresh(self) -> None:
        """Takes over what the store knows. Raises `StoreError`."""
        for book in self._books.values():
            await book.refresh()

    @asynccontextmanager
    async def kept_fresh(self) -> AsyncIterator[None]:
        """While it lasts, records follow what other gateways learn."""
        await self.refresh()
        if self._guide.intents is not None and self._guide.intents.names:
            await asyncio.to_thread(self._guide.intents.teach)
        task = asyncio.create_task(self._following())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _following(self) -> None:
        while True:
            await asyncio.sleep(FRESH_SECONDS)
            try:
                await self.refresh()
            except StoreError as error:
                _log.warning("router.records_not_refreshed", error=error.message)

    def _looked_up(self, model: str, now: float) -> Rate | None:
        members = self._members(model)
        if members != (model,):
            return _summed([self._looked_up(each, now) for each in members])
        rates = self._prices.rates(model, now)
        if rates is None:
            return None
        tier = rates.tiers[0]
        return Rate(tier.input, tier.output, tier.cached)

    def _members(self, model: str) -> tuple[str, ...]:
        return self._asks.get(model) or (model,)


def open_routing(
    settings: Settings,
    offered: Sequence[Offered],
    prices: Prices,
    catalogue: Catalogue,
    store: Store,
    clock: Clock,
    pack: Pack | None = None,
    intents: Intents | None = None,
) -> Routing:
    """Raises `ConfigError` for an embedder that cannot be opened."""
    provider = settings.router.default_provider
    chosen = [each for each in offered if provider in (None, each.provider)] or offered
    spec = settings.cache.embedder
    local = spec == "hashing" or spec.partition(":")[0] in ("static", "minilm")
    embedder = open_embedder(spec) if local else None
    guide = Guide(
        languages=Languages(pack.languages if pack else ()),
        intents=intents,
        embed=embedder.embed if embedder else None,
        embedder=embedder.name if embedder else "",
        clock=clock,
    )
    return Routing(settings, line_up(chosen), prices, catalogue, guide, store.bandit)


class _Kept:
    """The records of a router, in the store."""

    def __init__(self, bandit: Bandit) -> None:
        self._bandit = bandit

    async def load(self, router: str) -> dict[tuple[str, str], Arm]:
        return {key: _arm(row) for key, row in (await self._bandit.load(router)).items()}

    async def add(self, router: str, reward: Reward) -> Arm:
        return _arm(await self._bandit.add(Step(router=router, **asdict(reward))))


def _arm(row: ArmRow) -> Arm:
    return Arm(**asdict(row))


def _summed(rates: Sequence[Rate | None]) -> Rate | None:
    """The rates of several models that are all asked; unknown as soon as one is."""
    known = [each for each in rates if each is not None]
    if len(known) < len(rates):
        return None
    return Rate(
        sum(each.input for each in known),
        sum(each.output for each in known),
        sum(each.input if each.cached is None else each.cached for each in known),
        sum(each.calls for each in known),
    )
