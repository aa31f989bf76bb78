"""Telling classes apart by few examples, in closed form: regularised discriminant analysis.

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
_UNSEEN = 0.632
"""How sure to be is told by examples left out and by examples seen, so mixed (Efron 1983): what is
asked is mostly nearer to the examples than they are to one another."""
_DOUBT = 0.2
"""What a nat of likelihood counts beside an error when pulls and scales are compared."""
_REFUSED = 0.05
"""Share of the examples called rightly that may be taken for strangers."""
_FEW = 1500
"""Examples up to which all this is exact. More are told by logistic regression, which starts where
so many of them lead and wants no clouds of one shape."""
_HELD = 6
"""One in so many of more examples is held back to see how sure to be."""
_RIDGE, _STEPS = 0.1, 30
_JITTER = 1e-9
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
    some = _some(wanted, _FEW)
    fewer = [part[some].astype(np.float64) for part in parts]
    products = np.stack([part @ part.T for part in fewer])
    tried = [_tried(fewer, products, wanted[some], scale) for scale in scales]
    best, cloud, turn = min(tried, key=lambda each: each[0].loss)
    scale = scales[[each[0] for each in tried].index(best)]
    weights, constants = cloud.lines(best.pull)
    factor, stranger = best.sharpness, best.stranger
    if len(some) < len(wanted):
        rows = _scaled(parts, scale).astype(np.float32)
        start = factor * np.append(turn @ weights, constants[None], axis=0)
        held = np.zeros(len(wanted), bool)
        held[_some(wanted, min(_FEW, len(wanted) // _HELD))] = True
        start = logistic(rows[~held], wanted[~held], start)
        odds = rows[held] @ start[:-1] + start[-1]
        at = np.arange(len(odds)), wanted[held]
        factor = _sharpness(odds, at[1], np.full(len(odds), 1.0 / len(odds)))[1]
        stranger = factor * _farthest(odds, at[1])
        whole = logistic(rows, wanted, start)
        weights, constants, turn = whole[:-1], whole[-1], np.ones((1, 1))
    if turn.size > 1:
        weights = turn @ weights
    return Discriminant(
        scale,
        (factor * weights).astype(np.float32),
        (factor * constants).astype(np.float32),
        stranger,
    )


def logistic(rows: Rows, labels: NDArray[np.int64], start: Array) -> Array:
    """The weights (columns + 1, classes) of the highest penalised likelihood, from `start`; the
    last are constants. Classes weigh the same however many examples each has.
    """
    classes = start.shape[1]
    at = np.arange(len(labels))
    weight = len(labels) / classes / np.bincount(labels, minlength=classes)[labels]

    def objective(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(start.shape)
        odds = rows @ weights[:-1].astype(np.float32) + weights[-1].astype(np.float32)
        odds -= odds.max(1, keepdims=True)
        chance = np.exp(odds)
        total = chance.sum(1, keepdims=True)
        loss = float(weight @ (np.log(total[:, 0]) - odds[at, labels]))
        chance /= total
        chance[at, labels] -= 1.0
        chance *= weight[:, None].astype(np.float32)
        slope = np.append(rows.T @ chance, chance.sum(0)[None], axis=0) + _RIDGE * weights
        return loss + 0.5 * _RIDGE * float((weights * weights).sum()), slope.ravel()

    found = minimise(objective, start.astype(np.float64).ravel(), steps=_STEPS, tolerance=1e-4)
    return found.reshape(start.shape)


def _scaled(parts: Sequence[Array], scale: tuple[float, ...]) -> Array:
    return np.concatenate([s * part for s, part in zip(scale, parts, strict=True)], axis=1)


def _tried(
    parts: Sequence[Array], products: Array, labels: NDArray[np.int64], scale: tuple[float, ...]
) -> tuple[_Found, _Clouds, Array]:
    """What a scale comes to; last what turns weights of coordinates into those of columns.

    Rows are told by as many coordinates as there are rows: no pull needs the columns then.
    `products` are those of the rows with each other, (parts, rows, rows).
    """
    product = np.einsum("p,pij->ij", np.square(scale), products)
    product[np.diag_indices_from(product)] += _JITTER * max(float(product.trace()), 1e-9)
    lower = np.linalg.cholesky(product)
    cloud = _Clouds(lower, labels)
    return cloud.best(), cloud, _scaled(parts, scale).T @ np.linalg.inv(lower).T


class _Found(NamedTuple):
    loss: float
    pull: float
    sharpness: float
    stranger: float


class _Clouds:
    """The means of the classes and how their examples lie around them."""

    def __init__(self, rows: Array, labels: NDArray[np.int64]) -> None:
        self.rows = rows
        self.labels = labels
        self.sizes = np.bincount(labels)
        order = np.argsort(labels, kind="stable")
        starts = np.cumsum(self.sizes) - self.sizes
        self.means = np.add.reduceat(rows[order], starts, axis=0) / self.sizes[:, None]
        self.apart = rows - self.means[labels]
        self.share = 1.0 / max(1, len(labels) - len(self.sizes))
        self._within = self.share * (self.apart.T @ self.apart)
        self._unit = max(float(np.trace(self._within)), _LEAST_SPREAD)

    def inverse(self, pull: float, vectors: Array) -> Array:
        """The inverse of the shape times `vectors` (columns, any number)."""
        shape = self._within.copy()
        shape[np.diag_indices_from(shape)] += pull * self._unit
        found: Array = np.linalg.solve(shape, vectors)
        return found

    def lines(self, pull: float) -> tuple[Array, Array]:
        weights = self.inverse(pull, self.means.T)
        return weights, -0.5 * (self.means.T * weights).sum(0)

    def best(self) -> _Found:
        """The pull under which examples left out are called best, and how sure to be then."""
        some = np.flatnonzero(self.sizes[self.labels] > 1)
        if len(some) < _FEWEST:
            middle = 0.5 * _SHARPNESS * float(self.lines(PULLS[-1])[1].mean())
            return _Found(0.0, PULLS[-1], _SHARPNESS, middle)
        own = self.labels[some]
        even = np.full(len(some), 1.0 / len(some))
        tried = [(pull, self._left_out(pull, some)) for pull in PULLS]
        losses = [
            float((odds.argmax(1) != own).mean()) + _DOUBT * _sharpness(odds, own, even)[0]
            for _, odds in tried
        ]
        pull, unseen = tried[int(np.argmin(losses))]
        weights, constants = self.lines(pull)
        seen = self.rows[some] @ weights + constants
        mixed = np.concatenate([_UNSEEN * even, (1.0 - _UNSEEN) * even])
        _, sharpness = _sharpness(np.concatenate([unseen, seen]), np.append(own, own), mixed)
        return _Found(min(losses), pull, sharpness, sharpness * _farthest(unseen, own))

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


def _farthest(odds: Array, labels: NDArray[np.int64]) -> float:
    """The odds that hardly an example of those called rightly is below."""
    called = odds[np.arange(len(labels)), labels]
    right = odds.argmax(1) == labels
    return float(np.quantile(called[right] if right.any() else called, _REFUSED))


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
