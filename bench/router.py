"""What routing by the question is worth on recorded answers of real models.

    python bench/router.py                          cross-validated on ../shared/data
    python bench/router.py --fit DIR --data DIR     fitted on one folder, reported on another
    python bench/router.py --embedder minilm:DIR    also with embeddings of that folder

Two parts. RouteLLM's pair (gpt-4-1106-preview against Mixtral-8x7B): questions are ordered by the
predicted gain of asking the strong model, and the area under the curve of recovered quality is
told (APGR; chance is 0.5), with the share of strong calls that recovers 50 and 80 % of the gap
(CPT50, CPT80). Then sets with many models and real costs: quality and cost of the shipped router at
several targets, beside chance, rules, k-NN, the best single model and the oracle. Fitting and
predicting are the shipped code of `routing/`; questions of one wording are always in one fold.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from routers.pairs import pair_table, pairs_of
from routers.sets import BEST, set_table, sets_of
from routers.ways import cached, hashed
from teppan.providers.embed import open_embedder
from teppan.routing.learned import MARGIN

QUICK, QUICK_SETS = 700, 240
PUBLISHED = {
    "mmlu": "RouteLLM's best on MMLU 0.603 (arXiv 2406.18665)",
    "gsm8k": "RouteLLM's best on GSM8K 0.622 (arXiv 2406.18665)",
}
GOALS = {"mmlu": 0.70, "gsm8k": 0.66}


def goals_of(pairs: Mapping[str, Any], sets: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    goals = {}
    for name, goal in GOALS.items():
        if name in pairs:
            rows = {row: each for row, each in pairs[name].items() if row.startswith("learned")}
            for row, each in rows.items():
                goals[f"{name}: APGR, {row}"] = goal_of(each["apgr"], goal)
    for name, table in sets.items():
        for row, each in table.items():
            if row.startswith("learned") and row.endswith("quality first"):
                goals[f"{name}: points over the best single, {row}"] = goal_of(
                    100 * each["gain"], 0.0
                )
            if row.startswith("learned") and row.endswith("as good as the best"):
                goals[f"{name}: points over the best single, {row}"] = goal_of(
                    100 * each["gain"], -100 * MARGIN
                )
    return goals


def goal_of(value: float, goal: float) -> dict[str, Any]:
    return {"value": round(value, 4), "goal": goal, "met": value >= goal - 1e-9}


def show(pairs: Mapping[str, Any], sets: Mapping[str, Any], goals: Mapping[str, Any]) -> None:
    for name, table in pairs.items():
        print(f"\nRouteLLM's pair on {name}; published: {PUBLISHED.get(name, '-')}")
        print(f"{'predicted by':38} {'APGR':>6} {'95 %':>13} {'CPT50':>6} {'CPT80':>6}   curve")
        for row, each in table.items():
            curve = " ".join(f"{at:.2f}" for at in each["curve"][1:-1])
            print(f"{row:38} {each['apgr']:6.3f} {each['low']:6.3f}-{each['high']:.3f} "
                  f"{each['cpt50']:6.2f} {each['cpt80']:6.2f}   {curve}")  # fmt: skip
    for name, table in sets.items():
        best = table[BEST]
        print(f"\n{name}: {best['questions']} questions")
        print(f"{'chosen by':46} {'quality':>8} {'$/1000':>8} {'of best':>8} {'over best':>10}")
        for row, each in table.items():
            gain = (
                f"{100 * each['gain']:+.2f}±{100 * each['gain_error']:.2f}"
                if "gain" in each
                else ""
            )
            print(f"{row:46} {100 * each['quality']:8.2f} {each['cost'] / 1000:8.3f} "
                  f"{100 * each['cost'] / best['cost']:7.1f}% {gain:>10}")  # fmt: skip
    print("\n* a label of the benchmark, which nobody has while serving: for comparison only.")
    for name, goal in goals.items():
        print(f"{name}: {goal['value']} (goal {goal['goal']}) {'met' if goal['met'] else 'MISSED'}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    home = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
    parser.add_argument("--fit", type=Path, default=Path(os.environ.get("TEPPAN_DATA", home)))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--embedder", default="", help="also with this one: minilm:DIR, static:DIR")
    parser.add_argument("--only", default="", help="only sets whose name begins so")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="fewer questions of each set")
    options = parser.parse_args()
    for folder in filter(None, (options.fit, options.data)):
        if not folder.is_dir():
            print(f"no recordings: {folder} is not there (--fit DIR or TEPPAN_DATA)")
            return 1
    started = time.monotonic()
    embedders: dict[str, Any] = {"hashing": hashed}
    if options.embedder:
        opened = open_embedder(options.embedder)
        embedders[opened.name] = cached(opened.embed)
    most, few = (QUICK, QUICK_SETS) if options.quick else (None, None)
    pairs, sets = {}, {}
    fresh = pairs_of(options.data, most) if options.data else None
    for name, rows in pairs_of(options.fit, most).items():
        if name.startswith(options.only) and (fresh is None or name in fresh):
            pairs[name] = pair_table(rows, fresh[name] if fresh else None, embedders)
            print(f"  {name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    taught = sets_of(options.fit, few)
    tested = sets_of(options.data, few) if options.data else None
    for name, asked in taught.items():
        if name.startswith(options.only) and (tested is None or name in tested):
            sets[name] = set_table(asked, tested[name] if tested else None, embedders)
            print(f"  {name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    goals = goals_of(pairs, sets)
    if options.json:
        print(json.dumps({"figures": {"pairs": pairs, "sets": sets}, "goals": goals}))
    else:
        show(pairs, sets, goals)
    return 0


if __name__ == "__main__":
    sys.exit(main())
