"""What router, cache and context save in a month of a catering business, and what quality costs.

    python bench/savings.py [--quick] [--json] [--rows NAMES] [--seeds 11,12,13] [--requests 3000]

Customers of the My Hibachi pack (`simulate/traffic.py`) ask the real gateway over HTTP; the vendors
are simulated (`simulate/personas.toml`, as they stand; without the local model, which would cost
nothing). Cost is what the ledger says, at the personas' own prices. Quality is measured on every
request, remembered answers included: the answer must state the facts of the question that was asked
and nothing forbidden. Every row answers the same months; each seed is another month, and another
luck of the models. The learned router is fitted on the month before: other customers of the same
business, a sample of whose questions was answered by every member and marked. Settings were chosen
on seed 1, which is not reported.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from month import ways
from month.drive import drive
from month.figures import Row
from month.learning import Lesson, learn
from month.limit import oracle
from month.ways import LIMIT, MODEL, WAYS, WHOLE, Way, paid_cast, settings_of
from teppan.cli.demo import KEY, packaged
from teppan.config.pack import load_pack
from teppan.simulate.questions import load_bank
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.simulate.traffic import MIX, Month, load_plans, traffic

_In, _Out = TypeVar("_In"), TypeVar("_Out")

SAVED = 0.70
QUICK, QUICK_MARKED = 200, 120
MARKED = 1000
"""Questions of the month before whose answers were marked, for the learned router."""
A_DAY = 100.0
TALKATIVE = {**{intent: 0.625 * share for intent, share in MIX.items()}, "booking": 0.5}


@dataclass(frozen=True, slots=True)
class Scene:
    """A kind of month, and what vendors ask for cached tokens (as a share of the input price)."""

    name: str
    month: Month
    seeds: tuple[int, ...]
    cached: float | None = None
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    scene: Scene
    way: Way
    seed: int
    folder: Path
    lesson: Lesson | None = None


def scenes(requests: int, seeds: Sequence[int], *, quick: bool) -> list[Scene]:
    days = max(2.0, requests / A_DAY)
    first, some = seeds[:1], (WAYS[0].name, "exact cache", "semantic cache", WHOLE)
    month = Month(requests, days, mix=dict(MIX))
    main = Scene("the month", month, tuple(seeds))
    if quick:
        return [main]
    return [
        main,
        Scene(
            "no text twice",
            Month(requests, days, mix=dict(MIX), never_twice=True),
            tuple(first),
            rows=some,
        ),
        Scene(
            "half in conversations", Month(requests, days, mix=TALKATIVE), tuple(first), rows=some
        ),
        Scene("cached tokens at a tenth", month, tuple(first), 0.1, some),
    ]


def run_job(job: Job) -> list[Row]:
    """One row for one seed, and with the reference's the limit's."""
    return asyncio.run(_run_job(job))


async def _run_job(job: Job) -> list[Row]:
    bank, cast = load_bank(packaged()), paid_cast()
    kind = job.scene.month
    month = traffic(
        bank,
        load_plans(packaged()),
        Month(kind.requests, kind.days, job.seed, mix=kind.mix, never_twice=kind.never_twice),
    )
    store = job.folder / f"{abs(hash((job.scene.name, job.way.name, job.seed)))}.db"
    row = Row(job.way.name)
    async with Fleet(FleetSettings(bank=bank, speed=0, seed=job.seed, cast=cast)) as fleet:
        fitted = job.lesson.path if job.lesson else None
        settings = settings_of(job.way, fleet, store, job.scene.cached, fitted)
        run = await drive(settings, ways.environment(KEY), month, MODEL)
    row.add(run, cast, job.seed)
    row.seconds = run.seconds
    if job.way.name != WAYS[0].name:
        return [row]
    limit = Row(LIMIT)
    prompt = load_pack(packaged()).prompts["support"]
    oracle(limit, run, cast, bank, prompt, job.seed)
    return [row, limit]


def teach(work: tuple[int, int, Path]) -> Lesson:
    """What the month before a seed's month taught."""
    seed, size, folder = work
    return asyncio.run(learn(seed, size, folder))


def play(
    scene: Scene,
    only: Sequence[str],
    folder: Path,
    jobs: int,
    lessons: Mapping[int, Lesson],
) -> dict[str, Row]:
    """Every row of a scene, over its seeds."""
    wanted = [
        Job(scene, way, seed, folder, lessons.get(seed) if way.learned else None)
        for way in WAYS
        for seed in scene.seeds
        if way is WAYS[0] or _is_wanted(way.name, scene.rows, only)
    ]
    rows: dict[str, Row] = {}
    for made in _each(run_job, wanted, jobs):
        for row in made:
            print(f"  {scene.name}: {row.name}, {row.seconds:.0f} s", file=sys.stderr)
            rows[row.name] = rows[row.name].plus(row) if row.name in rows else row
    limit = rows.pop(LIMIT)
    return {**rows, LIMIT: limit}


def _is_wanted(name: str, of_scene: Sequence[str], only: Sequence[str]) -> bool:
    return (not of_scene or name in of_scene) and (not only or name.startswith(tuple(only)))


def _each(work: Callable[[_In], _Out], jobs: Sequence[_In], at_once: int) -> Iterable[_Out]:
    if at_once == 1:
        yield from map(work, jobs)
        return
    with ProcessPoolExecutor(at_once) as pool:
        yield from pool.map(work, jobs)


def goals_of(told: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    whole = told.get(WHOLE)
    if whole is None:
        return {}
    gain = whole["quality_gain"]
    return {
        "saved": {"value": whole["saved"], "goal": SAVED, "met": whole["saved"] >= SAVED},
        "quality not lower": {"value": gain, "goal": 0.0, "met": gain >= 0.0},
    }


COLUMNS: tuple[tuple[str, Callable[[Mapping[str, Any]], str]], ...] = (
    ("$", lambda row: f"{row['cost_micros'] / 1e6:.3f}"),
    ("saved", lambda row: f"{100 * row['saved']:.1f} %"),
    ("quality", lambda row: f"{100 * row['quality']:.1f}"),
    ("gain (95 %)", lambda row: _gain(row)),
    ("hits", lambda row: f"{100 * row['hit_share']:.1f} %"),
    ("wrong", lambda row: _share(row["wrong_hits"])),
    ("other q.", lambda row: _share(row["hits_of_another_question"])),
    ("tokens in", lambda row: f"{100 * row['tokens_in_of_reference']:.0f} %"),
    ("calls", lambda row: f"{row['calls_per_request']:.2f}"),
    ("p50", lambda row: f"{row['latency_p50']:.2f} s"),
)


def _gain(row: Mapping[str, Any]) -> str:
    low, high = row["quality_gain_95"]
    return f"{100 * row['quality_gain']:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"


def show(scene: str, told: Mapping[str, Mapping[str, Any]]) -> None:
    first = next(iter(told.values()))
    print(f"\n{scene}: {first['requests']} requests")
    lines = [["", *(title for title, _ in COLUMNS)]]
    lines += [[name, *(cell(row) for _, cell in COLUMNS)] for name, row in told.items()]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    intents = sorted(first["by_intent"])
    print("\n" + "quality by intent".ljust(widths[0]) + "".join(f"{each:>12}" for each in intents))
    for name, row in told.items():
        cells = "".join(f"{100 * row['by_intent'].get(each, 0):12.1f}" for each in intents)
        print(f"{name:>{widths[0]}}{cells}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} requests of one seed")
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--marked", type=int, default=MARKED, help="marked questions to learn from")
    parser.add_argument("--seeds", default="11,12,13")
    parser.add_argument("--rows", default="", help="only rows that begin so, with commas")
    parser.add_argument("--jobs", type=int, default=2, help="rows that run at once")
    options = parser.parse_args()
    began = time.monotonic()
    seeds = [11] if options.quick else [int(each) for each in options.seeds.split(",")]
    requests = QUICK if options.quick else options.requests
    only = list(filter(None, options.rows.split(",")))
    told: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="teppan-savings-") as folder:
        size = QUICK_MARKED if options.quick else options.marked
        learning = [(seed, size, Path(folder)) for seed in seeds]
        lessons = dict(zip(seeds, _each(teach, learning, options.jobs), strict=True))
        for scene in scenes(requests, seeds, quick=options.quick):
            rows = play(scene, only, Path(folder), options.jobs, lessons)
            reference = rows[WAYS[0].name]
            told[scene.name] = {name: row.told(reference) for name, row in rows.items()}
            if not options.json:
                show(scene.name, told[scene.name])
    goals = goals_of(told["the month"])
    notes = {
        seed: {"questions": each.questions, "cost_micros": each.micros}
        for seed, each in lessons.items()
    }
    if options.json:
        print(
            json.dumps(
                {"simulated vendors": True, "figures": told, "goals": goals, "lessons": notes}
            )
        )
        return 0
    taught = sum(each.micros for each in lessons.values()) / 1e6 / len(lessons)
    print(f"\nlearned from {size} marked questions, whose answers cost ${taught:.2f} a month")
    print(f"{time.monotonic() - began:.0f} s. The vendors are simulated; see the docstring.")
    if WHOLE in told["the month"]:
        print("gain by seed:", told["the month"][WHOLE]["quality_gain_by_seed"])
    for name, goal in goals.items():
        print(f"{name}: {goal['value']} (goal {goal['goal']}) {'met' if goal['met'] else 'MISSED'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
