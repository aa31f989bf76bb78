"""Whether what is learned of answers is true: a month of customers with reactions of known truth.

    python bench/loop.py [--quick] [--json] [--seeds 11,12,13] [--requests 1500] [--jobs 2]

Customers of the My Hibachi pack ask the real gateway over HTTP; its vendors are simulated, its
rules are those that are shipped. How customers react to an answer follows its true quality by a
noise model that was written down first (`looping/people.py`) and not changed for a result. Every
night gathers; seven of ten are cut at a random moment, up to three times, before they run to the
end. Scoring was worked out on other seeds and another crowd; nothing is fitted here.

Then attackers with 5 % of the feedback try to move the ranking of the models.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from looping import rankings
from looping.book import Differences, differences
from looping.figures import Row, beside, groups, purity, row_of, told
from looping.month import Month
from looping.people import OTHER, REPORTED
from looping.showing import show
from looping.ways import MODELS, settings_of
from teppan.build import open_store
from teppan.cli.demo import KEY, packaged
from teppan.config.schema import Settings
from teppan.core.ids import LOCAL
from teppan.core.signal import Signal
from teppan.estimate.ratings import Vote, votes_of
from teppan.simulate.questions import load_bank
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.simulate.traffic import Month as Kind
from teppan.simulate.traffic import load_plans, traffic
from teppan.store.store import Store

LANGUAGES = {"en": 0.55, "es": 0.20, "zh": 0.125, "ja": 0.125}
SEEDS = "11,12,13"
DAYS = 30.0
QUICK = 60
ATTACKS, QUICK_ATTACKS = 40, 2
POWER, QUICK_POWER = 20, 2
CROWDS = {"reported": REPORTED, "other": OTHER}
RIVALS = (
    "feedback alone",
    "outcome alone",
    "coherence alone",
    "sentiment alone",
    "efficiency alone",
)


@dataclass
class Driven:
    """One seed's month, as far as it is needed afterwards."""

    seed: int
    rows: list[Row]
    differences: Differences
    votes: list[Vote]
    nights: dict[str, Any]
    told: Counter[str]
    late: Counter[str]
    failed: int
    seconds: float


def run_month(work: tuple[int, int, str]) -> Driven:
    return asyncio.run(_run_month(*work))


async def _run_month(seed: int, requests: int, crowd: str) -> Driven:
    began = time.monotonic()
    bank = load_bank(packaged())
    kind = Kind(requests, DAYS, seed, languages=LANGUAGES)
    month = Month(bank, seed, CROWDS[crowd], list(MODELS))
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="teppan-loop-", dir=memory if os.access(memory, os.W_OK) else None
    ) as folder:
        async with Fleet(FleetSettings(bank=bank, speed=0, seed=seed)) as fleet:
            settings = settings_of(fleet, Path(folder) / "loop.db")
            environment = {KEY: os.environ[KEY]}
            await month.drive(settings, environment, traffic(bank, load_plans(packaged()), kind))
        return await _read(settings, month, seed, began)


async def _read(settings: Settings, month: Month, seed: int, began: float) -> Driven:
    store = await open_store(settings)
    try:
        traces = await store.traces.list(LOCAL, limit=10_000_000)
        made = await _signals(store)
        said = await store.feedback.counting(LOCAL)
    finally:
        await store.close()
    book = month.book
    by_trace, by_id = {each.trace_id: each for each in made}, {each.id: each for each in traces}
    rows = []
    for id, answered in book.answers.items():
        if answered.true is None or id not in by_trace:
            continue
        others = [book.answers[one].true for one in book.episodes[answered.step.episode]]
        known = [each for each in others if each is not None]
        felt = sum(known) / len(known)
        rows.append(row_of(seed, answered, by_trace[id], by_id[id], felt))
    return Driven(
        seed,
        rows,
        differences(book, traces, made),
        votes_of(said),
        asdict(month.nights),
        book.told,
        book.late,
        month.failed,
        time.monotonic() - began,
    )


async def _signals(store: Store) -> list[Signal]:
    made: list[Signal] = []
    while page := await store.signals.list(LOCAL, limit=1000, after=made[-1].id if made else ""):
        made += page
    return made


def figures_of(months: list[Driven], *, quick: bool) -> dict[str, Any]:
    rows = [row for month in months for row in month.rows]
    sums: Counter[str] = Counter()
    for month in months:
        sums.update(asdict(month.differences))
    attacks = range(1000, 1000 + (QUICK_ATTACKS if quick else ATTACKS))
    power = range(2000, 2000 + (QUICK_POWER if quick else POWER))
    return {
        "simulated vendors and customers": True,
        "seeds": [month.seed for month in months],
        "answers of known quality": len(rows),
        "rated": sum(row.rated for row in rows),
        "scores": told(rows),
        "same answers": beside(rows),
        "by": groups(rows),
        "purity": purity(rows),
        "examples": dict(sums),
        "nights": {name: sum(month.nights[name] for month in months) for name in months[0].nights},
        "told": dict(sum((month.told for month in months), Counter())),
        "told days late": dict(sum((month.late for month in months), Counter())),
        "failed": sum(month.failed for month in months),
        "seconds": [round(month.seconds) for month in months],
        "attacks": {
            str(share): rankings.attacked(attacks, share)
            for share in (rankings.VOUCHED[:1] if quick else rankings.VOUCHED)
        },
        "attacks on the month": rankings.everyone(
            [vote for month in months for vote in month.votes], attacks
        ),
        "attacks on equals": rankings.equals(power, quick=quick),
        "power": rankings.power(power, quick=quick),
        "many models": rankings.several(power, quick=quick),
    }


def goals_of(figures: dict[str, Any]) -> dict[str, dict[str, Any]]:
    examples = figures["examples"]
    kinds = ("rating", "outcome", "text", "link")
    moved = [
        row["moved"]["places"]
        for rows in (*figures["attacks"].values(), figures["attacks on the month"])
        for row in rows.values()
    ]
    moved += [row["claimed"] for row in figures["attacks on equals"]]
    scores, same = figures["scores"], figures["same answers"]
    ours = scores["quality score"]
    best = max(scores[each]["spearman"] or 0.0 for each in RIVALS)
    ahead = [_ahead(pair) for name, pair in same.items() if pair["theirs"]["spearman"] is not None]
    return {
        "spearman of quality and truth: low end of the interval": _goal(
            ours["95"][0] if ours["95"] else None, 0.0, up=True
        ),
        "spearman of quality less that of its best part alone": _goal(
            None if ours["spearman"] is None else round(ours["spearman"] - best, 3), 0.0, up=True
        ),
        "the same less that of confidence, verdict, rating where they are: the least": _goal(
            min(ahead, default=None), 0.0, up=True
        ),
        "examples lost": _goal(examples["lost"], 0, up=False),
        "examples doubled": _goal(examples["doubled"] + examples["extra"], 0, up=False),
        "examples with another's or an old word": _goal(
            sum(examples[kind] for kind in kinds), 0, up=False
        ),
        "attacks at 5 % that turned an order or made a false one": _goal(sum(moved), 0, up=False),
    }


def _ahead(pair: dict[str, Any]) -> float:
    return round(pair["the score"]["spearman"] - pair["theirs"]["spearman"], 3)


def _goal(value: float | None, goal: float, *, up: bool) -> dict[str, Any]:
    met = None if value is None else bool(value >= goal if up else value <= goal)
    return {"value": value, "goal": goal, "met": met}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", default=SEEDS)
    parser.add_argument("--requests", type=int, default=1500)
    parser.add_argument("--crowd", choices=sorted(CROWDS), default="reported")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--data", type=Path, help="not used: the pack is the data")
    parser.add_argument("--fit", type=Path, help="not used: nothing is fitted here")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} requests of one seed")
    given = parser.parse_args()
    began = time.monotonic()
    seeds = [int(each) for each in given.seeds.split(",")]
    if given.quick:
        seeds, given.requests = seeds[:1], QUICK
    work = [(seed, given.requests, given.crowd) for seed in seeds]
    if len(work) > 1 and given.jobs > 1:
        with ProcessPoolExecutor(given.jobs) as pool:
            months = list(pool.map(run_month, work))
    else:
        months = [run_month(each) for each in work]
    figures = figures_of(months, quick=given.quick)
    goals = goals_of(figures)
    if given.json:
        print(json.dumps({"figures": figures, "goals": goals}, ensure_ascii=False))
        return 0
    show(figures, goals)
    print(f"{time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
