"""Some nights of one business, and how good it answers questions it never saw."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from lessoning.kinds import Kind
from lessoning.world import RIGHT, WRONG, Odds, World, past
from teppan.core.chat import ChatRequest, say
from teppan.core.clock import FixedClock
from teppan.core.ids import Scope
from teppan.knowledge.lessons import Measure
from teppan.learn.lessons import Desk, Policy, Roles, find_and_write, measure, try_out
from teppan.learn.lessons.desk import Facts
from teppan.learn.privacy.detector import PatternDetector
from teppan.learn.privacy.scrub import Scrubber
from teppan.learn.scoring import Scorer
from teppan.providers.embed import HashingEmbedder
from teppan.routing.language import Languages
from teppan.serve.lessons import LiveLessons
from teppan.store import Store
from teppan.store.lesson_rows import Lesson, Live, texts_of

BENCH = Scope("bench", "k")
START, DAY = 1_790_000_000.0, 86_400.0
PAST_DAYS, A_DAY, UNSEEN = 14, 120, 400
SCRUBBER = Scrubber(PatternDetector(), ("en",))
FACTS = Facts("You answer customers of a business that cooks at parties.", "")


@dataclass
class Night:
    """Quality on unseen questions after a night, by what stands in the prompt; fates by nature."""

    quality: dict[str, float]
    fates: dict[str, dict[str, int]]
    calls: int
    screened: int
    given: float


@dataclass
class Told:
    before: float
    oracle: float
    nights: list[Night] = field(default_factory=list)


class Book:
    """Lessons that are live because we say so."""

    def __init__(self, lives: Sequence[Live]) -> None:
        self._lives = tuple(lives)

    def live(self, scope: Scope) -> tuple[Live, ...]:
        return self._lives

    def version(self, scope: Scope) -> str:
        return "x"


async def business(
    kinds: Sequence[Kind], seed: int, odds: Odds, nights: int, policy: Policy
) -> Told:
    world = World(kinds, seed, odds)
    with tempfile.TemporaryDirectory() as folder:
        clock = FixedClock(START)
        store = await Store.open(Path(folder) / "b.db", durability="process", clock=clock)
        try:
            return await _nights(world, store, nights, policy)
        finally:
            await store.close()


async def _nights(world: World, store: Store, nights: int, policy: Policy) -> Told:
    asked = [world.question(number, unseen=True) for number in range(UNSEEN)]
    plain = [world.quality(each, world.answer(each, "")) for each in asked]
    limit = [_without_mistake(world, each) for each in asked]
    told = Told(sum(plain) / UNSEEN, sum(limit) / UNSEEN)
    giving = lives_of(store.lessons, world, policy.measure, 0.1)
    written = 0
    for day in range(PAST_DAYS - 1):
        written += await _day(world, store, giving, day, written)
    for night in range(nights):
        day = PAST_DAYS - 1 + night
        written += await _day(world, store, giving, day, written)
        last = list(world.traced)[-1]
        while await store.traces.get(BENCH, last) is None:
            await asyncio.sleep(0.005)
        desk = desk_of(world, store, policy, START + (day + 1) * DAY)
        since, until = START + day * DAY, START + (day + 1) * DAY
        before = world.calls
        done = await find_and_write(desk, BENCH, since, until)
        await try_out(desk, BENCH, since, until)
        await measure(desk, BENCH, since, until)
        told.nights.append(
            await _look(world, store, asked, policy, world.calls - before, done.refused)
        )
    return told


def _without_mistake(world: World, question: str) -> float:
    """What the model is worth that makes no systematic mistake: slips are left."""
    kind = world.asked[question]
    return WRONG if world.draw("luck", question) < world.odds.slip else RIGHT if kind else WRONG


async def _day(world: World, store: Store, giving: LiveLessons, day: int, first: int) -> int:
    for number in range(A_DAY):
        at = START + day * DAY + number * DAY / A_DAY
        question = world.question(first + number)
        request = ChatRequest(model="support", messages=(say("user", question),))
        given = await giving.give(request, request, BENCH)
        prompt = "\n".join(each.text for each in given.request.messages)
        answer = world.answer(question, prompt)
        trace = past(
            first + number, at, question, answer, lessons=given.lessons, withheld=given.withheld
        )
        store.traces.put(trace)
        world.heard(trace.id, question, answer)
    return A_DAY


def desk_of(world: World, store: Store, policy: Policy, now: float) -> Desk:
    return Desk(
        ask=world,
        traces=store.traces,
        lessons=store.lessons,
        talk=world,
        scorer=Scorer(Languages(("en",)), HashingEmbedder().vectors),
        embedder=HashingEmbedder(),
        scrubber=SCRUBBER,
        models=("support",),
        roles=lambda model: Roles("a/critic", "a/teacher", "a/student"),
        facts=lambda model: FACTS,
        intent_of=world.intent_of,
        policy=policy,
        now=lambda: now,
    )


def lives_of(book: Book, world: World, wanted: Measure, withhold: float) -> LiveLessons:
    draws = iter(range(10**9))
    return LiveLessons(
        book, HashingEmbedder(), wanted, withhold,
        lambda: world.draw("withheld", next(draws)), world.intent_of,
    )  # fmt: skip


async def _look(
    world: World, store: Store, asked: Sequence[str], policy: Policy, calls: int, screened: int
) -> Night:
    everything = await store.lessons.list(BENCH)
    live = [each for each in everything if each.status == "live"]
    chance = sorted(everything, key=lambda each: world.draw("chance", each.id))[: len(live)]
    told: dict[str, float] = {}
    given = 0.0
    for name, lessons in (("ours", live), ("no try-out", everything), ("by chance", chance)):
        lives = [Live(each, texts_of(each, await store.lessons.sources(BENCH, each.id)))
                 for each in lessons]  # fmt: skip
        serving = lives_of(Book(lives), world, policy.measure, 0.0)
        total = with_any = 0.0
        for question in asked:
            request = ChatRequest(model="support", messages=(say("user", question),))
            got = await serving.give(request, request, BENCH)
            prompt = "\n".join(each.text for each in got.request.messages)
            total += world.quality(question, world.answer(question, prompt))
            with_any += bool(got.lessons)
        told[name] = total / len(asked)
        if name == "ours":
            given = with_any / len(asked)
    return Night(told, fates(world, everything), calls, screened, given)


def fates(world: World, lessons: Sequence[Lesson]) -> dict[str, dict[str, int]]:
    """How many lessons of each nature came to each end. Good advice on a kind without a systematic
    mistake has nothing to lift (`needless`), nor has what a live lesson says already (`double`)."""
    lives = [each for each in lessons if each.status == "live"]
    found: dict[str, dict[str, int]] = {}
    for each in lessons:
        nature, kind = world.natures[each.rule]
        name = "needless" if nature == "good" and kind not in world.erring else str(nature)
        if name == "good" and any(
            one.id != each.id and world.natures[one.rule] == ("good", kind) for one in lives
        ):
            name = "double" if each.status != "live" else name
        ends = found.setdefault(name, {})
        ends[each.status] = ends.get(each.status, 0) + 1
    return found


def run(
    kinds: Sequence[Kind], seed: int, odds: Odds, nights: int, changed: Mapping[str, object] = {}
) -> Told:
    policy = replace(Policy(lessons=20, spend=10**9), **changed)
    return asyncio.run(business(kinds, seed, odds, nights, policy))
