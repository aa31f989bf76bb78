"""Lessons, wired: what gives them to prompts, and the stages of the night that make them.

lessons = open_lessons(settings, store, intents)      # beside the other steps of the gateway
lesson_stages(house)                                  # by the names of `learn.loop.NIGHT`
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from teppan.build.house import House
from teppan.build.learning import Told
from teppan.build.privacy import open_scrubber
from teppan.build.steps import open_intents
from teppan.build.vendors import offer, open_prices
from teppan.config.pack import Pack
from teppan.config.rules import Rulebook
from teppan.config.schema import Settings
from teppan.config.schema.lessons import LessonSettings
from teppan.core.chat import ChatRequest, say
from teppan.core.clock import Clock, SystemClock
from teppan.core.errors import ConfigError
from teppan.core.money import micros
from teppan.core.signal import PartName
from teppan.knowledge.lessons import Measure
from teppan.learn.lessons import Desk, Policy, Roles, find_and_write, measure, try_out
from teppan.learn.lessons.desk import Facts, Severity
from teppan.learn.loop import Run
from teppan.learn.scoring import Scorer
from teppan.providers.embed import Embedder, HashingEmbedder, open_embedder
from teppan.routing.intent import Intents
from teppan.routing.language import Languages
from teppan.serve.guard.guard import Guard
from teppan.serve.lessons import LiveLessons, NoLessons
from teppan.serve.lineup import Lineup, filled, line_up
from teppan.serve.strategies.registry import read_settings
from teppan.store.store import Store

SAID = ("amounts", "minimum", "surcharge", "forbidden", "promise", "quantity")
"""Checks that hold for a sentence by itself; the others need a question or a whole answer."""
_RANK: Mapping[Severity, int] = {"": 0, "low": 1, "medium": 2, "high": 3}


def open_lessons(
    settings: Settings, store: Store, intents: Intents | None, *, jobs: bool = False
) -> LiveLessons | NoLessons:
    """What gives lessons to questions; those of `jobs` are never withheld, so that a step that is
    taken again asks the same. Raises `ConfigError` for an embedder that is not there."""
    wanted = settings.learn.lessons
    if not wanted.enabled:
        return NoLessons()
    return LiveLessons(
        store.lessons,
        open_lesson_embedder(wanted),
        measure_of(wanted),
        0.0 if jobs else wanted.withhold,
        random.SystemRandom().random,
        intents.of if intents else None,
    )


def open_lesson_embedder(wanted: LessonSettings) -> Embedder:
    try:
        return open_embedder(wanted.embedder)
    except ConfigError as error:
        told = error.message.replace("cache.embedder", "learn.lessons.embedder")
        raise ConfigError(told) from None


def measure_of(wanted: LessonSettings) -> Measure:
    return Measure(wanted.given, wanted.similarity, wanted.kin, wanted.letters)


def policy_of(settings: Settings) -> Policy:
    wanted = settings.learn.lessons
    cases = wanted.cases.model_dump()
    return Policy(
        cases={**cases, "good outcome": cases.pop("good")},
        look=wanted.look,
        days=wanted.days,
        past=wanted.past,
        outcomes=settings.learn.outcomes,
        lessons=wanted.tries,
        near=wanted.near,
        far=wanted.far,
        most=wanted.most,
        error=wanted.error,
        lift=wanted.lift,
        worse=wanted.worse,
        live=wanted.live,
        approval=wanted.approval,
        spend=micros(wanted.spend),
        worth=wanted.worth,
        measure=measure_of(wanted),
    )


def open_lesson_desk(house: House, clock: Clock | None = None) -> Desk:
    """What the stages work with. Raises `ConfigError`."""
    settings, pack, store = house.settings, house.pack, house.store
    wanted = settings.learn.lessons
    intents = open_intents(pack) if pack and pack.intents else None
    languages = Languages(settings.language.languages or (pack.languages if pack else ()))
    weights = cast("Mapping[PartName, float]", settings.learn.weights.model_dump())
    breaks, misstates = _rules(pack, languages)
    return Desk(
        ask=house.ask,
        traces=store.traces,
        lessons=store.lessons,
        talk=Told(store),
        scorer=Scorer(languages, HashingEmbedder().vectors, weights),
        embedder=open_lesson_embedder(wanted),
        scrubber=open_scrubber(settings, pack),
        models=models_of(settings, pack),
        roles=_Cast(house).roles,
        facts=lambda model: facts_of(settings, pack, model),
        breaks=breaks,
        misstates=misstates,
        intent_of=intents.of if intents else None,
        policy=policy_of(settings),
        now=(clock or SystemClock()).now,
    )


def tables_of(settings: Settings, pack: Pack | None) -> dict[str, dict[str, Any]]:
    return {**(pack.models if pack else {}), **settings.models}


def models_of(settings: Settings, pack: Pack | None) -> tuple[str, ...]:
    """The virtual models that have lessons. Raises `ConfigError` for one that cannot have any."""
    tables = tables_of(settings, pack)
    speaking = tuple(name for name, table in tables.items() if table.get("prompt"))
    for name in settings.learn.lessons.models:
        if name not in speaking:
            there = ", ".join(speaking) or "none"
            raise ConfigError(
                f"learn.lessons.models: `{name}` is no virtual model with a prompt; there are: "
                f"{there}"
            )
    return settings.learn.lessons.models or speaking


def facts_of(settings: Settings, pack: Pack | None, model: str) -> Facts:
    if pack is None:
        return Facts()
    name = tables_of(settings, pack).get(model, {}).get("prompt")
    prompt = pack.prompts.get(name, "") if isinstance(name, str) else ""
    rules = pack.constitution
    return Facts(prompt, "" if rules in prompt else rules)


class _Cast:
    """Who plays which part for a virtual model: the settings, else its own members, else whom the
    lineup of the house has."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._wanted = house.settings.learn.lessons
        self._tables = tables_of(house.settings, house.pack)
        self._lineup: Lineup = line_up(offer(house.found, open_prices(house.settings, house.found)))

    def roles(self, model: str) -> Roles:
        """Raises `ModelNotFound` for a model of the settings that is not there."""
        table = dict(self._tables.get(model, {}))
        strategy = str(table.pop("strategy", "single"))
        own = {key: value for key, value in table.items() if key not in ("prompt", "about")}
        parts = read_settings(strategy, filled(strategy, own, self._lineup))
        wanted, lineup = self._wanted, self._lineup
        critic = wanted.critic or _named(parts, "critic", "judge") or lineup.critic
        teacher = wanted.teacher or _named(parts, "teacher", "model", "aggregator")
        teacher = teacher or (lineup.best if lineup.panel else critic)
        student = wanted.student or _named(parts, "student") or lineup.student
        return Roles(
            self._real(critic),
            self._real(teacher),
            self._real(student) if student and student != teacher else "",
        )

    def _real(self, name: str) -> str:
        models = self._house.gateway.models
        return name if models.virtual(name) is not None else models.real(name)


def _named(parts: Struct, *fields: str) -> str:
    found = (getattr(parts, field, None) for field in fields)
    return next((each for each in found if isinstance(each, str) and each), "")


def _rules(
    pack: Pack | None, languages: Languages
) -> tuple[Callable[[ChatRequest, str], Severity], Callable[[str], str]]:
    """The worst rule an answer breaks, and what a sentence says that the facts do not."""
    if pack is None:
        return (lambda request, text: ""), (lambda text: "")
    first = languages.expected[0]
    whole = Guard(pack.book, languages, random.random, first)
    said = Guard(_saying(pack.book), languages, random.random, first)
    nothing = ChatRequest(model="", messages=(say("user", ""),))

    def breaks(request: ChatRequest, text: str) -> Severity:
        found: list[Severity] = [each.severity for each in whole.check(request, text).violations]
        return max(found, key=_RANK.__getitem__, default="")

    def misstates(text: str) -> str:
        found = said.check(nothing, text).violations
        return f"it breaks the rule {found[0].rule}: {found[0].found}" if found else ""

    return breaks, misstates


def _saying(book: Rulebook) -> Rulebook:
    """The rules with only those checks that hold for a sentence by itself."""
    rules = tuple(
        replace(rule, checks=tuple(each for each in rule.checks if each.kind in SAID))
        for rule in book.rules
    )
    return replace(book, rules=tuple(rule for rule in rules if rule.checks))


def lesson_stages(house: House, clock: Clock | None = None) -> Mapping[str, Run]:
    """The stages of the night, by their names there; none where lessons are off, or where no
    virtual model speaks for a business."""
    settings = house.settings
    if not settings.learn.lessons.enabled or not models_of(settings, house.pack):
        return {}
    desk = open_lesson_desk(house, clock)
    return {
        "lessons.write": lambda *args: find_and_write(desk, *args),
        "lessons.try": lambda *args: try_out(desk, *args),
        "lessons.retire": lambda *args: measure(desk, *args),
    }
