"""Two months of a pack's customers before a real gateway: one to review, one to be better in.

Both months are of the same business: what is popular in the first is in the second, asked by other
customers in other words. The traces of the first are in the gateway's store, with what some
customers said of their answers; of the second only what was answered is needed.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from month.drive import MonthClock
from packing.asking import prompt_name
from teppan.build import open_house
from teppan.build.confidence import open_desk
from teppan.build.house import House
from teppan.cli.demo import KEY, simulated_settings
from teppan.config.pack import load_pack
from teppan.config.schema import Settings
from teppan.config.schema.remembering import CacheSettings, ContextSettings
from teppan.config.schema.running import LogSettings, StoreSettings
from teppan.core.chat import ChatRequest, Message, say
from teppan.core.errors import TeppanError
from teppan.core.ids import LOCAL
from teppan.estimate import predictor
from teppan.learn import assessing
from teppan.simulate.questions import load_bank
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.simulate.traffic import Month, Step, load_plans, traffic
from teppan.store import Store

MODEL = "bench/asked"
CONSENSUS: Mapping[str, Any] = {
    "strategy": "consensus",
    "models": ["mistral/sim-mistral-small", "google/sim-gemini-flash", "openai/sim-gpt-small"],
}
SINGLE: Mapping[str, Any] = {
    "strategy": "single",
    "model": "mistral/sim-mistral-small",
    "fallback": [],
}
WAYS: Mapping[str, Mapping[str, Any]] = {"consensus": CONSENSUS, "single": SINGLE}
DAYS = 60.0
EVER = 4e9
"""Seconds since 1970, after all that is simulated."""
TOGETHER, AT_ONCE = 60.0, 8
"""Seconds of the month whose requests are asked at once; so many at a time."""
SPOKE, MISTAKEN = 0.10, 0.05
"""Share of the customers who rate an answer, and of those the share who rate it the wrong way."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One request and what was answered. `trace` is its id."""

    step: Step
    text: str
    trace: str

    @property
    def right(self) -> bool:
        return self.step.question.is_right(self.text)


@dataclass(frozen=True, slots=True)
class Months:
    """What was answered: in the month that is reviewed, and in the one after."""

    reviewed: list[Answered]
    after: list[Answered]


async def months(
    pack: Path, way: str, requests: int, seed: int, store: Path, fit: bytes = b""
) -> tuple[Months, Settings]:
    """`requests` in each month. The store holds the traces and ratings of both; with a `fit`
    answers carry the quality that was expected of them."""
    bank = load_bank(pack)
    both = traffic(bank, load_plans(pack), Month(2 * requests, DAYS, seed))
    middle = both.steps[0].at + DAYS / 2 * 86_400.0
    clock = MonthClock(both.steps[0].at)
    async with Fleet(FleetSettings(bank=bank, speed=0, seed=seed, keep_calls=100)) as fleet:
        settings = settings_of(fleet, pack, way, store)
        async with open_house(settings, clock, {KEY: os.environ[KEY]}) as house:
            if fit:
                await house.store.fits.put(LOCAL, predictor.STATE, "before", fit)
            answered = await _asked(house, clock, both.steps)
            await _rated(house, answered, seed)
    return Months(
        [each for each in answered if each.step.at < middle],
        [each for each in answered if each.step.at >= middle],
    ), settings


async def fitted_on(pack: Path, path: Path) -> bytes:
    """The state that the night fits on what was said of these answers; nothing when it refuses."""
    store = await Store.open(path, durability="process")
    try:
        desk = open_desk(Settings(), load_pack(pack), store)
        await assessing.fit(desk, LOCAL, 0.0, EVER, lambda done, total, what: None)
        live = await assessing.live(desk, LOCAL)
    finally:
        await store.close()
    return b"" if live is None else msgspec.json.encode(live)


def settings_of(fleet: Fleet, pack: Path, way: str, store: Path) -> Settings:
    """A gateway that remembers nothing: every answer is the models' own."""
    read = load_pack(pack)
    base = simulated_settings(fleet, pack, store.parent, 0)
    table = {**WAYS[way], "prompt": prompt_name(read)}
    return base.model_copy(
        update={
            "store": StoreSettings(url=f"sqlite:///{store}", durability="process", trace_days=0),
            "log": LogSettings(level="error"),
            "models": {MODEL: table},
            "cache": CacheSettings(exact=False, semantic=False),
            "context": ContextSettings(apply="off", knowledge_chunks=0),
        }
    )


async def _asked(house: House, clock: MonthClock, steps: Sequence[Step]) -> list[Answered]:
    said: dict[str, list[Message]] = {}
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(step: Step) -> Answered:
        async with gate:
            before = said.setdefault(step.episode, [])
            before.append(say("user", step.text))
            request = ChatRequest(
                model=MODEL,
                messages=tuple(before),
                task_type=step.question.task_type,
                episode=step.episode,
            )
            try:
                answer = await house.gateway.answer(request, LOCAL)
            except TeppanError:
                return Answered(step, "", "")
            text = answer.completion.text if answer.completion is not None else ""
            before.append(say("assistant", text or "Sorry, please ask again later."))
            return Answered(step, text, answer.trace_id)

    found: list[Answered] = []
    for group in _groups(steps):
        clock.move_to(group[0].at)
        found += await asyncio.gather(*(ask(step) for step in group))
        while house.store.traces.waiting > 1000:
            await asyncio.sleep(0.02)
    return found


def _groups(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Requests of about the same time, never two of one customer."""
    group: list[Step] = []
    for step in steps:
        late = group and step.at - group[0].at > TOGETHER
        if late or any(step.episode == each.episode for each in group):
            yield group
            group = []
        group.append(step)
    if group:
        yield group


async def _rated(house: House, answered: Sequence[Answered], seed: int) -> None:
    dice = random.Random(f"ratings {seed}")
    for each in answered:
        if each.trace and dice.random() < SPOKE:
            good = each.right != (dice.random() < MISTAKEN)
            await house.store.feedback.record(LOCAL, each.trace, "rating", float(good))
