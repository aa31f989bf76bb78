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
from teppan.core.trace import ToolRun
from teppan.simulate.questions import Bank, Question
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.simulate.traffic import OTHERS, load_plans

AT_ONCE = 8
NAME = "bench/asked"
CORRELATION = FleetSettings().correlation
"""Of the errors of two models, a critic's included."""
AGENT = "agent/"


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

    @property
    def alone(self) -> bool:
        """Whether one model answers, with nothing over it that learns."""
        table = self.model
        return not self.ruled and not isinstance(table, str) and table["strategy"] == "single"


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
    agent: str = ""
    tools: tuple[ToolRun, ...] = ()


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
    folder: Path,
    bank: Bank,
    ways: Sequence[Way],
    asked: Sequence[Asked],
    seed: int,
    correlation: float = CORRELATION,
) -> Answers:
    """The answers of every row. Each strategy has a gateway of its own, so that none learns from
    another's answers; models alone, which learn nothing, share one.
    """
    pack = load_pack(folder)
    alone = [way for way in ways if way.alone]
    answers: Answers = {}
    with scratch_folder() as scratch:
        fleet_settings = FleetSettings(
            bank=bank, speed=0, seed=seed, correlation=correlation, keep_calls=100
        )
        async with Fleet(fleet_settings) as fleet:
            groups = [alone, *([way] for way in ways if not way.alone)]
            for place, group in enumerate(filter(None, groups)):
                settings = settings_of(fleet, pack, group, Path(scratch) / f"{place}.db")
                async with open_house(settings, environment={KEY: os.environ[KEY]}) as house:
                    for number, way in enumerate(group):
                        model = way.model if isinstance(way.model, str) else f"{NAME}{number}"
                        told = () if way.ruled else (say("system", prompt_of(pack)),)
                        answers[way.name] = await through(house, model, asked, told)
    return answers


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """Where databases lie: in memory where there is such a place, for the disk is not measured."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(
        prefix="teppan-pack-", dir=memory if os.access(memory, os.W_OK) else None
    )


def settings_of(fleet: Fleet, pack: Pack, ways: Sequence[Way], store: Path) -> Settings:
    """A gateway for these rows. Without the rules the prompt is sent by the bench, so that the
    model speaks for nobody; a critic is given the rules all the same.
    """
    base = simulated_settings(fleet, pack.folder, store.parent, 0)
    models: dict[str, dict[str, Any]] = {}
    for number, way in enumerate(ways):
        if isinstance(way.model, str):
            continue
        table = dict(way.model)
        if way.ruled:
            table["prompt"] = prompt_name(pack)
        elif table["strategy"] == "critic":
            table["constitution"] = pack.constitution
        models[f"{NAME}{number}"] = table
    return base.model_copy(
        update={
            "store": StoreSettings(url=f"sqlite:///{store}", durability="process", trace_days=0),
            "log": LogSettings(level="error"),
            "models": models,
        }
    )


async def through(
    house: House, model: str, asked: Sequence[Asked], told: Sequence[Message] = ()
) -> list[Served]:
    """What a gateway serves for each, in order."""
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
                outcome.reason.partition(" used ")[0] if outcome else "",
                facts.tools,
            )  # fmt: skip

    return list(await asyncio.gather(*(ask(one) for one in asked)))
