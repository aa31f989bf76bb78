"""A cascade with the predictor and without it, at the same bars and for the same money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predicting.recorded import Kitchen
from teppan.estimate.predictor import Predictor
from teppan.providers.replay import Prompt

Array = NDArray[np.float64]
BARS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99)
USUAL = 0.9
"""The bar that is set by default, for an answer alone; two that agree need 0.1 less."""
SHARES = (0.1, 0.2, 0.3, 0.5, 0.7)
"""Money for a question, as a share of what the best model alone costs."""
WITHOUT, WITH = "without", "with"
RESAMPLES = 400


class Curves:
    """Quality and cost of every question, by way and bar."""

    def __init__(self) -> None:
        self._points: dict[tuple[str, float], list[tuple[float, float]]] = defaultdict(list)
        self._best: list[tuple[float, float]] = []
        self._decided: list[bool] = []

    async def add(
        self, kitchen: Kitchen, prompts: Sequence[Prompt], models: Sequence[str], made: Predictor
    ) -> None:
        """One fold: a cascade over `models`, from cheap to best."""
        self._decided.append(made.decides)
        single = kitchen.strategy("single", model=models[-1])
        self._best += [_point(await kitchen.answer(each, single, {})) for each in prompts]
        for bar in BARS:
            cascade = kitchen.strategy(
                "cascade", models=list(models), alone_at=bar, agree_at=max(0.0, bar - 0.1)
            )
            for way, states in ((WITHOUT, {}), (WITH, {"predictor": made})):
                self._points[way, bar] += [
                    _point(await kitchen.answer(each, cascade, states)) for each in prompts
                ]

    def table(self) -> dict[str, Any]:
        if not self._best:
            return {}
        best = np.array(self._best)
        ways = {way: np.array([self._points[way, bar] for bar in BARS]) for way in (WITHOUT, WITH)}
        budgets = [share * best[:, 1].mean() for share in SHARES]
        drawn = np.random.default_rng(5).integers(0, len(best), (RESAMPLES, len(best)))
        rows, worst = [], np.inf
        for share, budget in zip(SHARES, budgets, strict=True):
            values = [_at(ways[way].mean(1), budget) for way in (WITHOUT, WITH)]
            gains = [
                _at(ways[WITH][:, pick].mean(1), budget)
                - _at(ways[WITHOUT][:, pick].mean(1), budget)
                for pick in drawn
            ]
            known = [each for each in gains if np.isfinite(each)]
            if not known or not np.isfinite(values).all():
                continue
            low, high = np.percentile(known, [2.5, 97.5])
            worst = min(worst, high)
            rows.append(
                {
                    "share": share,
                    WITHOUT: values[0],
                    WITH: values[1],
                    "gain": values[1] - values[0],
                    "low": float(low),
                    "high": float(high),
                }
            )
        return {
            "questions": len(best),
            "decided": float(np.mean(self._decided)),
            "best_single": {"quality": best[:, 0].mean(), "cost": best[:, 1].mean()},
            "curve": {
                way: [
                    {"bar": bar, "quality": q, "cost": c}
                    for bar, (q, c) in zip(BARS, ways[way].mean(1).tolist(), strict=True)
                ]
                for way in ways
            },
            "same_money": rows,
            "usual_bars": _usual(ways, drawn),
            "worst": float(worst) if np.isfinite(worst) else 0.0,
        }


def _point(given: Any) -> tuple[float, float]:
    return given.score, given.cost


def _usual(ways: Mapping[str, Array], drawn: NDArray[np.int64]) -> dict[str, Any]:
    place = BARS.index(USUAL)
    off = ways[WITH][place] - ways[WITHOUT][place]
    means = np.array([off[pick].mean(0) for pick in drawn])
    (low, cost_low), (high, cost_high) = np.percentile(means, [2.5, 97.5], axis=0)
    return {
        way: dict(zip(("quality", "cost"), ways[way][place].mean(0).tolist(), strict=True))
        for way in ways
    } | {
        "gain": {"value": float(off[:, 0].mean()), "low": float(low), "high": float(high)},
        "dearer": {
            "value": float(off[:, 1].mean()),
            "low": float(cost_low),
            "high": float(cost_high),
        },
    }


def _at(points: Array, budget: float) -> float:
    """The most quality for a budget: a point, or a mix of two of them drawn by lot."""
    order = np.argsort(points[:, 1], kind="stable")
    quality, cost = points[order, 0], points[order, 1]
    if cost[0] > budget:
        return float("nan")
    able = [float(q) for q, c in zip(quality, cost, strict=True) if c <= budget]
    most = max(able)
    for low in range(len(cost)):
        for high in range(low + 1, len(cost)):
            if cost[low] <= budget < cost[high]:
                part = (budget - cost[low]) / (cost[high] - cost[low])
                most = max(most, float(quality[low] + part * (quality[high] - quality[low])))
    return most


def show(name: str, table: Mapping[str, Any]) -> None:
    if not table:
        return
    best = table["best_single"]
    print(
        f"\n{name}: a cascade of three models, {table['questions']} questions; the best alone "
        f"{100 * best['quality']:.1f} at ${best['cost'] / 1000:.3f} per 1000; the predictor was "
        f"surely better in {100 * table['decided']:.0f} % of the folds"
    )
    print(f"{'money (of the best)':24} {'without':>8} {'with':>8} {'gain':>7} {'95 %':>15}")
    for row in table["same_money"]:
        print(
            f"{100 * row['share']:22.0f} % {100 * row[WITHOUT]:8.2f} {100 * row[WITH]:8.2f} "
            f"{100 * row['gain']:+7.2f} {100 * row['low']:+7.2f} to {100 * row['high']:+.2f}"
        )
    usual = table["usual_bars"]
    for way in (WITHOUT, WITH):
        print(
            f"{'at the usual bars, ' + way:24} quality {100 * usual[way]['quality']:.2f}, "
            f"${usual[way]['cost'] / 1000:.3f} per 1000"
        )
