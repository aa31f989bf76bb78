"""What distillation keeps, how fast it is, and whether it pays for anything twice.

    python bench/distil.py [--quick] [--json] [--only quality|kills|speed|budgets]

`quality`: the filter on a pack's questions, answered by simulated vendors whose truth is known,
beside keeping all and beside the best model alone. Its thresholds were chosen on worlds 11 and 12;
reported are others. `kills`: a run is killed (-9) at random moments and started again. `speed`:
questions a second by how many are asked at once. `budgets`: runs that their budget ends.

A simulated critic is told the truth and errs as its persona does: how much a real one helps is not
measured here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from distilling import quality, running
from teppan.simulate.keys import DEFAULT_KEYS

PARTS = ("quality", "kills", "speed", "budgets")
SEEDS, QUICK_SEEDS = [21, 22, 23], [21]


async def measured(parts: list[str], *, quick: bool) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="teppan-distil-") as folder:
        place = Path(folder)
        if "quality" in parts:
            seeds, count = (QUICK_SEEDS, 40) if quick else (SEEDS, 200)
            figures["quality"] = await quality.measured(seeds, count, place)
        if "kills" in parts:
            cycles, count = (2, 24) if quick else (12, 120)
            figures["kills"] = await running.kills(cycles, count, 4, 7, place)
        if "speed" in parts:
            levels, count = ([1, 8], 16) if quick else ([1, 2, 4, 8, 16], 48)
            figures["speed"] = await running.speeds(levels, count, 0.2, place)
        if "budgets" in parts:
            levels = [1, 8] if quick else [1, 4, 8, 16]
            figures["budgets"] = await running.budgets(levels, 40 if quick else 150, place)
    return figures


def goals(figures: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def goal(name: str, value: float | None, wanted: float, *, most: bool = False) -> None:
        met = value is not None and (value <= wanted if most else value >= wanted)
        found[name] = {"value": value, "goal": wanted, "met": met}

    if "quality" in figures:
        best = figures["quality"]["myhibachi/support"]
        goal("support_right_kept", best["right_kept"], 0.98)
        goal("support_yield", best["yield"], 0.6)
        for model in quality.ENSEMBLES:
            row = figures["quality"][model]
            gain = None if row["right_kept"] is None else row["right_kept"] - row["right_all"]
            goal(f"{model.partition('/')[2]}_gain", gain, 0.03)
    if "kills" in figures:
        for name in ("durable_calls_repeated", "results_missing", "examples_doubled"):
            goal(name, figures["kills"][name], 0, most=True)
    if "budgets" in figures:
        over = max(row["overshot"] for row in figures["budgets"].values())
        goal("overshot_microdollars", over, 0, most=True)
    return found


def shown(figures: dict[str, Any]) -> None:
    if "quality" in figures:
        print(f"{'':20}{'right: all':>12}{'kept':>8}{'dropped':>9}{'yield':>8}{'cost/plan':>11}")
        for model, row in figures["quality"].items():
            cells = [row["right_all"], row["right_kept"], row["right_dropped"], row["yield"]]
            text = "".join(f"{'-' if each is None else f'{100 * each:.1f}':>9}" for each in cells)
            print(f"{model:20}{text}{row['cost_over_plan'] or 0:>11.2f}  {row['why']}")
    for part in ("kills", "speed", "budgets"):
        for name, value in figures.get(part, {}).items():
            print(f"{part}: {name}: {value}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", action="append", choices=PARTS)
    given = parser.parse_args()
    os.environ.setdefault("TEPPAN_SIMULATED_KEY", DEFAULT_KEYS[0])
    figures = asyncio.run(measured(given.only or list(PARTS), quick=given.quick))
    told = goals(figures)
    if given.json:
        print(json.dumps({"figures": figures, "goals": told}))
        return 0
    shown(figures)
    for name, each in told.items():
        print(
            f"{'met ' if each['met'] else 'MISSED'} {name}: {each['value']} (goal {each['goal']})"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
