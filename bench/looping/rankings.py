"""Whether attackers move a ranking, and what the defence costs: true orders no longer claimed.

An order is a pair of models, the better first. Three ways to read one from the same statements:

    plain     by the mean of all that was said; every pair is claimed
    robust    by the robust mean alone; every pair is claimed
    places    as `teppan feedback` places them: only what stands whichever 5 % were false

An attack moves a ranking when an order claimed before is turned round, or one is claimed that is
false and was not before. An order that is only no longer claimed is counted beside it (`unmade`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from looping.attackers import CROWDS, attack, honest
from teppan.estimate.ratings import Standing, Vote, ranking

TRUTH = {"large": 0.85, "middle": 0.75, "small": 0.60}
HONEST = 3_000
VOUCHED = (0.0, 0.5)
"""Share of the customers whose name the business vouches for."""
GAPS = (0.02, 0.05, 0.10, 0.15, 0.20, 0.30)
MOST, FEW = 20_000, 5
SIZES = (600, 3_000, MOST)
"""Ratings; of the most only a few runs, for time."""

Orders = set[tuple[str, str]]


def orders(standings: Sequence[Standing]) -> dict[str, Orders]:
    """Each way's claims."""
    known = [each for each in standings if each.value is not None]
    return {
        "plain": _by({each.model: each.mean for each in standings}),
        "robust": _by({each.model: each.value or 0.0 for each in known}),
        "places": {(each.model, worse) for each in standings for worse in each.above},
    }


def _by(values: Mapping[str, float]) -> Orders:
    return {(one, two) for one in values for two in values if values[one] > values[two]}


def attacked(seeds: Iterable[int], vouched: float) -> dict[str, Any]:
    """By attack and way: in how many runs a ranking was moved, and orders unmade."""
    true = _by(TRUTH)
    rows: dict[str, Any] = {}
    runs = list(seeds)
    for name, crowd in CROWDS.items():
        moved = dict.fromkeys(("plain", "robust", "places"), 0)
        unmade = claimed = 0
        for seed in runs:
            votes = honest(TRUTH, HONEST, seed, vouched=vouched)
            lies = attack(crowd, list(TRUTH), HONEST, seed)
            before, after = orders(ranking(votes)), orders(ranking(votes + lies))
            for way in moved:
                moved[way] += is_moved(before[way], after[way], true)
            unmade += len(before["places"] - after["places"])
            claimed += len(before["places"])
        rows[name] = {"runs": len(runs), "moved": moved, "unmade": unmade, "claimed": claimed}
    return rows


def is_moved(before: Orders, after: Orders, true: Orders) -> bool:
    turned = {(worse, better) for better, worse in before}
    return bool(turned & after) or bool(after - true - before)


def power(seeds: Iterable[int], *, quick: bool = False) -> list[dict[str, Any]]:
    """Of pairs of models so far apart, how many are claimed in the right order, and in the wrong
    one, without any attack. The pair stands about 0.75, each with half of the statements."""
    rows = []
    runs = list(seeds)
    for vouched in (0.0, 0.5, 1.0):
        for size in SIZES[: 1 if quick else None]:
            some = runs[:FEW] if size == MOST else runs
            for gap in GAPS:
                truth = {"better": 0.75 + gap / 2, "worse": 0.75 - gap / 2}
                right = wrong = turned = 0
                for seed in some:
                    votes = honest(truth, size, seed, vouched=vouched)
                    found = orders(ranking(votes))
                    right += ("better", "worse") in found["places"]
                    wrong += ("worse", "better") in found["places"]
                    turned += ("worse", "better") in found["robust"]
                rows.append(
                    {
                        "vouched": vouched,
                        "ratings": size,
                        "gap": gap,
                        "claimed": right / len(some),
                        "falsely": wrong / len(some),
                        "robust mean wrong": turned / len(some),
                    }
                )
    return rows


def equals(seeds: Iterable[int], *, quick: bool = False) -> list[dict[str, Any]]:
    """Two models that are equally good, one of which a crowd would have above the other: in how
    many runs any order is claimed. With many ratings chance no longer hides the lie."""
    truth = {"one": 0.75, "other": 0.75}
    rows = []
    runs = list(seeds)
    for size in SIZES[: 1 if quick else None]:
        some = runs[:FEW] if size == MOST else runs
        for name, crowd in CROWDS.items():
            claimed = 0
            for seed in some:
                votes = honest(truth, size, seed) + attack(crowd, list(truth), size, seed)
                claimed += bool(orders(ranking(votes))["places"])
            rows.append({"ratings": size, "attack": name, "runs": len(some), "claimed": claimed})
    return rows


def several(seeds: Iterable[int], *, quick: bool = False) -> list[dict[str, Any]]:
    """How much is claimed where the same ratings are spread over more models, 0.06 apart."""
    rows = []
    runs = list(seeds)
    for models in (3, 6, 10)[: 1 if quick else None]:
        truth = {f"m{n}": 0.92 - 0.06 * n for n in range(models)}
        true = _by(truth)
        for vouched in (0.0, 1.0):
            claimed = false = 0
            for seed in runs:
                found = orders(ranking(honest(truth, HONEST, seed, vouched=vouched)))["places"]
                claimed += len(found & true)
                false += len(found - true)
            rows.append(
                {
                    "models": models,
                    "vouched": vouched,
                    "claimed": claimed / (len(runs) * len(true)),
                    "falsely": false / (len(runs) * len(true)),
                }
            )
    return rows


def everyone(votes: Sequence[Vote], seeds: Iterable[int]) -> dict[str, Any]:
    """Every crowd against what a month's customers said; the best by its mean is attacked."""
    standings = ranking(votes)
    before = orders(standings)
    models = [each.model for each in sorted(standings, key=lambda each: -each.mean)]
    runs = list(seeds) if len(models) > 1 else []
    rows = {}
    for name, crowd in CROWDS.items():
        moved = dict.fromkeys(("plain", "robust", "places"), 0)
        for seed in runs:
            after = orders(ranking([*votes, *attack(crowd, models, len(votes), seed)]))
            for way in moved:
                moved[way] += is_moved(before[way], after[way], before[way])
        rows[name] = {"runs": len(runs), "moved": moved}
    return rows
