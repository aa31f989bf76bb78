"""Telling classes apart by few examples: regularised linear discriminant analysis in closed form.

Classes are clouds of one shape around their means. The shape is learned from how the examples of
a class differ, and pulled towards a ball (Friedman 1989). What each example would have been called
had it been left out is known without fitting again; by that the pull, the scales of the parts and
how sure to be are chosen. A text is in no class when hardly an example that was called rightly was
as far from its class.

    odds of class k = sharpness * (m_k . inv(S) x - m_k . inv(S) m_k / 2),   S = within + pull I
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from teppan.estimate.minimise import minimise

Array = NDArray[Any]
Rows = NDArray[np.float32]

PULLS = (0.0001, 0.0003, 0.001, 0.003, 0.01)
"""What is added to the shape, in mean squared distances of an example from its class."""
_LOOKED_AT = 1000
"""Examples of which it is looked at what they would be called."""
_UNSEEN = 0.632
"""How sure to be is told by examples left out and by examples seen, so mixed (Efron 1983): what is
asked is mostly nearer to the examples than they are to one another."""
_REFUSED = 0.05
"""Share of the examples called rightly that may be taken for strangers."""
_FEW = 1500
"""Examples up to which coordinates are exact; more are told by their columns, in single
precision."""
_JITTER = 1e-6
"""So that examples which are the same twice can be told by coordinates."""
_LEAST_SPREAD = 0.01
"""Where the examples of a class are all but the same."""
_FEWEST = 20
_SHARPNESS = 0.1
"""How sure to be of fewer than `_FEWEST` examples, too few to leave one out."""


class Discriminant(NamedTuple):
    """Fitted: the odds of classes by `weights` (columns, classes) and `constants` (classes,).

    `scales` multiply the parts of a row. `stranger` is the odds of being in no class.
    """

    scales: tuple[float, ...]
    weights: Rows
    constants: Rows
    stranger: float

    def chances(self, parts: Sequence[Rows]) -> tuple[Rows, float]:
        """The probabilities of the classes, shape (classes,), and that of being in none."""
        row = np.concatenate([s * part for s, part in zip(self.scales, parts, strict=True)])
        odds = np.append(row @ self.weights + self.constants, np.float32(self.stranger))
        power = np.exp(odds - odds.max())
        chances = power / power.sum()
        return chances[:-1], float(chances[-1])


def fit(
    parts: Sequence[Rows], labels: Sequence[int], classes: int, scales: Sequence[tuple[float, ...]]
) -> Discriminant:
    """Of `parts` (rows, columns), each scaled in one of the ways of `scales`.

    Every class below `classes` has at least one label.
    """
    wanted = np.array(labels)
    some = _some(wanted, _LOOKED_AT)
    pulls: Sequence[float] = PULLS
    if len(some) < len(wanted):
        fewer = [part[some] for part in parts]
        _, best, scale, _, _ = min(_tried(fewer, wanted[some], scales, pulls), key=_loss)
        scales, pulls = [scale], [each for each in PULLS if each <= best.pull][-3:]
    _, best, scale, cloud, turn = min(_tried(parts, wanted, scales, pulls), key=_loss)
    weights, constants = cloud.lines(best.pull)
    return Discriminant(
        scale,
        (best.sharpness * (turn @ weights if turn.size > 1 else weights)).astype(np.float32),
        (best.sharpness * constants).astype(np.float32),
        best.stranger,
    )


_Tried = tuple[float, "_Found", tuple[float, ...], "_Clouds", Array]


def _loss(tried: _Tried) -> float:
    return tried[0]


def _tried(
    parts: Sequence[Rows],
    labels: NDArray[np.int64],
    scales: Sequence[tuple[float, ...]],
    pulls: Sequence[float],
) -> list[_Tried]:
    """What each scale comes to: its loss first; last what turns weights into those of columns.

    Few rows are told by as many coordinates as there are rows: no pull needs the columns then.
    """
    few = len(labels) < min(_FEW, sum(part.shape[1] for part in parts))
    products = [(part @ part.T).astype(np.float64) for part in parts] if few else []
    tried = []
    for scale in scales:
        rows: Array = np.concatenate(
            [s * part for s, part in zip(scale, parts, strict=True)], axis=1
        )
        turn: Array = np.ones((1, 1))
        if few:
            product = np.einsum("p,pij->ij", np.square(scale), products)
            product[np.diag_indices_from(product)] += _JITTER
            lower = np.linalg.cholesky(product)
            turn, rows = rows.T @ np.linalg.inv(lower).T, lower
        cloud = _Clouds(rows, labels)
        best = cloud.best(pulls)
        tried.append((best.loss, best, scale, cloud, turn))
    return tried


class _Found(NamedTuple):
    loss: float
    pull: float
    sharpness: float
    stranger: float


class _Clouds:
    """The means of the classes and how their examples lie around them."""

    def __init__(self, rows: Array | Rows, labels: NDArray[np.int64]) -> None:
        self.rows = rows
        self.labels = labels
        self.sizes = np.bincount(labels)
        order = np.argsort(labels, kind="stable")
        starts = np.cumsum(self.sizes) - self.sizes
        self.means = np.add.reduceat(rows[order], starts, axis=0) / self.sizes[:, None].astype(
            rows.dtype
        )
        self.apart = (rows - self.means[labels]).astype(rows.dtype)
        self.share = 1.0 / max(1, len(labels) - len(self.sizes))
        self._within = self.apart.T @ self.apart * rows.dtype.type(self.share)
        self._unit = max(float(np.trace(self._within)), _LEAST_SPREAD)

    def inverse(self, pull: float, vectors: Array) -> Array:
        """The inverse of the shape times `vectors` (columns, any number)."""
        shape = self._within.copy()
        shape[np.diag_indices_from(shape)] += np.asarray(pull * self._unit, shape.dtype)
        found: Array = np.linalg.solve(shape, vectors)
        return found

    def lines(self, pull: float) -> tuple[Array, Array]:
        weights = self.inverse(pull, self.means.T)
        return weights, -0.5 * (self.means.T * weights).sum(0, dtype=np.float64)

    def best(self, pulls: Sequence[float]) -> _Found:
        """The pull under which examples left out are called best, and how sure to be then."""
        some = _some(self.labels, _LOOKED_AT)
        some = some[self.sizes[self.labels[some]] > 1]
        if len(some) < _FEWEST:
            middle = 0.5 * _SHARPNESS * float(self.lines(PULLS[-1])[1].mean())
            return _Found(0.0, PULLS[-1], _SHARPNESS, middle)
        own, at = self.labels[some], np.arange(len(some))
        even = np.full(len(some), 1.0 / len(some))
        tried = [(pull, self._left_out(pull, some)) for pull in pulls]
        losses = [_sharpness(odds, own, even)[0] for _, odds in tried]
        pull, unseen = tried[int(np.argmin(losses))]
        weights, constants = self.lines(pull)
        seen = self.rows[some] @ weights + constants
        mixed = np.concatenate([_UNSEEN * even, (1.0 - _UNSEEN) * even])
        _, sharpness = _sharpness(np.concatenate([unseen, seen]), np.append(own, own), mixed)
        right = unseen.argmax(1) == own
        stranger = np.quantile(unseen[at, own][right], _REFUSED) if right.any() else seen.min()
        return _Found(min(losses), pull, sharpness, sharpness * float(stranger))

    def _left_out(self, pull: float, some: NDArray[np.int64]) -> Array:
        """The unscaled odds (examples, classes) of examples that are left out of their class.

        Without an example its class's mean moves away from it and the shape loses a product of
        one vector, whose inverse is known (Sherman and Morrison 1950).
        """
        apart, own, at = self.apart[some], self.labels[some], np.arange(len(some))
        solved = self.inverse(pull, np.concatenate([apart.T, self.means.T], axis=1))
        across, weights = solved[:, : len(some)], solved[:, len(some) :]
        odds: Array = self.rows[some] @ weights - 0.5 * (self.means.T * weights).sum(0)
        length = (apart.T * across).sum(0)
        middle = odds[at, own] + 0.5 * length  # half of what is the same for all classes
        size = self.sizes[own] / (self.sizes[own] - 1.0)
        room = np.maximum(1.0 - size * self.share * length, 1e-9)
        seen = (self.rows[some] * across.T).sum(1)[:, None] - (self.means @ across).T
        odds -= 0.5 * (size * self.share / room)[:, None] * seen**2
        odds[at, own] = middle - 0.5 * size**2 * length / room
        return odds


def _sharpness(odds: Array, labels: NDArray[np.int64], weight: Array) -> tuple[float, float]:
    """The loss and the factor on `odds` of the highest likelihood, rows counting by `weight`."""
    at = np.arange(len(labels))
    centred = odds - odds[at, labels][:, None]

    def objective(point: Array) -> tuple[float, Array]:
        scaled = point[0] * centred
        top = scaled.max(1, keepdims=True)
        power = np.exp(scaled - top)
        total = power.sum(1)
        slope = weight @ ((power * centred).sum(1) / total)
        return float(weight @ (top[:, 0] + np.log(total))), np.array([slope])

    start = np.array([1.0 / max(float(odds.std()), 1e-9)])
    factor = minimise(objective, start, steps=60)
    return objective(factor)[0], max(float(factor[0]), 0.0)


def _some(labels: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """At most about so many places of `labels`, of each class as many as of any other."""
    if len(labels) <= most:
        return np.arange(len(labels))
    kept = max(2, most // int(labels.max() + 1))
    order = np.argsort(labels, kind="stable")
    sizes = np.bincount(labels)
    starts = np.cumsum(sizes) - sizes
    return np.concatenate(
        [order[begin + np.arange(min(kept, n)) * n // min(kept, n)]
         for begin, n in zip(starts, sizes, strict=True)]
    )  # fmt: skip
