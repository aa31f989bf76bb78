"""Small gradient boosting over binned figures (Friedman 2001; histograms and gains as in Chen and
Guestrin 2016), to be compared with: trees of depth 3, a missing figure in a bin of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teppan.estimate.predictor import Labelled

Array = NDArray[np.float64]
ROUNDS, RATE, DEPTH, BINS, LEAF, RIDGE, SHARE = 150, 0.08, 3, 24, 20, 3.0, 0.7
RARE = 5
_LEAST = 1e-3


class Boosting:
    """Fitted on figures and single marks; words and pairs of marks are left to the trees."""

    def __init__(self, examples: Sequence[Labelled]) -> None:
        self._names = sorted({name for each in examples for name in each.figures})
        marks = Counter(mark for each in examples for mark in each.marks if _single(mark))
        self._marks = sorted(m for m, many in marks.items() if RARE <= many < len(examples))
        rows, good = self._rows(examples), np.array([each.good for each in examples])
        self._edges = [_edges(column) for column in rows.T]
        binned = self._binned(rows)
        rate = good.mean().clip(0.01, 0.99)
        self._base = float(np.log(rate / (1.0 - rate)))
        self._trees: list[Any] = []
        odds, chance = np.full(len(good), self._base), np.random.default_rng(0)
        for _ in range(ROUNDS):
            told = 1.0 / (1.0 + np.exp(-odds))
            wrong, weight = good - told, told * (1.0 - told)
            used = np.flatnonzero(chance.random(len(good)) < SHARE)
            self._trees.append(self._grown(binned, wrong, weight, used, 0))
            odds += RATE * _leaves(self._trees[-1], binned)

    def of(self, examples: Sequence[Labelled]) -> Array:
        binned = self._binned(self._rows(examples))
        odds = np.full(len(binned), self._base)
        for tree in self._trees:
            odds += RATE * _leaves(tree, binned)
        chance: Array = 1.0 / (1.0 + np.exp(-odds))
        return chance

    def _rows(self, examples: Sequence[Labelled]) -> Array:
        rows = []
        for each in examples:
            there = frozenset(each.marks)
            figures = [each.figures.get(name, np.nan) for name in self._names]
            rows.append([*figures, *(float(mark in there) for mark in self._marks)])
        return np.array(rows)

    def _binned(self, rows: Array) -> NDArray[np.int64]:
        found = np.zeros(rows.shape, np.int64)
        for place, edges in enumerate(self._edges):
            column = rows[:, place]
            found[:, place] = np.where(
                np.isnan(column), 0, np.searchsorted(edges, column, side="right") + 1
            )
        return found

    def _grown(
        self, binned: NDArray[np.int64], wrong: Array, weight: Array, used: Any, depth: int
    ) -> Any:
        total, mass = wrong[used].sum(), weight[used].sum()
        value = float(total / (mass + RIDGE))
        if depth == DEPTH or len(used) < 2 * LEAF:
            return value
        width, bins = binned.shape[1], BINS + 2
        cells = (binned[used] + np.arange(width) * bins).ravel()
        sums = [
            np.bincount(cells, each, width * bins).reshape(width, bins).cumsum(1)
            for each in (
                np.repeat(wrong[used], width),
                np.repeat(weight[used], width),
                np.ones(len(cells)),
            )
        ]
        left, heavy, many = sums
        gain = (
            left**2 / (heavy + RIDGE)
            + (total - left) ** 2 / (mass - heavy + RIDGE)
            - total**2 / (mass + RIDGE)
        )
        gain[(many < LEAF) | (len(used) - many < LEAF)] = -1.0
        column, edge = np.unravel_index(int(gain.argmax()), gain.shape)
        if gain[column, edge] <= _LEAST:
            return value
        under = binned[used, column] <= edge
        return (
            int(column),
            int(edge),
            self._grown(binned, wrong, weight, used[under], depth + 1),
            self._grown(binned, wrong, weight, used[~under], depth + 1),
        )


def _single(mark: str) -> bool:
    return not mark.startswith("word=") and " & " not in mark


def _edges(column: Array) -> Array:
    known = column[~np.isnan(column)]
    return np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))


def _leaves(tree: Any, binned: NDArray[np.int64]) -> Array:
    if not isinstance(tree, tuple):
        return np.full(len(binned), tree)
    column, edge, low, high = tree
    under = binned[:, column] <= edge
    found = np.empty(len(binned))
    found[under] = _leaves(low, binned[under])
    found[~under] = _leaves(high, binned[~under])
    return found
