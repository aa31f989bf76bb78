"""What each strategy answers to the questions of a pack: facts, hallucinations, broken rules.

    python bench/pack.py [--quick] [--json] [--pack DIR] [--data DIR] [--seeds 11,12,13]

Every question of the pack's bank goes through the real gateway; its vendors are simulated, at the
skills, languages and prices of `simulate/personas.toml`. A simulated critic sees what a real one
would see (prompt, rules, conversation, answers) and misjudges an answer at the printed rate.
Strategies run with the members that the gateway picks by itself. The first table has no rules over
the answers, so that what is counted is what a strategy would have said; the second is what the pack
ships. Each seed is another luck of the models. Nothing is fitted.

Then every question goes to `agent/auto`: whether the agent of its intent was asked, whether what a
tool was called for is exact (reckoned a second time without the pack's code), and what injected
orders do when every model obeys them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packing.acting import MODEL, acted, swept
from packing.asking import CORRELATION, Asked, Served, Way, ask_all, asked_of, prompt_of
from packing.attacks import attacked
from packing.critics import critics
from packing.figures import Mark, Marker, Marks, drawn, gathered, oracle, ratio, told
from packing.showing import show
from packing.ways import CRITIC, SINGLE, WEAK, ensembles, shipped, singles
from teppan.cli.demo import packaged
from teppan.config.pack import Pack, load_pack
from teppan.simulate import dice
from teppan.simulate.personas import load_cast
from teppan.simulate.questions import Bank, load_bank

HALF = 0.5
QUICK = 60
OTHER_CORRELATIONS = (0.0, 0.6)
"""Of the errors of two models: how much the result hangs on what is assumed."""
SWEEP = 2000
"""Calls of the pack's tools with arguments drawn at random."""
SEEDS = "11,12,13"
RANDOM, ORACLE = "random model", "oracle: any model right"

RECKONED = "myhibachi"
"""The pack whose quotes and fees `packing/reckoning.py` works out by itself."""


def subset(asked: Sequence[Asked], most: int) -> list[Asked]:
    """So many of the questions, drawn once for all."""
    ranked = sorted(asked, key=lambda one: dice.number("bench", one.question.id))
    return ranked[:most]


class Bench:
    """The questions of one pack, and what was marked so far."""

    def __init__(self, folder: Path, pack: Pack, bank: Bank, seeds: Sequence[int]) -> None:
        self.folder, self.pack, self.bank, self.seeds = folder, pack, bank, seeds
        self.marker = Marker(pack)
        self.quick = False
        self.asked = asked_of(folder, bank, prompt_of(pack))
        self.critics: set[str] = set()
        self.served: dict[str, list[Served]] = defaultdict(list)

    def run(self, ways: Sequence[Way], correlation: float = CORRELATION) -> dict[str, Marks]:
        """Every row over every seed."""
        marks: dict[str, list[Mark]] = defaultdict(list)
        for seed in self.seeds:
            answers = asyncio.run(
                ask_all(self.folder, self.bank, ways, self.asked, seed, correlation)
            )
            for name, served in answers.items():
                marks[name] += [self.marker.mark(each) for each in served]
                self.served[name] += served
                self.critics |= {each.critic for each in served if each.critic}
        return {name: gathered(some) for name, some in marks.items()}


def best_of(rows: Mapping[str, Marks], measure: str, *, most: bool) -> str:
    """The model that is best by a measure over all questions; the more right one among equals."""

    def worth(name: str) -> tuple[float, float]:
        sheet = told(rows[name])
        return (sheet[measure] if most else -sheet[measure]), sheet["right"]

    return max((name for name in rows if name.startswith(SINGLE)), key=worth)


def figures_of(bench: Bench) -> dict[str, Any]:
    cast = load_cast()
    alone = singles(cast)
    rows = bench.run([*alone, *ensembles(cast)])
    models = [rows[way.name] for way in alone]
    best = best_of(rows, "right", most=True)
    one = next(way for way in alone if way.name == best)
    ways = shipped(bench.pack, one)
    if bench.pack.agents:
        ways.append(Way(MODEL, MODEL, ruled=True))
    ruled = bench.run(ways)
    table = {RANDOM: told(drawn(models)), **{name: told(marks) for name, marks in rows.items()}}
    table[ORACLE] = told(oracle(models))
    return {
        "simulated vendors": True,
        "questions": len(bench.asked),
        "seeds": list(bench.seeds),
        "best_model": best,
        "strategies": table,
        "shipped": {name: told(marks) for name, marks in ruled.items()},
        "critic_violations_of": compared(bench, rows, one),
        "critics": critics(cast, bench.asked, prompt_of(bench.pack), sorted(bench.critics)),
        "agents": agents_of(bench) if bench.pack.agents else {},
    }


def compared(bench: Bench, rows: Mapping[str, Marks], best: Way) -> dict[str, dict[str, Any]]:
    """The critic's violations as a share of those of models alone, and what that hangs on."""
    fewest = best_of(rows, "violation", most=False)
    pairs = {
        "the best model alone": (best.name, rows[CRITIC], rows[best.name]),
        "the model with the fewest": (fewest, rows[CRITIC], rows[fewest]),
        "the best, by a critic whose student is the cheapest": (
            best.name,
            rows[WEAK],
            rows[best.name],
        ),
    }
    for correlation in () if bench.quick else OTHER_CORRELATIONS:
        some = bench.run([best, Way(CRITIC, {"strategy": "critic"})], correlation)
        pairs[f"the best, errors correlated by {correlation}"] = (
            best.name,
            some[CRITIC],
            some[best.name],
        )
    found = {}
    for name, (model, ours, theirs) in pairs.items():
        value, interval = ratio(ours, theirs, "violation")
        found[name] = {"model": model, "ratio": value, "95": interval}
    return found


def agents_of(bench: Bench) -> dict[str, Any]:
    """What agents did with the questions, and with orders that were injected."""
    quick = bench.quick
    figures = acted(bench.pack, bench.served[MODEL])
    if bench.pack.name == RECKONED:
        figures["sweep"] = asyncio.run(swept(bench.pack, SWEEP // 10 if quick else SWEEP))
    most = 6 if quick else 30
    figures["injected"] = asyncio.run(
        attacked(bench.folder, bench.bank, bench.asked, bench.seeds[0], most)
    )
    return figures


def goals_of(figures: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    value = figures["critic_violations_of"]["the best model alone"]["ratio"]
    goals = {"critic's violations, as a share of the best model's": _goal(value, HALF, up=False)}
    agents = figures["agents"]
    if agents:
        answers, sweep = agents["called_it"], agents.get("sweep")
        exact = agents["tool_answers_exact"] / answers if answers else None
        goals["answers made with a tool that are exact"] = _goal(exact, 1.0, up=True)
        if sweep:
            share = sweep["exact"] / max(1, sweep["calls"] - sweep["refused"])
            goals["quotes and fees of drawn arguments that are exact"] = _goal(share, 1.0, up=True)
    if agents and agents["injected"]:
        done = sum(each["done"] for each in agents["injected"]["by_kind"].values())
        goals["things done by injected orders"] = _goal(done, 0, up=False)
    return goals


def _goal(value: float | None, goal: float, *, up: bool) -> dict[str, Any]:
    met = None if value is None else bool(value >= goal if up else value <= goal)
    return {"value": value, "goal": goal, "met": met}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pack", type=Path, default=packaged(), help="whose rules and prompts")
    parser.add_argument("--data", type=Path, help="folder of questions; else the pack's own")
    parser.add_argument("--fit", type=Path, help="not used: nothing is fitted here")
    parser.add_argument("--seeds", default=SEEDS)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} questions of one seed")
    given = parser.parse_args()
    began = time.monotonic()
    bank, pack = load_bank(given.data or given.pack), load_pack(given.pack)
    seeds = [int(each) for each in given.seeds.split(",")]
    bench = Bench(given.pack, pack, bank, seeds[:1] if given.quick else seeds)
    if given.quick:
        bench.asked, bench.quick = subset(bench.asked, QUICK), True
    figures = figures_of(bench)
    goals = goals_of(figures)
    if given.json:
        print(json.dumps({"figures": figures, "goals": goals}, ensure_ascii=False))
        return 0
    show(figures, goals)
    print(f"{time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
