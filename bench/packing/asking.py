"""Puts the questions of a pack to a gateway in this process, whose vendors are simulated.

A question that needs what was said earlier is asked at the end of that conversation: the turns of
the pack's plan that come before it, each with a right answer.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from teppan.build import open_house
from teppan.build.house import House
from teppan.cli.demo import KEY, simulated_settings
from teppan.config.pack import Pack, load_pack
from teppan.config.schema import Settings
from teppan.config.schema.running import LogSettings, StoreSettings
from teppan.core.chat import ChatRequest, Message, say
from teppan.core.errors import TeppanError
from teppan.core.ids import LOCAL
from teppan.simulate.questions import Bank, Question
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.simulate.traffic import OTHERS, load_plans

AT_ONCE = 8
NAME = "bench/asked"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and all that is said when it is asked, the question last."""

    question: Question
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """A row of a table: the table of a virtual model, or the name of one that the pack has.

    With `ruled` the pack's rules stand over the answers, as the gateway ships them.
    """

    name: str
    model: Mapping[str, Any] | str
    ruled: bool = False


@dataclass(frozen=True, slots=True)
class Served:
    """What one question came to; `cost` in micro-dollars."""

    asked: Asked
    text: str
    cost: int
    calls: int
    guarded: str = ""
    escalated: tuple[str, ...] = ()
    critic: str = ""


def prompt_of(pack: Pack) -> str:
    """The pack's prompt that holds its facts: the longest."""
    return max(pack.prompts.values(), key=len)


def prompt_name(pack: Pack) -> str:
    return max(pack.prompts, key=lambda name: len(pack.prompts[name]))


def asked_of(folder: Path, bank: Bank, told: str) -> list[Asked]:
    """Every question of the bank. `told` is the prompt under which they are asked."""
    made = []
    plans = load_plans(folder)
    for question in bank:
        before: tuple[Message, ...] = ()
        if not question.knowable_from(told):
            turns = next((plan.turns for plan in plans if question.id in plan.turns), ())
            earlier = turns[: turns.index(question.id)] if turns else ()
            before = tuple(
                message
                for id in earlier
                if id != OTHERS
                for message in (
                    say("user", bank.by_id[id].text),
                    say("assistant", bank.by_id[id].right[0]),
                )
            )
        made.append(Asked(question, (*before, say("user", question.text))))
    return made


Answers = dict[str, list[Served]]


async def ask_all(
    folder: Path, bank: Bank, ways: Sequence[Way], asked: Sequence[Asked], seed: int
) -> Answers:
    """The answers of every row, each in a gateway of its own: none learns from another's."""
    pack = load_pack(folder)
    answers: Answers = {}
    with tempfile.TemporaryDirectory(prefix="teppan-pack-") as scratch:
        async with Fleet(FleetSettings(bank=bank, speed=0, seed=seed, keep_calls=100)) as fleet:
            for place, way in enumerate(ways):
                base = simulated_settings(fleet, folder, Path(scratch), 0)
                settings = _settings(base, way, pack, Path(scratch) / f"{place}.db")
                async with open_house(settings, environment={KEY: os.environ[KEY]}) as house:
                    model = way.model if isinstance(way.model, str) else NAME
                    told = () if way.ruled else (say("system", prompt_of(pack)),)
                    answers[way.name] = await _through(house, model, told, asked)
    return answers


def _settings(base: Settings, way: Way, pack: Pack, store: Path) -> Settings:
    """The gateway of a row. Without the rules the prompt is sent by the bench, so that the model
    speaks for nobody; a critic is given the rules all the same.
    """
    models: dict[str, dict[str, Any]] = {}
    if not isinstance(way.model, str):
        table = dict(way.model)
        if way.ruled:
            table["prompt"] = prompt_name(pack)
        elif table["strategy"] == "critic":
            table["constitution"] = pack.constitution
        models[NAME] = table
    return base.model_copy(
        update={
            "store": StoreSettings(url=f"sqlite:///{store}", durability="process", trace_days=0),
            "log": LogSettings(level="error"),
            "models": models,
        }
    )


async def _through(
    house: House, model: str, told: Sequence[Message], asked: Sequence[Asked]
) -> list[Served]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(one: Asked) -> Served:
        async with gate:
            request = ChatRequest(
                model=model,
                messages=(*told, *one.messages),
                task_type=one.question.task_type,
            )
            try:
                answer = await house.gateway.answer(request, LOCAL)
            except TeppanError:
                return Served(one, "", 0, 0, "failed")
            facts, text, outcome = answer.facts, "", answer.outcome
            if answer.completion is not None and answer.completion.choices:
                text = answer.completion.choices[0].message.text
            return Served(
                one, text, facts.cost or 0, facts.attempts,
                facts.guarded, facts.escalated,
                outcome.verdict.critic if outcome and outcome.verdict else "",
            )  # fmt: skip

    return list(await asyncio.gather(*(ask(one) for one in asked)))
