"""What is learned from the month before: its questions, answered by several models and marked.

A business has this from shadow answers and a person who marks them (`teppan trace --export`); here
the bank marks them. The sample is another month of the same business: other customers, the same
popularity of questions, the same models. Its answers cost money too, which the bench reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from month.drive import drive
from month.ways import MODEL, environment, paid_cast, settings_of, single_way
from teppan.cli.demo import KEY, packaged
from teppan.simulate.questions import Bank, load_bank
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.simulate.traffic import Month, Traffic, load_plans, traffic

MODELS = (
    "mistral/sim-mistral-small",
    "google/sim-gemini-flash",
    "openai/sim-gpt-small",
    "deepseek/sim-deepseek-chat",
    "anthropic/sim-claude-small",
    "anthropic/sim-claude-large",
)
"""The reference and five cheaper ones, of five houses."""
BEFORE = 1000
"""Added to a seed: the customers of the month before."""


def sample(bank: Bank, seed: int, size: int, held_out: Sequence[str] = ()) -> Traffic:
    """First questions of the month before, each asked alone. None of the `held_out` ids."""
    before = traffic(bank, load_plans(packaged()), Month(4 * size, 30.0, seed + BEFORE))
    alone = [
        replace(step, episode=f"{step.episode}-{step.turn}", turn=0)
        for step in before.steps
        if step.question.id not in held_out and not step.question.id.startswith("recall-")
    ]
    return Traffic(tuple(alone[:: max(1, len(alone) // size)][:size]))


async def collect(asked: Traffic, seed: int, folder: Path) -> tuple[Path, int]:
    """The marked answers as a file of recorded answers, and what they cost in micro-dollars."""
    bank = load_bank(packaged())
    path, spent, rows = folder / f"responses_{seed}.jsonl", 0, []
    for model in MODELS:
        store = folder / f"{seed}-{model.replace('/', '-')}.db"
        async with Fleet(FleetSettings(bank=bank, speed=0, seed=seed, cast=paid_cast())) as fleet:
            settings = settings_of(single_way(model), fleet, store, None)
            run = await drive(settings, environment(KEY), asked, MODEL)
        by_trace = {call.trace_id: call for call in run.calls}
        for number, each in enumerate(run.served):
            call = by_trace[each.trace_id]
            spent += call.cost or 0
            rows.append(
                {
                    "prompt_id": f"last-{number}",
                    "benchmark": "last month",
                    "category": each.step.question.task_type,
                    "prompt": each.step.text,
                    "model": model,
                    "response": each.text,
                    "score": float(each.right),
                    "input_tokens": call.usage.input,
                    "output_tokens": call.usage.output,
                    "cost_usd": (call.cost or 0) / 1e6,
                }
            )
    path.write_bytes(b"\n".join(map(msgspec.json.encode, rows)) + b"\n")
    return path, spent
