"""Sets with many models and real costs: what each way of choosing comes to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from routers.ways import (
    FOLDS,
    Embedders,
    complexity,
    fold_of,
    hashed,
    neighbours,
    with_vectors,
)
from teppan.learn.evals.routing import of_recordings
from teppan.providers.replay import load
from teppan.routing import learning
from teppan.routing.asked import Asked
from teppan.routing.learned import price_for, worth

BEST = "best single (chosen on other questions)"
TARGETS = (1.0, 0.98, 0.95, 0.9)
"""Shares of the best quality that the router is asked to keep."""


class Tally(Struct):
    """What a way of choosing came to, summed over questions."""

    quality: list[float] = []
    cost: list[float] = []

    def add(self, each: Asked, model: str) -> None:
        self.quality.append(each.qualities[model])
        self.cost.append(each.costs.get(model, 0.0))


def run_set(
    train: Sequence[Asked],
    test: Sequence[Asked],
    embedders: Embedders,
    tallies: dict[str, Tally],
) -> None:
    """Adds what every way of choosing comes to on `test`."""
    models = sorted(set.intersection(*(set(each.qualities) for each in (*train, *test))))
    quality = {m: float(np.mean([each.qualities[m] for each in train])) for m in models}
    cost = {m: float(np.mean([each.costs[m] for each in train])) for m in models}
    best = max(models, key=lambda m: (quality[m], -cost[m]))
    good = [m for m in models if quality[m] >= 0.75 * quality[best]]
    cheap = min(good, key=lambda m: cost[m])
    middle = min((m for m in models if quality[m] >= 0.93 * quality[best]), key=lambda m: cost[m])
    levels = {"SIMPLE": cheap, "MEDIUM": middle, "COMPLEX": best}
    for each in test:
        tallies[BEST].add(each, best)
        tallies["rules"].add(each, levels[complexity(each.text).level])
        top = max(each.qualities[m] for m in models)
        able = [m for m in models if each.qualities[m] >= top]
        tallies["oracle"].add(each, min(able, key=lambda m: each.costs[m]))
        for model in models:
            tallies[f"model {model}"].add(each, model)
    for model in models:
        for each in test:
            tallies["random"].quality.append(each.qualities[model])
            tallies["random"].cost.append(each.costs[model])
    rows, fresh = hashed([each.text for each in train]), hashed([each.text for each in test])
    table = np.array([[each.qualities[m] for m in models] for each in train])
    for each, row in zip(test, neighbours(rows, table, fresh), strict=True):
        tallies["k-NN, hashing"].add(each, models[int(row.argmax())])
    run_learned("learned", train, test, None, tallies)
    for name, embed in embedders.items():
        if name != "hashing":
            taught = with_vectors(train, embed([each.text for each in train]))
            tested = with_vectors(test, embed([each.text for each in test]))
            run_learned(f"learned, {name}", taught, tested, name, tallies)


def run_learned(
    label: str,
    train: Sequence[Asked],
    test: Sequence[Asked],
    embedder: str | None,
    tallies: dict[str, Tally],
) -> None:
    router = learning.fit(train, embedder=embedder or "")
    if router is None:
        return
    prices = {f"{label}, quality first": 0.0, f"{label}, as good as the best": router.price}
    for target in TARGETS:
        price = price_for(router.frontier, target)
        prices[f"{label}, keep {target:.0%}"] = 0.0 if price is None else price
    for each in test:
        predicted = router.predict(each.text, each.vector)
        for row, price in prices.items():
            values = worth(router, predicted, router.costs, price)
            tallies[row].add(each, max(values, key=lambda model: values[model]))


def set_table(
    fit: Sequence[Asked],
    data: Sequence[Asked] | None,
    embedders: Embedders,
) -> dict[str, Any]:
    tallies: dict[str, Tally] = defaultdict(lambda: Tally([], []))
    if data is not None:
        run_set(fit, data, embedders, tallies)
    else:
        for number in range(FOLDS):
            test = [each for each in fit if fold_of(each.text) == number]
            train = [each for each in fit if fold_of(each.text) != number]
            if test:
                run_set(train, test, embedders, tallies)
    rows = {name: figures(tally) for name, tally in tallies.items()}
    singles = {name: row for name, row in rows.items() if name.startswith("model ")}
    known = max(singles, key=lambda name: (singles[name]["quality"], -singles[name]["cost"]))
    kept = {name: row for name, row in rows.items() if name not in singles}
    base = tallies[BEST]
    for name, row in kept.items():
        if len(tallies[name].quality) == len(base.quality):
            apart = np.array(tallies[name].quality) - np.array(base.quality)
            row["gain"] = float(apart.mean())
            row["gain_error"] = float(apart.std() / len(apart) ** 0.5)
    return {**kept, f"best single, known afterwards: {known[6:]}": singles[known]}


def figures(tally: Tally) -> dict[str, Any]:
    return {
        "questions": len(tally.quality),
        "quality": float(np.mean(tally.quality)),
        "cost": float(np.mean(tally.cost)),
    }


def sets_of(folder: Path, most: int | None) -> dict[str, list[Asked]]:
    """The recorded sets with costs, each question once."""
    found = {}
    for recordings in load(folder):
        asked = list(of_recordings([recordings]).asked)
        models = set(recordings.models)
        asked = [each for each in asked if models <= set(each.costs)][:most]
        if asked and len(models) > 1:
            found[recordings.name] = asked
    return found
