"""One seed of the pack: the months, every order, and the labels each needs."""

from __future__ import annotations

import asyncio
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packing.asking import scratch_folder
from reviewing import orders
from reviewing.accuracy import Next, needed
from reviewing.traffic import Answered, fitted_on, months
from teppan.store import Store

QUEUE, CHANCE, NO_NEAR = "queue", "random", "random, near ones last"
DOUBT, FAR, LIMIT = "least confidence", "farthest first", "limit"
LEVELS = (0.25, 0.5, 0.75)
"""Parts of the way from no reviewing to everything reviewed."""
DRAWS, FEW = 20, 5
"""Random orders, and orders that begin by chance, of which the mean is taken."""
MOST = 500
"""Labels of the queue's order: what comes after them is not measured."""
T_95 = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36}
"""Student's t for the middle 95 % by number of seeds."""


def seed_of(
    pack: Path, way: str, requests: int, seed: int, share: float, fit: bytes = b""
) -> dict[str, Any]:
    """`fit` is what tells the quality of answers as they are given, if it was fitted before."""
    return asyncio.run(_seed(pack, way, requests, seed, share, fit))


def fit_of(pack: Path, way: str, requests: int, seed: int) -> bytes:
    """What the night fits on two months; nothing where it refuses."""

    async def fitted() -> bytes:
        with scratch_folder() as scratch:
            path = Path(scratch) / "before.db"
            await months(pack, way, requests, seed, path)
            return await fitted_on(pack, path)

    return asyncio.run(fitted())


async def _seed(
    pack: Path, way: str, requests: int, seed: int, share: float, fit: bytes
) -> dict[str, Any]:
    with scratch_folder() as scratch:
        path = Path(scratch) / "months.db"
        both, _ = await months(pack, way, requests, seed, path, fit)
        after = Next(both.reviewed, both.after)
        curves = await _curves(path, both.reviewed, after, seed, share)
    none, everything = curves[CHANCE][0], curves[CHANCE][-1]
    targets = [none + level * (everything - none) for level in LEVELS]
    wrong = [not each.right for each in both.reviewed]
    return {
        "seed": seed,
        "reviewed": len(both.reviewed),
        "after": len(both.after),
        "wrong": sum(wrong),
        "questions": len({each.step.question.id for each in both.reviewed}),
        "accuracy without": round(float(none), 4),
        "accuracy with all": round(float(everything), 4),
        "labels": {
            name: [needed(curve, target) for target in targets] for name, curve in curves.items()
        },
        "after 50": {name: round(float(curve[50]), 4) for name, curve in curves.items()},
    }


async def _curves(
    path: Path, reviewed: Sequence[Answered], after: Next, seed: int, share: float
) -> dict[str, NDArray[np.float64]]:
    count, some = len(reviewed), orders.questions_of(reviewed)
    chance = [orders.by_chance(count, draw) for draw in range(DRAWS)]
    store = await Store.open(path, durability="process")
    doubt = await orders.least_sure(store, reviewed, seed)
    queued = await orders.queue(store, reviewed, share, MOST)
    await store.close()
    return {
        QUEUE: after.curve(queued),
        CHANCE: _mean(after, chance),
        NO_NEAR: _mean(after, [orders.without_near(some, each) for each in chance[:FEW]]),
        DOUBT: after.curve(doubt),
        FAR: _mean(after, [orders.farthest_first(some, draw) for draw in range(FEW)]),
        LIMIT: after.curve(after.limit()),
    }


def _mean(after: Next, some: Sequence[orders.Order]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.mean([after.curve(each) for each in some], axis=0)
    return found


def fewer(seeds: Sequence[dict[str, Any]], way: str, level: int) -> dict[str, Any]:
    """How many times fewer labels a way needs than chance: the geometric mean over seeds, with
    Student's 95 % interval of its logarithm."""
    ratios = [each["labels"][CHANCE][level] / max(1, each["labels"][way][level]) for each in seeds]
    logs = [math.log(each) for each in ratios]
    middle = statistics.fmean(logs)
    told: dict[str, Any] = {
        "times": round(math.exp(middle), 2),
        "by seed": [round(each, 2) for each in ratios],
    }
    if len(logs) in T_95:
        spread = T_95[len(logs)] * statistics.stdev(logs) / math.sqrt(len(logs))
        told["95 %"] = [round(math.exp(middle - spread), 2), round(math.exp(middle + spread), 2)]
    return told
