"""Settings in, a wired house out: the one file that knows every class.

async with open_house(settings) as house:
    answer = await house.gateway.answer(request, scope)
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from teppan.config.load import resolve_key
from teppan.config.pack import Pack, load_pack
from teppan.config.schema import Settings
from teppan.core.chat import ChatRequest, Json, Usage
from teppan.core.clock import Clock, SystemClock
from teppan.core.errors import ConfigError
from teppan.core.ids import LOCAL, content_hash, new_id
from teppan.core.release import Release
from teppan.core.reply import Reply
from teppan.core.secret import Secret
from teppan.core.trace import Route
from teppan.cost.meter import Meter
from teppan.cost.prices import Prices, override
from teppan.cost.tokens import TokenCount
from teppan.estimate.trust import PRIOR
from teppan.learn.evals.backtest import Answering, Served
from teppan.providers import catalogue
from teppan.providers.base import Clocks, Provider
from teppan.providers.breaker import BreakerPolicy
from teppan.providers.caller import Caller, CallerPolicy
from teppan.providers.catalogue import Catalogue
from teppan.providers.discovery import Found, discover
from teppan.providers.embed import HashingEmbedder
from teppan.providers.http import Outbound, open_outbound
from teppan.providers.http_provider import HttpProvider
from teppan.providers.replay import NAME as REPLAY
from teppan.providers.replay import Recordings, ReplayProvider
from teppan.providers.retry import RetryPolicy
from teppan.serve.call import JourneyCall, Reach
from teppan.serve.gateway import Gateway
from teppan.serve.journey import Journey
from teppan.serve.lineup import Lineup, Offered, filled, line_up
from teppan.serve.models import Models, Routed, Virtual
from teppan.serve.record import Recorder
from teppan.serve.strategies.base import Strategy
from teppan.serve.strategies.registry import STRATEGIES
from teppan.serve.strategies.registry import build as build_strategy
from teppan.serve.trust import TrustBook
from teppan.store.store import Store

DEFAULT = "consensus"
"""The strategy of whoever names none, when there is more than one model."""


class Named(Struct, frozen=True):
    """A row of `teppan models`; prices are dollars per million tokens, as text."""

    name: str
    kind: str
    input: str = ""
    output: str = ""
    about: str = ""


class House:
    """Everything wired. Surfaces hold this and decide nothing."""

    def __init__(
        self,
        settings: Settings,
        gateway: Gateway,
        store: Store,
        found: Sequence[Found],
        prices: Prices,
        pack: Pack | None,
    ) -> None:
        self.settings = settings
        self.gateway = gateway
        self.store = store
        self.found = tuple(found)
        self.pack_name = pack.name if pack else ""
        self._prices = prices
        self._virtual = [name for name in gateway.models.names() if gateway.models.virtual(name)]

    def virtual_names(self) -> list[str]:
        return self._virtual

    def default_model(self) -> str:
        """What is asked when no model is named: the consensus of all, or the only one there is."""
        if not self.found:
            raise ConfigError(
                "no vendor was found: set a vendor's key (`teppan doctor` names the variables), "
                "start a local model, or name one in teppan.toml"
            )
        return f"teppan/{DEFAULT}"

    def ensemble(self, strategy: str, models: int | Sequence[str] | None) -> Routed:
        """A strategy for one request: over the models named, or over so many of those found."""
        self.default_model()
        offered = offer(self.found, self._prices)
        if isinstance(models, int):
            if models < 1:
                raise ConfigError("`models` must be at least 1")
            wanted = line_up(offered).panel[:models]
        elif models is not None:
            wanted = tuple(self.gateway.models.real(name) for name in models)
        else:
            wanted = line_up(offered).panel
        rates = {each.model: each for each in offered}
        lineup = line_up([rates.get(name, Offered(name)) for name in wanted])
        made = build_strategy(strategy, filled(strategy, {}, lineup), embedder())
        return Routed(Route(f"ensemble/{strategy}", strategy, "asked for once"), made)

    def names(self) -> list[Named]:
        """Every name a client may call, with its price."""
        rows = []
        now = SystemClock.now()
        for name in self.gateway.models.names():
            if name in self._virtual:
                rows.append(Named(name, "virtual", about=self.gateway.models.about(name)))
                continue
            rates = self._prices.rates(name, now)
            tier = rates.tiers[0] if rates else None
            rows.append(
                Named(
                    name,
                    "model",
                    f"{tier.input / 1e6:.2f}" if tier else "unknown",
                    f"{tier.output / 1e6:.2f}" if tier else "unknown",
                )
            )
        return rows


@asynccontextmanager
async def open_house(
    settings: Settings, clock: Clock | None = None, environment: Mapping[str, str] = os.environ
) -> AsyncIterator[House]:
    """The whole gateway, ready to answer; flushed and closed at the end."""
    clock = clock or SystemClock()
    pack = load_pack(Path(settings.gateway.pack)) if settings.gateway.pack else None
    async with AsyncExitStack() as stack:
        store = await open_store(settings, clock)
        stack.push_async_callback(store.close)
        outbound = open_outbound(environment)
        stack.push_async_callback(outbound.close)
        providers, found = await find_providers(settings, outbound, clock, environment)
        prices = open_prices(settings, found)
        lineup = line_up(offer(found, prices))
        models = Models(
            virtual_models(settings, pack, lineup),
            {each.provider: each.models for each in found},
            partial(direct, settings.gateway.fallback),
        )
        reach = Reach(
            open_caller(settings, providers, clock),
            models,
            Meter(prices, clock),
            trust := TrustBook(await store.trust.load(), store.trust, clock),
            random.SystemRandom().random,
            max_depth=settings.gateway.max_depth,
            max_calls=settings.gateway.max_calls,
        )
        recorder = Recorder(store.ledger, store.traces, content=settings.store.trace_content)
        stack.push_async_callback(recorder.drain)
        release = open_release(settings, pack)
        gateway = Gateway(
            reach,
            recorder,
            trust,
            lambda: release,
            clock=clock,
            new_id=new_id,
            deadline=settings.clocks.deadline,
        )
        yield House(settings, gateway, store, found, prices, pack)


async def open_store(settings: Settings, clock: Clock | None = None) -> Store:
    return await Store.open(
        settings.store.url,
        durability=settings.store.durability,
        trace_days=settings.store.trace_days,
        clock=clock or SystemClock(),
    )


async def find_providers(
    settings: Settings, outbound: Outbound, clock: Clock, environment: Mapping[str, str]
) -> tuple[dict[str, Provider], list[Found]]:
    """Every vendor that has a key, needs none, or is named in the settings, and its models."""
    book = catalogue.load({name: row.model_dump() for name, row in settings.providers.items()})
    providers: dict[str, Provider] = {}
    asking = []
    for vendor in book.vendors(environment):
        row = settings.providers.get(vendor.name)
        keys = open_keys(row.keys if row else (), vendor.key_env, environment)
        if vendor.needs_key and not keys and row is None:
            continue
        provider = HttpProvider(
            vendor, book.dialects, keys, outbound, partial(book.capabilities, vendor.name), clock
        )
        providers[vendor.name] = provider
        asking.append(
            discover(
                provider,
                named=row.models if row else (),
                suggested=book.suggested(vendor.name),
                local=vendor.local,
            )
        )
    found = [each for each in await asyncio.gather(*asking) if each is not None]
    return providers, found


def open_keys(
    references: Sequence[str], variables: Sequence[str], environment: Mapping[str, str]
) -> list[Secret]:
    """The keys the settings refer to, else the one in the vendor's usual variable."""
    if references:
        return [resolve_key(reference, environment) for reference in references]
    named = [name for name in variables if environment.get(name)]
    return [resolve_key(f"env:{named[0]}", environment)] if named else []


def open_caller(settings: Settings, providers: Mapping[str, Provider], clock: Clock) -> Caller:
    clocks = settings.clocks
    policy = CallerPolicy(
        clocks=Clocks(clocks.connect, clocks.first_token, clocks.idle, clocks.total),
        retry=RetryPolicy(**settings.retry.model_dump()),
        breaker=BreakerPolicy(**settings.breaker.model_dump()),
    )
    dice = random.SystemRandom()
    return Caller(providers, counting=TokenCount(), clock=clock, dice=dice, policy=policy)


def open_prices(settings: Settings, found: Sequence[Found]) -> Prices:
    own = [override(**row.model_dump()) for row in settings.prices]
    return Prices(own, local={each.provider for each in found if each.local})


def offer(found: Sequence[Found], prices: Prices) -> list[Offered]:
    """The models ensembles are built from, with their prices."""
    offered = []
    now = SystemClock.now()
    for each in found:
        for name in each.worth:
            rates = prices.rates(f"{each.provider}/{name}", now)
            rate = rates.tiers[0].input + rates.tiers[0].output if rates else None
            offered.append(Offered(f"{each.provider}/{name}", rate))
    return offered


def virtual_models(settings: Settings, pack: Pack | None, lineup: Lineup) -> list[Virtual]:
    """`teppan/STRATEGY` for each strategy, the pack's models, and those of the settings."""
    tables: dict[str, dict[str, Any]] = {}
    if lineup.panel:
        tables |= {f"teppan/{name}": {"strategy": name} for name in STRATEGIES}
    tables |= pack.models if pack else {}
    tables |= settings.models
    constitution = pack.constitution if pack else ""
    return [virtual(name, table, lineup, constitution) for name, table in tables.items()]


def virtual(name: str, table: Mapping[str, Any], lineup: Lineup, constitution: str) -> Virtual:
    """One virtual model from its table. Raises `ConfigError` naming the model and the field."""
    settings = dict(table)
    strategy = settings.pop("strategy", None)
    prompt, about = settings.pop("prompt", None), settings.pop("about", "")
    if not isinstance(strategy, str):
        raise ConfigError(f"models.{name}: `strategy` must be one of {', '.join(STRATEGIES)}")
    if strategy == "critic" and prompt and "constitution" not in settings:
        settings["constitution"] = constitution
    try:
        made = build_strategy(strategy, filled(strategy, settings, lineup), embedder())
    except ConfigError as error:
        raise ConfigError(f"models.{name}: {error.message}") from error
    return Virtual(name, made, prompt, about)


def direct(fallback: tuple[str, ...], model: str) -> Strategy:
    """How one real model answers: alone, or first in the gateway's chain."""
    chain = tuple(name for name in fallback if name != model)
    return build_strategy("single", {"model": model, "fallback": chain})


def embedder() -> Any:
    return HashingEmbedder().embed


def open_release(settings: Settings, pack: Pack | None) -> Release:
    """What is live: the pack's prompts and the fitted states; named by their content."""
    states: dict[str, Json] = {}
    if settings.gateway.fitted:
        path = Path(settings.gateway.fitted)
        try:
            states = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        except (OSError, msgspec.DecodeError) as error:
            raise ConfigError(f"gateway.fitted: {path} cannot be read: {error}") from None
    prompts = pack.prompts if pack else {}
    words = msgspec.json.encode([sorted(prompts.items()), states])
    return Release(f"rel_{content_hash(words)[:12]}", prompts, states)


def replaying(
    recordings: Recordings,
    strategy: str,
    settings: Mapping[str, Json],
    states: Mapping[str, Any],
    trust: Mapping[str, float],
) -> Answering:
    """A strategy over recorded answers, for back-tests: its real code, and nobody is called.

    `states` are those of a release, `trust` is by the name of a model, for any task. Every model
    that is asked answers at once, so nothing is saved by stopping early.
    """
    provider = ReplayProvider(recordings)
    made = build_strategy(strategy, settings, embedder())
    clock, chance = SystemClock(), random.Random(0)
    reach = Reach(
        Caller({REPLAY: provider}, counting=TokenCount(), clock=clock, dice=chance),
        Models((), {REPLAY: recordings.models}, partial(direct, ())),
        _Unpriced(),
        _Given(trust),
        chance.random,
        max_depth=4,
        max_calls=10_000,
    )
    release = Release("rel_replay", {}, states)

    async def answer(request: ChatRequest) -> Served:
        journey = Journey(request, LOCAL, "replay", clock=clock, new_id=new_id, allowed=60.0)
        outcome = await made.run(request, JourneyCall(reach, journey, release))
        asked = [call.model.removeprefix(f"{REPLAY}/") for call in journey.calls]
        extra = outcome.reply.completion.extra if isinstance(outcome.reply, Reply) else None
        return Served(
            row=(extra or {}).get("recorded"),
            asked=tuple(provider.recorded(request, model) for model in asked),
            confidence=outcome.confidence.value if outcome.confidence else None,
        )

    return answer


class _Given:
    """Trust that is given and does not change."""

    def __init__(self, scores: Mapping[str, float]) -> None:
        self._scores = scores

    def of(self, model: str, task_type: str | None) -> float:
        return self._scores.get(model, PRIOR)


class _Unpriced:
    """Recorded answers carry their own cost: no price list is asked."""

    def price(self, model: str, returned: str, usage: Usage) -> tuple[None, str]:
        return None, ""


def open_catalogue(settings: Settings) -> Catalogue:
    """Every vendor Teppan knows, changed by the settings: for `teppan doctor`."""
    return catalogue.load({name: row.model_dump() for name, row in settings.providers.items()})
