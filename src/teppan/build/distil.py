"""Settings -> what a run of distillation works with: its money, its models, what judges answers."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Any, cast

import msgspec
from msgspec import Struct

from teppan.build.casting import Cast
from teppan.build.datasets import evaluation_sets
from teppan.build.house import House
from teppan.build.opening import open_house, open_store
from teppan.build.privacy import open_scrubber
from teppan.build.spending import open_calendar
from teppan.build.steps import open_intents
from teppan.config.load import load
from teppan.config.overlay import with_pack
from teppan.config.pack import Pack, load_pack
from teppan.config.schema import Settings
from teppan.config.schema.spending import BudgetSettings
from teppan.core.chat import ChatRequest, Json, Message
from teppan.core.errors import UnsupportedRequest
from teppan.core.ids import Scope, content_hash
from teppan.core.money import MICROS_PER_DOLLAR, Micros
from teppan.core.signal import PartName
from teppan.learn.asking import NOBODY, About, Ask, Asked
from teppan.learn.datasets.leaks import LeakCheck
from teppan.learn.distil.desk import Desk, Job
from teppan.learn.distil.pairs import PairDesk
from teppan.learn.distil.seeds import seeds
from teppan.learn.distil.sieve import Sieve, Wanted
from teppan.learn.distil.tasks import Task
from teppan.learn.scoring import Scorer
from teppan.learn.signals import Filters, terms_by
from teppan.providers.embed import HashingEmbedder
from teppan.routing.intent import Intents
from teppan.routing.language import Languages
from teppan.serve.guard.guard import Guard
from teppan.store.distil import key_of
from teppan.store.store import Store

BUDGET = "distil"
"""The budget that counts a run's key."""
PAGE = 500


class Wish(Struct, frozen=True, kw_only=True):
    """What a person asked for. `name` empty: one is made of the list and the model."""

    model: str
    tasks: tuple[Task, ...]
    listed: str
    name: str = ""
    budget: Micros | None = None
    concurrency: int | None = None
    temperature: float | None = None
    numbers: int = 0
    expand: int = 0
    expander: str = ""
    languages: tuple[str, ...] = ()
    allow_unknown: bool = False


class Distillery(Struct, frozen=True):
    """What a surface needs: do `distil(desk, scope, job, ...)`."""

    house: House
    desk: Desk
    job: Job


@asynccontextmanager
async def open_distillery(
    settings: Settings, wish: Wish, scope: Scope
) -> AsyncIterator[Distillery]:
    """A house whose purse counts this run's calls against its budget, exactly, whoever asks."""
    pack = load_pack(Path(settings.gateway.pack)) if settings.gateway.pack else None
    if pack is not None:
        settings = with_pack(settings, pack.settings, str(pack.folder / "pack.toml"))
    wanted = settings.learn.distil
    model = _named(wish.model, settings, pack)
    made_of = _made_of(settings, pack, model, wish)
    name = wish.name or f"{_word(Path(wish.listed).stem)}-{_word(Path(model).name)}-{made_of[:6]}"
    budget = _micros(wanted.budget) if wish.budget is None else wish.budget
    bounded = await _bounded(settings, scope, key_of(name), budget, wish.allow_unknown)
    async with open_house(bounded) as house:
        house.gateway.models.route(ChatRequest(model=model, messages=()))
        if wish.expander:
            house.gateway.models.route(ChatRequest(model=wish.expander, messages=()))
        job = Job(
            name=name,
            model=model,
            made_of=made_of,
            tasks=wish.tasks,
            budget=budget,
            concurrency=wish.concurrency or wanted.concurrency,
            temperature=wish.temperature,
            numbers=wish.numbers,
            expand=wish.expand,
            expander=wish.expander,
            languages=wish.languages,
            allow_unknown=wish.allow_unknown,
        )
        yield Distillery(house, open_desk(settings, pack, house), job)


def open_desk(settings: Settings, pack: Pack | None, house: House) -> Desk:
    """What a run works with."""
    learn, wanted = settings.learn, settings.learn.distil
    languages = Languages(settings.language.languages or (pack.languages if pack else ()))
    vectors = HashingEmbedder().vectors
    behind = Cast(settings, pack, house)
    keeps = Wanted(
        confidence=wanted.confidence,
        agreement=wanted.agreement,
        critic=wanted.critic,
        unjudged=wanted.unjudged,
        terms=Filters().terms,
    )
    intents = Naming(open_intents(pack)) if pack and pack.intents else None
    weights = cast("Mapping[PartName, float]", learn.weights.model_dump())
    return Desk(
        ask=Capped(house.ask, wanted.max_tokens),
        records=house.store.distil,
        signals=house.store.signals,
        sieve=Sieve(keeps, terms_by(learn.terms), languages, vectors),
        scores=Scorer(languages, vectors, weights),
        leaks=LeakCheck(evaluation_sets(settings, pack), learn.datasets.leak),
        languages=languages,
        reckon=behind.reckon,
        writers=behind.writers,
        alone=behind.alone,
        judged_by=content_hash(msgspec.json.encode([keeps.name, sorted(learn.terms.items())])),
        intent_of=intents.of if intents else None,
    )


class Naming:
    """Names intents from several threads; learning them takes a moment and is done once."""

    def __init__(self, intents: Intents) -> None:
        self._intents = intents
        self._turn = Lock()

    def of(self, text: str) -> str:
        with self._turn:
            return self._intents.of(text)[0]


class Capped:
    """Asks for answers of at most so many tokens, so that little has to be set aside for each."""

    def __init__(self, ask: Ask, most: int) -> None:
        self._ask = ask
        self._most = most

    async def __call__(
        self,
        scope: Scope,
        model: str,
        messages: Sequence[Message],
        *,
        key: str,
        about: About = NOBODY,
        schema: Mapping[str, Json] | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> Asked:
        return await self._ask(
            scope,
            model,
            messages,
            key=key,
            about=about,
            schema=schema,
            temperature=temperature,
            max_tokens=min(max_tokens or self._most, self._most),
        )


async def traced(settings: Settings, store: Store, scope: Scope, days: int) -> tuple[Task, ...]:
    """The questions of the last days' conversations, scrubbed."""
    pack = load_pack(Path(settings.gateway.pack)) if settings.gateway.pack else None
    scrubber, since = open_scrubber(settings, pack), time.time() - days * 86_400
    found: list[Task] = []
    before: str | None = None
    while True:
        page = await store.traces.list(scope, limit=PAGE, before=before)
        fresh = [each for each in page if each.started >= since and each.tenant == scope.tenant]
        found = seeds(fresh, scrubber) + found
        if len(page) < PAGE or page[-1].started < since:
            return tuple(found)
        before = page[-1].id


@asynccontextmanager
async def open_records(config: str | None) -> AsyncIterator[tuple[Settings, Store]]:
    """The settings and the store alone, for what asks nobody."""
    settings = load(Path(config) if config else None)
    store = await open_store(settings)
    try:
        yield settings, store
    finally:
        await store.close()


async def _bounded(
    settings: Settings, scope: Scope, key: str, budget: Micros, allow_unknown: bool
) -> Settings:
    """The settings with a hard budget for the run's key: what is left of it in this month.

    Budgets begin anew each month and a run's does not, so what earlier months spent is taken off.
    """
    store = await open_store(settings)
    try:
        begin = open_calendar(settings).window("month", time.time()).begin
        now = await store.distil.spent(scope, key, begin)
        earlier = await store.distil.spent(scope, key) - now
    finally:
        await store.close()
    left = Decimal(max(0, budget - earlier)) / MICROS_PER_DOLLAR
    name, taken = BUDGET, {each.name for each in settings.budgets}
    while name in taken:
        name += "."
    ours = BudgetSettings(name=name, whose="key", only=key, dollars=f"{left:.6f}")
    costs: dict[str, Any] = {"tracking": True}
    if allow_unknown:
        costs["unknown_price"] = "allow"
    return settings.model_copy(
        update={
            "budgets": (*settings.budgets, ours),
            "costs": settings.costs.model_copy(update=costs),
        }
    )


def _named(model: str, settings: Settings, pack: Pack | None) -> str:
    """The full name of a pack's model: `support` may stand for `shop/support`."""
    if model.startswith("agent/"):
        raise UnsupportedRequest(
            f"`{model}` acts for customers and cannot be distilled; name the model behind it"
        )
    tables = {**(pack.models if pack else {}), **settings.models}
    full = f"{pack.name}/{model}" if pack else model
    return full if model not in tables and full in tables else model


def _made_of(settings: Settings, pack: Pack | None, model: str, wish: Wish) -> str:
    """Names all that answers depend on besides the question: edited prompts are asked anew."""
    tables = {**(pack.models if pack else {}), **settings.models}
    parts: list[object] = [model, wish.temperature, settings.learn.distil.max_tokens]
    if model in tables or model.startswith("teppan/"):
        parts += [pack.version if pack else "", tables]
    return content_hash(msgspec.json.encode(parts, order="sorted"))[:12]


def _micros(dollars: str) -> Micros:
    return int(Decimal(dollars) * MICROS_PER_DOLLAR)


def _word(text: str) -> str:
    """A part of a name: letters and digits."""
    kept = "".join(each if each.isascii() and each.isalnum() else "-" for each in text)
    return "-".join(filter(None, kept.split("-")))[:24] or "tasks"


def open_pairs(settings: Settings, pack: Pack | None, store: Store) -> PairDesk:
    """What pairs of teacher and student are made with: `pairs(desk, scope, since, until, report)`
    is a stage of the night, after that of the signals."""
    if pack is None or not pack.rules:
        return PairDesk(store.shadow_words, store.signals)
    guard = Guard(pack.book, Languages(pack.languages), random.random)

    def breaks(messages: Sequence[Message], text: str) -> bool:
        request = ChatRequest(model=pack.name, messages=tuple(messages))
        return bool(guard.check(request, text).violations)

    return PairDesk(store.shadow_words, store.signals, breaks)
