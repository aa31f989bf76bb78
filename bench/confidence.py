"""How well the quality of an answer is told before it is sent, and what cascades gain by it.

    python bench/confidence.py                        cross-validated on ../shared/data
    python bench/confidence.py --fit DIR --data DIR   fitted on one folder, reported on another
    python bench/confidence.py --part month           simulated months of a business only

**Recorded answers** of real models: each question of the fit was answered in one of five ways
(three models alone, a cascade, a consensus), as a business sees it; the answers of other questions
are told. A good answer is one that was judged right. **Months**: customers of the My Hibachi pack
ask the real gateway over simulated vendors; some rate answers, some outcomes are known, and some of
both are wrong. The fit sees only those; it is reported on the last quarter of the conversations,
against what became known, and against the truth, which no business knows.

Beside ours: the usual rate, the rate of the model on that kind of task, the confidence that was
stated, the share of the vote where one was held; small gradient boosting on the same figures; and
an oracle, which knows the truth (on the months' labels, only how often people are wrong).

**Cascades** climb from a cheap model to the best, with the predictor and without, at the same bars
and for the same money. Intervals are 95 % bootstraps over questions or conversations. Figures,
ridges and the cascade's rule were chosen on other splits of gsm8k, crux and mmlu_pro of the
development data and on months 2 and 3: of what is printed without `--data`, the open answers and
the months were never looked at before, the three others are optimistic.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from predicting import cascades, telling
from predicting.recorded import Kitchen, Trust, ladder, traffic
from teppan.providers.replay import Recordings, load

FOLDS = 5
QUICK = 480
SEEDS = (21, 22, 23)
REQUESTS, QUICK_REQUESTS = 3000, 800
HOME = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
OPEN = "alpaca_eval"


def parts(
    fit: Recordings, data: Recordings | None, most: int | None
) -> list[tuple[Recordings, Recordings]]:
    """What is fitted on and what is reported on: other questions."""
    if data is not None:
        return [(cut(fit, most), cut(data, most))]
    found = []
    for fold in range(FOLDS if most is None else 1):
        inside = [each for each in fit.prompts if fold_of(each.prompt_id) == fold]
        outside = [each for each in fit.prompts if fold_of(each.prompt_id) != fold]
        found.append((some(fit, outside, most), some(fit, inside, most and most // 4)))
    return found


def open_answers(recordings: Recordings) -> bool:
    """Open answers are judged beside another's: no cascade could know them for right."""
    return recordings.name.startswith(OPEN)


def fold_of(prompt_id: str) -> int:
    return zlib.crc32(prompt_id.encode()) % FOLDS


def cut(recordings: Recordings, most: int | None) -> Recordings:
    return some(recordings, recordings.prompts, most)


def some(recordings: Recordings, prompts: Sequence[Any], most: int | None) -> Recordings:
    return Recordings(recordings.name, tuple(prompts[:most]), recordings.rows, recordings.models)


async def recorded(
    fit: Recordings, data: Recordings | None, most: int | None
) -> tuple[telling.Told, cascades.Curves]:
    told, curves = telling.Told(), cascades.Curves()
    for train, test in parts(fit, data, most):
        models = ladder(train, train.prompts)
        trust = Trust(train, train.prompts, models)
        kitchen = Kitchen(train, trust)
        seen = await traffic(kitchen, train.prompts, models)
        other = Kitchen(test, trust)
        later = await traffic(other, test.prompts, models)
        made = telling.tell(told, seen, later)
        if made is not None and not open_answers(fit):
            await curves.add(other, test.prompts, models, made)
        print(f"  {fit.name}: {len(test.prompts)} questions", file=sys.stderr)
    return told, curves


def figures(options: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {}
    most = QUICK if options.quick else None
    if options.part in ("", "recorded") and options.fit.is_dir():
        data = {each.name: each for each in load(options.data)} if options.data else None
        for each in load(options.fit):
            if data is not None and each.name not in data:
                continue
            if options.quick and each.name != "mmlu_pro":
                continue
            told, curves = asyncio.run(recorded(each, data[each.name] if data else None, most))
            found[each.name] = {"telling": told.table(), "cascade": curves.table()}
    if options.part in ("", "month"):
        requests = QUICK_REQUESTS if options.quick else REQUESTS
        seeds = SEEDS[:1] if options.quick else tuple(map(int, options.seeds.split(",")))
        with tempfile.TemporaryDirectory(prefix="teppan-confidence-") as folder:
            found["months"] = telling.months(seeds, requests, Path(folder))
    return found


def goals_of(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    goals: dict[str, dict[str, Any]] = {}
    for name, set_of in found.items():
        table = set_of["telling"]
        if not table:
            continue
        ours = table["ours"]
        goals[f"{name}: log loss saved beside the usual rate, low end"] = _goal(
            ours["saved"]["the usual rate"]["low"], 0.0, up=True
        )
        goals[f"{name}: log loss saved beside the confidence stated, low end"] = _goal(
            ours["saved"]["confidence stated"]["low"], 0.0, up=True
        )
        goals[f"{name}: calibration error"] = _goal(ours["ece"]["value"], 0.05, up=False)
        if set_of.get("cascade"):
            goals[f"{name}: cascade's gain for the same money, high end of the worst"] = _goal(
                set_of["cascade"]["worst"], 0.0, up=True
            )
    return goals


def _goal(value: float, goal: float, *, up: bool) -> dict[str, Any]:
    met = value >= goal - 1e-9 if up else value <= goal + 1e-9
    return {"value": round(value, 4), "goal": goal, "met": met}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", type=Path, default=Path(os.environ.get("TEPPAN_DATA", HOME)))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--part", default="", choices=("", "recorded", "month"))
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} questions of one set")
    options = parser.parse_args()
    began = time.monotonic()
    if not options.fit.is_dir():
        print(f"no recordings: {options.fit} is not there (--fit DIR or TEPPAN_DATA)",
              file=sys.stderr)  # fmt: skip
    found = figures(options)
    goals = goals_of(found)
    if options.json:
        print(json.dumps({"figures": found, "goals": goals}))
        return 0
    for name, set_of in found.items():
        telling.show(name, set_of["telling"])
        if "truth" in set_of:
            telling.show(f"{name}, against the truth", set_of["truth"])
        if "cascade" in set_of:
            cascades.show(name, set_of["cascade"])
    print(f"\n{time.monotonic() - began:.0f} s")
    for name, goal in goals.items():
        print(f"{name}: {goal['value']} (goal {goal['goal']}) {'met' if goal['met'] else 'MISSED'}")
    return 0


if __name__ == "__main__":
    np.seterr(all="ignore")
    sys.exit(main())
