"""How many labels a better month costs: the review queue's order beside others.

    python bench/review.py                            the pack and the public intents
    python bench/review.py --seeds 1,2,3 --requests 1500
    python bench/review.py --fit DIR --data DIR       public utterances from other folders
    python bench/review.py --develop                  seeds and rows that nothing is reported of

The pack: a month of simulated customers is answered by a real gateway over simulated vendors; a
tenth of them rate their answer, one rating in twenty the wrong way round. Answers are reviewed in
the order of the shipped queue, by a reviewer who is never wrong, 25 a night. What was reviewed is
taken up in the simplest way: a question of the next month that is near to a reviewed one gets its
reviewed answer. Accuracy is the share of next month's requests that are answered right, and the
goal is the number of labels to come half of the way from no reviewing to everything reviewed:
three times fewer than in random order. Beside it: chance that puts near-duplicates last, least
confidence alone, farthest first alone, and the limit, which knows the next month.

The public intents: utterances of a pool are labelled in batches; accuracy is that of naming the
intent of other utterances. There is no traffic and nothing repeats itself, so that only the order
is measured. The figure is how many labels match a thousand random ones.

Settings were chosen on seeds 101 to 103 and on training rows (`--develop`); seeds 1 to 5 were
reported of an earlier order. Simulated models say the same thing in the same words, so that the
queue knows an answer again that it saw elsewhere; real ones, at a temperature, do so less often.

`--fitted` first plays months of another seed, fits on what was said of their answers what tells
their quality, as a night does, and lets the months that are reviewed be served by that fit: their
answers carry what was expected of them. Its models err on other questions than those reviewed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np

from intenting.data import tasks
from reviewing import public
from reviewing.pack import CHANCE, LEVELS, QUEUE, fewer, fit_of, seed_of

HERE = Path(__file__).parent
PACK = HERE.parent / "packs" / "myhibachi"
SHARED = HERE.parents[1] / "shared" / "data"
GOAL, HALF = 3.0, 1
SEEDS, DEVELOP, QUICK = (6, 7, 8, 9, 10), (101, 102, 103), (6,)
REQUESTS, QUICK_REQUESTS = 1500, 150
FIT_SEED = 201
"""Of the months on which `--fitted` fits."""
SHARE = 0.1
MATCHED, QUICK_MATCHED = 1000, 300
"""Random labels that are to be matched with fewer."""
PUBLIC_SEEDS = 3


def pack_figures(options: argparse.Namespace, seeds: list[int], requests: int) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for way in options.ways:
        fit = fit_of(options.pack, way, requests, FIT_SEED) if options.fitted else b""
        rows = []
        for seed in seeds:
            begun = time.monotonic()
            rows.append(seed_of(options.pack, way, requests, seed, SHARE, fit))
            took = time.monotonic() - begun
            print(f"  {way}, seed {seed}: {took:.0f} s {rows[-1]['labels']}", file=sys.stderr)
        names = list(rows[0]["labels"])
        figures[way] = {
            "seeds": rows,
            "labels": {
                name: [round(float(np.mean([each["labels"][name][at] for each in rows])), 1)
                       for at in range(len(LEVELS))]
                for name in names
            },
            "times fewer than random": {
                name: [fewer(rows, name, at) for at in range(len(LEVELS))]
                for name in names if name != CHANCE
            },
        }  # fmt: skip
    return figures


def public_figures(options: argparse.Namespace, seeds: int, matched: int) -> dict[str, Any]:
    if not options.fit.is_dir():
        return {"skipped": f"there is no folder {options.fit}"}
    figures: dict[str, Any] = {}
    for task in tasks(options.fit, options.data, develop=options.develop, most=100_000):
        pool = public.pool_of(task)
        curves = {
            way: np.array([public.curve(pool, way, matched, seed, SHARE) for seed in range(seeds)])
            for way in public.WAYS
        }
        target = curves["random"][:, -1].mean()
        labels = {
            way: [public.BATCH * (1 + int((curve >= target).argmax())) if (curve >= target).any()
                  else None for curve in some]
            for way, some in curves.items()
        }  # fmt: skip
        means = {way: some.mean(axis=0) for way, some in curves.items()}
        reached = {
            way: int((mean >= target).argmax() + 1) * public.BATCH
            if (mean >= target).any()
            else None
            for way, mean in means.items()
        }
        figures[task.name] = {
            "intents": pool.intents,
            "pool": len(pool.texts),
            "accuracy of random": round(float(target), 4),
            "accuracy with all": round(public.accuracy(pool, range(len(pool.texts))), 4),
            "labels to match": reached,
            "by seed": labels,
            "times fewer": {
                way: round(matched / each, 2) if each else None for way, each in reached.items()
            },
            "accuracy after as many": {
                way: round(float(mean[-1]), 4) for way, mean in means.items()
            },
        }
        print(f"  {task.name}: done", file=sys.stderr)
    return figures


def show(figures: dict[str, Any]) -> None:
    for way, told in figures["pack"].items():
        rows = told["seeds"]
        before = np.mean([each["accuracy without"] for each in rows])
        after = np.mean([each["accuracy with all"] for each in rows])
        count = np.mean([each["reviewed"] for each in rows])
        print(f"\n{way}: {before:.1%} right without reviewing, {after:.1%} with all {count:.0f}")
        heads = "".join(f"{f'{level:.0%} of the way':>18}" for level in LEVELS)
        print(f"{'labels needed':<26}{heads}{'times fewer at half, 95 %':>30}")
        for name, labels in told["labels"].items():
            cells = "".join(f"{each:>18.0f}" for each in labels)
            half = told["times fewer than random"].get(name, [{}] * 3)[HALF]
            between = " to ".join(map(str, half.get("95 %", [])))
            print(f"{name:<26}{cells}{half.get('times', ''):>12}{between:>18}")
    for name, told in figures["public"].items():
        if name == "skipped":
            print(f"\npublic intents skipped: {told}")
            continue
        print(
            f"\n{name}: labels to match {figures['matched']} random ones "
            f"({told['accuracy of random']:.1%}; with all {told['pool']} labels "
            f"{told['accuracy with all']:.1%})"
        )
        for way, each in told["labels to match"].items():
            print(f"{way:<26}{each or 'never':>10}{told['times fewer'][way] or '':>10}")


def goals_of(figures: dict[str, Any]) -> dict[str, Any]:
    goals = {}
    for way, told in figures["pack"].items():
        value = told["times fewer than random"][QUEUE][HALF]["times"]
        main = way == "consensus"
        goals[f"{way}: times fewer labels than random"] = {
            "value": value,
            "goal": GOAL if main else None,
            "met": value >= GOAL if main else None,
        }
    for name, told in figures["public"].items():
        if name != "skipped":
            value = told["times fewer"][QUEUE]
            goals[f"{name}: times fewer labels"] = {"value": value, "goal": None, "met": None}
    return goals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pack", type=Path, default=PACK, help="folder of a pack")
    parser.add_argument("--ways", default="consensus,single", help="consensus, single or both")
    parser.add_argument("--seeds", help="months, such as 1,2,3")
    parser.add_argument("--requests", type=int, help="of one month")
    parser.add_argument("--fit", type=Path, default=SHARED, help="folder with intents_*")
    parser.add_argument("--data", type=Path, help="folder of what is asked; else of --fit")
    parser.add_argument("--develop", action="store_true", help="what nothing is reported of")
    parser.add_argument("--fitted", action="store_true", help="served by a fit of other months")
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    options.ways = ["consensus"] if options.quick else options.ways.split(",")
    default = QUICK if options.quick else DEVELOP if options.develop else SEEDS
    seeds = [int(each) for each in options.seeds.split(",")] if options.seeds else list(default)
    requests = options.requests or (QUICK_REQUESTS if options.quick else REQUESTS)
    matched = QUICK_MATCHED if options.quick else MATCHED
    figures = {
        "pack": pack_figures(options, seeds, requests),
        "public": public_figures(options, 1 if options.quick else PUBLIC_SEEDS, matched),
        "matched": matched,
    }
    goals = goals_of(figures)
    if options.json:
        print(json.dumps({"figures": figures, "goals": goals}, ensure_ascii=False))
        return
    show(figures)
    for name, goal in goals.items():
        if goal["goal"] is not None:
            met = "met" if goal["met"] else "missed"
            print(f"\n{name}: {goal['value']} (goal {goal['goal']}) {met}")


if __name__ == "__main__":
    main()
