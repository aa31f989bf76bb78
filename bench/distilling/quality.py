"""Does the filter raise the share of right answers? On a pack's questions, whose truth is known.

The questions are the pack's own conversations, the only ones with a known truth, so the check
against evaluation sets is off here.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from teppan.build.distil import Wish, open_distillery
from teppan.cli.demo import simulated_settings
from teppan.config.schema import Settings
from teppan.core.chat import say
from teppan.core.ids import LOCAL
from teppan.learn.distil import same
from teppan.learn.distil.run import distil, plan
from teppan.learn.distil.tasks import Task
from teppan.simulate.questions import Question, load_bank
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings

PACK = Path(__file__).parents[2] / "packs" / "myhibachi"
ENSEMBLES = ("myhibachi/support", "myhibachi/vote", "myhibachi/quick")
SINGLE = "bench/single"


class NoSets:
    """No evaluation set: what is asked here is one."""

    def find(self, said: object) -> None:
        return None


class Tally(Struct):
    """Answers by what became of them, and how many were right; replies named as worse, and how many
    of those were right after all; micro-dollars planned and spent."""

    answers: int = 0
    right: int = 0
    kept: int = 0
    kept_right: int = 0
    rejected: int = 0
    rejected_right: int = 0
    planned: int = 0
    spent: int = 0
    why: Counter[str] = field(default_factory=Counter)

    def figures(self) -> dict[str, Any]:
        dropped = self.answers - self.kept
        return {
            "answers": self.answers,
            "right_all": share(self.right, self.answers),
            "right_kept": share(self.kept_right, self.kept),
            "right_kept_interval": wilson(self.kept_right, self.kept),
            "right_dropped": share(self.right - self.kept_right, dropped),
            "yield": share(self.kept, self.answers),
            "right_answers_kept": share(self.kept_right, self.right),
            "rejected": self.rejected,
            "rejected_right": self.rejected_right,
            "cost_over_plan": share(self.spent, self.planned),
            "cost_of_a_kept_answer": share(self.spent, self.kept),
            "why": dict(self.why.most_common()),
        }


def settings_of(fleet: Fleet, folder: Path) -> Settings:
    """The simulated house with the pack, all of whose vendors may be learned from."""
    settings = simulated_settings(fleet, PACK, folder, 0)
    learn = settings.learn.model_copy(update={"terms": dict.fromkeys(settings.providers, "free")})
    single = {SINGLE: {"strategy": "single", "prompt": "support"}}
    return settings.model_copy(update={"learn": learn, "models": {**settings.models, **single}})


def drawn(seed: int, count: int) -> list[tuple[Question, Task]]:
    """Questions in one of their phrasings each, other ones for another seed."""
    questions = list(load_bank(PACK).questions)
    random.Random(seed).shuffle(questions)
    return [
        (each, Task((say("user", each.phrasings[seed % len(each.phrasings)]),)))
        for each in questions[:count]
    ]


async def measured(seeds: list[int], count: int, folder: Path) -> dict[str, dict[str, Any]]:
    """By model: what was kept, and how much of that and of all is right."""
    tallies = {model: Tally() for model in (*ENSEMBLES, SINGLE)}
    tallies["with a reference"] = Tally()
    for seed in seeds:
        asked = drawn(seed, count)
        async with Fleet(FleetSettings(speed=0.0, bank=load_bank(PACK), seed=seed)) as fleet:
            settings = settings_of(fleet, folder)
            for model, tally in tallies.items():
                given = asked
                if model == "with a reference":
                    model = ENSEMBLES[0]
                    given = [(q, replace(task, reference=q.right[0])) for q, task in asked]
                await _one(
                    settings, model, f"{len(given[0][1].reference) > 0}-{seed}", given, tally
                )
    return {model: tally.figures() for model, tally in tallies.items()}


async def _one(
    settings: Settings, model: str, name: str, asked: list[tuple[Question, Task]], tally: Tally
) -> None:
    wish = Wish(
        model=model,
        tasks=tuple(task for _, task in asked),
        listed="bench",
        name=f"{name}-{model.replace('/', '-')}",
        budget=1_000_000_000,
        concurrency=16,
    )
    alone = settings.learn.distil.model_copy(update={"unjudged": model == SINGLE})
    learn = settings.learn.model_copy(update={"distil": alone})
    async with open_distillery(settings.model_copy(update={"learn": learn}), wish, LOCAL) as found:
        desk = replace(found.desk, leaks=NoSets(), intent_of=lambda text: "any")
        tally.planned += (await plan(desk, LOCAL, found.job)).total.about or 0
        done = await distil(desk, LOCAL, found.job, lambda *_: None)
        tally.spent += done.spent
        by_content = {task.content: question for question, task in asked}
        store = found.house.store
        for result in await store.distil.results(LOCAL, found.job.name):
            trace = await store.traces.get(LOCAL, result.answered) if result.answered else None
            tally.why.update(result.kinds)
            if trace is None or trace.answer is None:
                continue
            question, text = by_content[result.task], trace.answer.text
            right, kept = question.is_right(text), result.state == "kept"
            tally.answers += 1
            tally.right += right
            tally.kept += kept
            tally.kept_right += right and kept
            asked_text = trace.request.question if trace.request else ""
            for each in trace.replies if kept else ():
                if same.against(asked_text, text, each.text):
                    tally.rejected += 1
                    tally.rejected_right += question.is_right(each.text)


def share(part: float, of: float) -> float | None:
    return part / of if of else None


def wilson(hits: int, of: int) -> list[float] | None:
    """The 95 % interval of a share."""
    if not of:
        return None
    z, p = 1.96, hits / of
    middle = p + z * z / (2 * of)
    spread = z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return [max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)]
