"""What is learned from the month before: its questions, answered by several models and marked.

A business has this from shadow answers and a person who marks them (`teppan trace --export`); here
the bank marks them. The sample is another month of the same business: other customers, the same
popularity of questions, the same models. Its answers cost money too, which the bench reports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from month.drive import Run, drive
from month.ways import (
    MEMBERS,
    MODEL,
    REFERENCE,
    environment,
    paid_cast,
    settings_of,
    single_way,
)
from teppan.cli.demo import KEY, packaged
from teppan.learn.evals import routing as evals
from teppan.providers.replay import load
from teppan.routing import learning
from teppan.serve.strategies.auto import STATE
from teppan.simulate.questions import Bank, load_bank
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.simulate.traffic import Month, Traffic, load_plans, traffic

BEFORE = 1000
"""Added to a seed: the customers of the month before."""


class Lesson(Struct, frozen=True):
    """What a month before taught: the file for `gateway.fitted`, from how many marked questions,
    and what their answers cost in micro-dollars.
    """

    path: Path
    questions: int
    micros: int


def sample(bank: Bank, seed: int, size: int) -> Traffic:
    """Questions of the month before, each text once and asked alone."""
    before = traffic(bank, load_plans(packaged()), Month(3 * size, 30.0, seed + BEFORE))
    texts = {
        step.text: replace(step, episode=f"{step.episode}-{step.turn}", turn=0)
        for step in before.steps
        if not step.question.id.startswith("recall-")
    }
    return Traffic(tuple(list(texts.values())[:size]))


async def learn(seed: int, size: int, folder: Path) -> Lesson:
    """Asks every model, marks the answers, and fits the router as `teppan route fit` does."""
    bank, rows, spent = load_bank(packaged()), [], 0
    asked = sample(bank, seed, size)
    async with Fleet(FleetSettings(bank=bank, speed=0, seed=seed, cast=paid_cast())) as fleet:
        for model in MEMBERS:
            store = folder / f"before-{seed}-{model.replace('/', '-')}.db"
            settings = settings_of(single_way(model), fleet, store)
            run = await drive(settings, environment(KEY), asked, MODEL)
            rows += list(_marked(run, model))
            spent += sum(call.cost or 0 for call in run.calls)
    recorded = folder / f"responses_{seed}.jsonl"
    recorded.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    questions = evals.of_recordings(load(recorded)).asked
    router = learning.fit(questions, reference=REFERENCE)
    assert router is not None, "a sample of several models teaches something"
    path = folder / f"fitted_{seed}.json"
    path.write_bytes(msgspec.json.encode({STATE: router}))
    return Lesson(path, len(asked.steps), spent)


def _marked(run: Run, model: str) -> Iterator[dict[str, Any]]:
    """The answers of one model as recorded answers, marked right or wrong."""
    paid: Counter[str] = Counter()
    for call in run.calls:
        paid[call.trace_id] += call.cost or 0
    for number, each in enumerate(run.served):
        yield {
            "prompt_id": f"before-{number}",
            "benchmark": "the month before",
            "prompt": each.step.text,
            "model": model,
            "response": each.text,
            "score": float(each.right),
            "cost_usd": paid[each.trace_id] / 1e6,
        }
