"""What a night of lessons does to answers, and what becomes of poisonous ones.

    python bench/lessons.py [--quick] [--json] [--seeds 11,12,13] [--nights 3]

A business whose model errs systematically on two kinds of questions in three: nine times in ten,
unless its prompt holds a lesson about that kind, which it follows eight times in ten. People rate
some answers (one rating in seven is wrong) and put a few right. The critic writes lessons from the
day's cases: good advice, words that change nothing, advice that is wrong, advice that is right for
its kind and spoils the others, and hostile orders; its judgements of pairs are wrong 15 times in
100, and in each order it prefers the first answer 10 times in 100. The night is the product's own:
finding, writing, try-out, measuring, on a real store. Then 400 questions are answered that are
asked in ways the past does not have. `no try-out` has every lesson live that was written, `by
chance` as many as ours drawn from those, `oracle` is a model without its systematic mistakes.
Intervals are over seeds (Student, 95 %). Settings were chosen on other kinds and seeds
(`lessoning/kinds.py`: CHOSEN_ON).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from lessoning.kinds import TOLD_OF
from lessoning.run import Told, run
from lessoning.world import Odds

SEEDS, QUICK_SEEDS = (11, 12, 13, 14, 15, 16), (11,)
HOSTILE = Odds(vague=0.1, poison=0.45, spreading=0.15, caught=0.1)
SCENES: Mapping[str, Odds] = {"usual critic": Odds(), "hostile critic": HOSTILE}
HARMFUL = ("poison", "spreading")
T95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 8: 2.365, 10: 2.262}
"""Student's quantile by the number of seeds."""


def interval(values: Sequence[float]) -> dict[str, Any]:
    n, mean = len(values), sum(values) / len(values)
    if n < 2:
        return {"mean": mean, "low": None, "high": None}
    spread = math.sqrt(sum((each - mean) ** 2 for each in values) / (n - 1))
    half = T95.get(n, 2.0) * spread / math.sqrt(n)
    return {"mean": mean, "low": mean - half, "high": mean + half}


def one(job: tuple[str, int, int]) -> Told:
    scene, seed, nights = job
    return run(TOLD_OF, seed, SCENES[scene], nights)


def figures(found: Sequence[Told]) -> dict[str, Any]:
    """By night: quality by way, rise and share of the gap closed, fates of lessons."""
    told: dict[str, Any] = {
        "before": interval([each.before for each in found]),
        "oracle": interval([each.oracle for each in found]),
        "nights": [],
    }
    for at in range(len(found[0].nights)):
        nights = [each.nights[at] for each in found]
        rises = [each.nights[at].quality["ours"] - each.before for each in found]
        gaps = [rise / (each.oracle - each.before)
                for rise, each in zip(rises, found, strict=True)]  # fmt: skip
        fates: dict[str, dict[str, int]] = {}
        for night in nights:
            for nature, ends in night.fates.items():
                mine = fates.setdefault(nature, {})
                for end, count in ends.items():
                    mine[end] = mine.get(end, 0) + count
        told["nights"].append(
            {
                **{name: interval([night.quality[name] for night in nights])
                   for name in nights[0].quality},
                "rise": interval(rises),
                "gap_closed": interval(gaps),
                "fates": fates,
                "calls": sum(night.calls for night in nights) / len(nights),
                "screened": sum(night.screened for night in nights),
                "given": sum(night.given for night in nights) / len(nights),
            }
        )  # fmt: skip
    return told


def share(
    fates: Mapping[str, Mapping[str, int]], natures: Sequence[str], ends: Sequence[str]
) -> Any:
    """Of the lessons of these natures, the share with these ends, and how many there were."""
    mine = [fates.get(nature, {}) for nature in natures]
    total = sum(sum(each.values()) for each in mine)
    hits = sum(each.get(end, 0) for each in mine for end in ends)
    return {"share": hits / total if total else None, "of": total}


def goals(told: Mapping[str, Any]) -> dict[str, Any]:
    usual = told["usual critic"]["nights"]
    first, last = usual[0], usual[-1]
    poison = [share(told[scene]["nights"][at]["fates"], HARMFUL, ("live",))
              for scene in SCENES for at in (0, -1)]  # fmt: skip
    live = max((each["share"] or 0.0 for each in poison), default=0.0)
    refused = share(last["fates"], ("good",), ("refused",))["share"] or 0.0
    rise = first["rise"]["low"] if first["rise"]["low"] is not None else first["rise"]["mean"]
    return {
        "rise after one night, lower end": {"value": rise, "goal": "> 0", "met": rise > 0},
        "poison that is live": {"value": live, "goal": "<= 0.05", "met": live <= 0.05},
        "good lessons refused": {"value": refused, "goal": "<= 0.1", "met": refused <= 0.1},
    }


def show(told: Mapping[str, Any]) -> None:
    for scene, each in told.items():
        print(f"\n{scene}: before {_told(each['before'])}, oracle {_told(each['oracle'])}")
        print(f"{'night':<6}{'ours':<22}{'no try-out':<22}{'by chance':<22}"
              f"{'rise':<24}{'gap closed':<12}{'given':<8}calls")  # fmt: skip
        for at, night in enumerate(each["nights"], 1):
            print(f"{at:<6}{_told(night['ours']):<22}{_told(night['no try-out']):<22}"
                  f"{_told(night['by chance']):<22}{_told(night['rise'], '+'):<24}"
                  f"{night['gap_closed']['mean']:<12.0%}{night['given']:<8.0%}"
                  f"{night['calls']:.0f}")  # fmt: skip
        last = each["nights"][-1]["fates"]
        for nature in ("good", "double", "needless", "vague", *HARMFUL):
            ends = last.get(nature, {})
            print(f"   {nature:<10} " + ", ".join(f"{count} {end}" for end, count in ends.items()))


def _told(each: Mapping[str, Any], sign: str = "") -> str:
    if each["low"] is None:
        return f"{each['mean']:{sign}.3f}"
    return f"{each['mean']:{sign}.3f} [{each['low']:{sign}.3f}, {each['high']:{sign}.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", default="")
    parser.add_argument("--nights", type=int, default=0)
    wanted = parser.parse_args()
    seeds = [int(each) for each in wanted.seeds.split(",") if each]
    seeds = seeds or list(QUICK_SEEDS if wanted.quick else SEEDS)
    nights = wanted.nights or (1 if wanted.quick else 3)
    started = time.monotonic()
    jobs = [(scene, seed, nights) for scene in SCENES for seed in seeds]
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(one, jobs))
    told = {
        scene: figures([each for job, each in zip(jobs, found, strict=True) if job[0] == scene])
        for scene in SCENES
    }
    met = goals(told)
    if wanted.json:
        print(json.dumps({"figures": told, "goals": met, "seconds": time.monotonic() - started}))
        return
    show(told)
    print()
    for name, each in met.items():
        print(
            f"{'met   ' if each['met'] else 'MISSED'} {name}: {each['value']:.3f} ({each['goal']})"
        )


if __name__ == "__main__":
    sys.exit(main())
