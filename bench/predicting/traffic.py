"""A simulated month of customers, answered by several virtual models, each answer marked.

The gateway is the real one (no cache: one answer for each question), the vendors are simulated.
What people say of an answer and what comes of it is drawn from whether it is right, with the noise
of people: most say nothing, and some of those who do are wrong about it.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from month.drive import MonthClock
from month.ways import LOCAL_VENDOR, environment, paid_cast, settings_of, single, single_way
from teppan.build import open_house, open_store
from teppan.cli.demo import KEY, packaged
from teppan.core.chat import ChatRequest, Message, say
from teppan.core.errors import TeppanError
from teppan.core.ids import LOCAL
from teppan.core.trace import Trace
from teppan.learn.gathering import Spoken
from teppan.simulate import dice
from teppan.simulate.questions import load_bank
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.simulate.traffic import MIX, Month, Step, load_plans, traffic

assert LOCAL_VENDOR
CHEAP, MIDDLE, DEAR = (
    "google/sim-gemini-flash",
    "deepseek/sim-deepseek-chat",
    "anthropic/sim-claude-large",
)
MODELS: dict[str, dict[str, Any]] = {
    "month/cheap": single(CHEAP),
    "month/middle": single(MIDDLE),
    "month/dear": single(DEAR),
    "month/climb": {
        "strategy": "cascade",
        "models": [CHEAP, MIDDLE, DEAR],
        "critic": None,
        "agree_at": 0.5,
        "alike": 0.5,
        "prompt": "support",
    },
    "month/panel": {
        "strategy": "consensus",
        "models": [CHEAP, MIDDLE, "openai/sim-gpt-small"],
        "prompt": "support",
    },
}
AT_ONCE = 8
RATED, RATED_RIGHT = 0.25, 0.85
"""Share of answers that are rated, and of those ratings that are what the answer deserves."""
TOLD, TOLD_RIGHT = 0.3, 0.85
"""The same of outcomes."""


class Played(Struct, frozen=True):
    """One answer: its trace, whether it is right, and what became known of it."""

    trace: Trace
    right: bool
    spoken: Spoken


def played(seed: int, requests: int, folder: Path, models: Sequence[str] = ()) -> list[Played]:
    return asyncio.run(_played(seed, requests, folder, tuple(models) or tuple(MODELS)))


async def _played(seed: int, requests: int, folder: Path, models: Sequence[str]) -> list[Played]:
    bank = load_bank(packaged())
    month = traffic(
        bank, load_plans(packaged()), Month(requests, max(2.0, requests / 100), seed, mix=MIX)
    )
    store = folder / f"confidence-{seed}.db"
    right: dict[str, bool] = {}
    said: dict[str, list[Message]] = {}
    fleet_settings = FleetSettings(bank=bank, speed=0, seed=seed, cast=paid_cast())
    async with Fleet(fleet_settings) as fleet:
        base = settings_of(single_way(CHEAP), fleet, store)
        settings = base.model_copy(update={"models": dict(MODELS)})
        clock = MonthClock(month.steps[0].at)
        async with open_house(settings, clock, environment(KEY)) as house:
            gate = asyncio.Semaphore(AT_ONCE)

            async def ask(step: Step) -> None:
                before = said.setdefault(step.episode, [])
                before.append(say("user", step.text))
                model = models[zlib.crc32(f"{seed} {step.episode}".encode()) % len(models)]
                request = ChatRequest(
                    model=model,
                    messages=tuple(before),
                    task_type=step.question.task_type,
                    episode=step.episode,
                )
                text = ""
                async with gate:
                    try:
                        answer = await house.gateway.answer(request, LOCAL)
                    except TeppanError:
                        return
                text = answer.completion.text if answer.completion else ""
                right[answer.trace_id] = step.question.is_right(text)
                before.append(say("assistant", text or "-"))

            for steps in _groups(month.steps):
                clock.move_to(steps[0].at)
                await asyncio.gather(*map(ask, steps))
                if house.store.traces.waiting > 512:
                    await asyncio.sleep(0.05)
        opened = await open_store(settings)
        try:
            traces: list[Trace] = []
            before: str | None = None
            while True:
                page = await opened.traces.list(LOCAL, limit=500, before=before)
                traces += page
                if len(page) < 500:
                    break
                before = page[-1].id
        finally:
            await opened.close()
    found = [each for each in traces if each.id in right]
    found.sort(key=lambda each: each.started)
    return [Played(each, right[each.id], spoken_of(each, right[each.id])) for each in found]


def spoken_of(trace: Trace, right: bool) -> Spoken:
    """What became known, drawn for this very question of this very conversation."""
    draw = (trace.episode, trace.request.question if trace.request else "", trace.asked)
    ratings: tuple[float, ...] = ()
    if dice.unit(*draw, "rated") < RATED:
        happy = right == (dice.unit(*draw, "fair") < RATED_RIGHT)
        high = dice.unit(*draw, "stars")
        ratings = ((1.0 if high < 0.6 else 0.75) if happy else (0.0 if high < 0.6 else 0.25),)
    outcomes: dict[str, float] = {}
    if dice.unit(*draw, "told") < TOLD:
        happy = right == (dice.unit(*draw, "honest") < TOLD_RIGHT)
        outcomes = {"resolved" if happy else "abandoned": 1.0}
    return Spoken(ratings, outcomes)


def _groups(steps: Sequence[Step]) -> list[list[Step]]:
    """Requests that come at about the same time, never two of one customer."""
    groups: list[list[Step]] = []
    for step in steps:
        if groups and step.at - groups[-1][0].at <= 15.0:
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups
