"""Settings -> an open house: the store, the vendors, the models, the gateway."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from teppan.build.agents import open_staff
from teppan.build.asking import Asking
from teppan.build.caching import in_front, open_cache
from teppan.build.confidence import open_assessor
from teppan.build.house import House, Offers
from teppan.build.lessons import open_lessons
from teppan.build.logs import log_to_stderr
from teppan.build.remembering import open_context, open_knowledge
from teppan.build.routing import open_routing
from teppan.build.spending import open_alarm, open_limits, open_purse
from teppan.build.steps import asking, open_ear, open_intents, open_shadow, window_of
from teppan.build.vendors import find_providers, offer, open_catalogue, open_prices
from teppan.build.virtual import direct, virtual_models
from teppan.config.check import check_names
from teppan.config.overlay import with_pack
from teppan.config.pack import Pack, load_pack
from teppan.config.schema import Settings
from teppan.core.chat import Json
from teppan.core.clock import Clock, SystemClock
from teppan.core.errors import ConfigError
from teppan.core.ids import content_hash, new_id
from teppan.core.release import Release
from teppan.core.secret import Secret
from teppan.cost.limits import Limits
from teppan.cost.meter import Meter
from teppan.cost.tokens import TokenCount
from teppan.providers.base import Clocks, Provider
from teppan.providers.breaker import BreakerPolicy
from teppan.providers.caller import Caller, CallerPolicy
from teppan.providers.catalogue import Catalogue
from teppan.providers.http import open_outbound
from teppan.providers.retry import RetryPolicy
from teppan.routing.intent import Intents
from teppan.serve.backroom import Backroom
from teppan.serve.call import Reach
from teppan.serve.feedback import FeedbackDesk
from teppan.serve.gateway import Gateway
from teppan.serve.language import Crossing
from teppan.serve.lineup import line_up
from teppan.serve.models import Models, Virtual
from teppan.serve.purse import Purse
from teppan.serve.record import Recorder
from teppan.serve.rewards import Rewards
from teppan.serve.steps import Rules, Steps, Unlimited
from teppan.serve.strategies.estimates import typed
from teppan.serve.trust import TrustBook
from teppan.store.store import Store

ROLES = ("critic", "teacher", "student")
"""Who has a part in writing lessons, where the settings name them."""
PEPPER, PEPPER_BYTES = "TEPPAN_PEPPER", 32


@asynccontextmanager
async def open_house(
    settings: Settings, clock: Clock | None = None, environment: Mapping[str, str] = os.environ
) -> AsyncIterator[House]:
    """The whole gateway, ready to answer; flushed and closed at the end."""
    log_to_stderr(settings.log)
    clock = clock or SystemClock()
    pack = load_pack(Path(settings.gateway.pack)) if settings.gateway.pack else None
    if pack is not None:
        settings = with_pack(settings, pack.settings, str(pack.folder / "pack.toml"))
    async with AsyncExitStack() as stack:
        store = await open_store(settings, clock, environment)
        stack.push_async_callback(store.close)
        outbound = open_outbound(environment)
        stack.push_async_callback(outbound.close)
        book = open_catalogue(settings)
        providers, found = await find_providers(book, settings, outbound, clock, environment)
        prices = open_prices(settings, found)
        offered = offer(found, prices)
        intents = open_intents(pack) if pack and pack.intents else None
        routing = open_routing(settings, offered, prices, book, store, clock, pack, intents)
        known = open_knowledge(settings, pack, store)
        stack.push_async_callback(known.close)
        ear = open_ear(settings, pack, store, clock)
        knowing, lineup = Crossing(known, ear), line_up(offered)
        staff = open_staff(
            settings, pack, store, knowing, ear.languages, intents, (lineup, routing)
        )
        stack.push_async_callback(staff.close)
        virtual = virtual_models(settings, pack, lineup, routing, staff.models, ear)
        await stack.enter_async_context(routing.kept_fresh())
        models = Models(
            virtual,
            {each.provider: each.models for each in found},
            partial(direct, settings.gateway.fallback),
        )
        refuse_unknown_names(settings, virtual, models, book)
        purse = open_purse(settings, prices, book, store, clock)
        limits = await stack.enter_async_context(open_limits(settings, clock, environment))
        trust = TrustBook(await store.trust.load(), store.trust, clock)
        caller = open_caller(settings, providers, clock)
        reach = open_reach(settings, caller, models, Meter(prices, clock), trust, purse)
        recorder = open_recorder(settings, store, clock, purse, limits, routing.rewards)
        stack.push_async_callback(recorder.drain)
        release = open_release(settings, pack)
        shadow = open_shadow(settings, reach, recorder, store, clock)
        stack.push_async_callback(shadow.drain)
        cache = await open_cache(
            settings, store, clock, ask=asking(caller, clock), environment=environment
        )
        stack.push_async_callback(cache.close)
        windows = partial(window_of, book, virtual)
        steps = Steps(
            limits=limits or Unlimited(),
            cache=in_front(cache, settings, clock, known, intents),
            reception=staff.reception,
            ear=ear,
            lessons=open_lessons(settings, store, intents),
            assessor=open_assessor(settings, pack, store, intents),
            context=open_context(settings, pack, store, clock, windows, knowing, staff.within),
            rules=staff.rules,
            behind=shadow,
        )
        open_gateway = gateways(settings, reach, trust, release, clock)
        gateway = open_gateway(recorder=recorder, steps=steps)
        behind = open_recorder(settings, store, clock, purse)
        stack.push_async_callback(behind.drain)
        jobs = job_steps(settings, store, intents, steps, staff.alone)
        ask = Asking(Backroom(open_gateway(recorder=behind, steps=jobs), store.paid))
        desk = FeedbackDesk(store.feedback, store.traces, cache, routing.rewards)
        offers = Offers(known, steps.limits, ask)
        yield House(settings, gateway, desk, store, found, prices, pack, offers)


def gateways(
    settings: Settings, reach: Reach, trust: TrustBook, release: Release, clock: Clock
) -> Callable[..., Gateway]:
    """Makes gateways over the same models: one for customers, one for jobs."""
    return partial(
        Gateway,
        reach,
        trust=trust,
        release=lambda: release,
        clock=clock,
        new_id=new_id,
        deadline=settings.clocks.deadline,
    )


def job_steps(
    settings: Settings, store: Store, intents: Intents | None, steps: Steps, rules: Rules
) -> Steps:
    """The steps that hold for jobs too: what is said there is remembered by name alone."""
    return Steps(
        ear=steps.ear,
        lessons=open_lessons(settings, store, intents, jobs=True),
        context=steps.context,
        rules=rules,
    )


async def open_store(
    settings: Settings, clock: Clock | None = None, environment: Mapping[str, str] = os.environ
) -> Store:
    return await Store.open(
        settings.store.url,
        durability=settings.store.durability,
        trace_days=settings.store.trace_days,
        pepper=pepper_of(environment),
        clock=clock or SystemClock(),
    )


def pepper_of(environment: Mapping[str, str]) -> Secret | None:
    """What goes into the hashes of keys where several gateways share a database server."""
    given = environment.get(PEPPER)
    if not given:
        return None
    if len(given.encode()) < PEPPER_BYTES:
        raise ConfigError(f"{PEPPER} must be {PEPPER_BYTES} random bytes or more")
    return Secret(given)


def open_reach(
    settings: Settings,
    caller: Caller,
    models: Models,
    meter: Meter,
    trust: TrustBook,
    purse: Purse | None,
) -> Reach:
    wanted, chance = settings.gateway, random.SystemRandom().random
    return Reach(
        caller,
        models,
        meter,
        trust,
        chance,
        max_depth=wanted.max_depth,
        max_calls=wanted.max_calls,
        purse=purse,
    )


def open_recorder(
    settings: Settings,
    store: Store,
    clock: Clock,
    purse: Purse | None,
    limits: Limits | None = None,
    learning: Rewards | None = None,
) -> Recorder:
    """What writes down what was spent and happened; for jobs without limits and rewards."""
    return Recorder(
        store.ledger,
        store.traces,
        content=settings.store.trace_content,
        purse=purse,
        alarm=open_alarm(settings, store, clock),
        limits=limits,
        learning=learning,
        outcomes=store.outcomes if learning is not None else None,
    )


def refuse_unknown_names(
    settings: Settings, virtual: Sequence[Virtual], models: Models, book: Catalogue
) -> None:
    """Raises `ConfigError` for models that do not exist; one whose vendor has no key yet may."""
    single = {
        "context.summary_model": settings.context.summary_model,
        "shadow.model": settings.shadow.model,
        "costs.reference_model": settings.costs.reference_model,
        **{f"learn.lessons.{role}": getattr(settings.learn.lessons, role) for role in ROLES},
    }
    if "translator" in settings.language.model_fields_set:
        single["language.translator"] = settings.language.translator
    problems = check_names(
        {each.name: each.asks for each in virtual},
        {
            "gateway.fallback": settings.gateway.fallback,
            **{path: [name] for path, name in single.items() if name},
        },
        book.names,
        models.bare(),
    )
    if problems:
        raise ConfigError(
            "; ".join(f"{each.path}: {each.told}; {each.remedy}" for each in problems)
        )


def open_caller(settings: Settings, providers: Mapping[str, Provider], clock: Clock) -> Caller:
    clocks = settings.clocks
    policy = CallerPolicy(
        clocks=Clocks(clocks.connect, clocks.first_token, clocks.idle, clocks.total),
        retry=RetryPolicy(**settings.retry.model_dump()),
        breaker=BreakerPolicy(**settings.breaker.model_dump()),
    )
    dice = random.SystemRandom()
    return Caller(providers, counting=TokenCount(), clock=clock, dice=dice, policy=policy)


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
    words = msgspec.json.encode(
        [sorted(prompts.items()), states, pack.version if pack else "", settings.models]
    )
    return Release(f"rel_{content_hash(words)[:12]}", prompts, typed(states) if states else {})
