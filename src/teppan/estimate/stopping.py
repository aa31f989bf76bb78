"""When a cascade should stop: the rule that is best for a price of quality, fitted backwards.

After each step the choice is between serving the leading answer and asking the next model. What
going on brings is known for every recorded question once the later steps have their rule, so the
steps are fitted from the last to the first: a regression of

    quality by going on - quality now - price of quality x cost of going on

on what is known at the step; above zero it is worth going on. This is least-squares optimal
stopping (Longstaff and Schwartz 2001). A doubtful answer alone is no reason to go on: many
questions defeat the next model too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from msgspec import Struct

from teppan.estimate import logistic
from teppan.estimate.minimise import Array
from teppan.estimate.scorer import MAIN
from teppan.estimate.table import Columns, Table

MAIN_RIDGE = 3.0
DETAIL_RIDGE = 30.0
_FREE = 1e-3
_PARTS = 4


class Rule(Struct, frozen=True):
    """Per step the weights of the probability of being right, and of the gain of going on (none
    after the last).
    """

    chances: tuple[Array, ...]
    gains: tuple[Array, ...]


class _Step(Struct, frozen=True):
    """One step of a chain: its features and scores, and for each part of the questions the
    inverse of the normal equations of all the others.
    """

    features: Array
    score: Array
    inverses: tuple[Array, ...]


class Played(Struct, frozen=True):
    """What a chain came to: its mean quality, its mean cost and the standard error of the cost."""

    quality: float
    cost: float
    error: float


Predict = Callable[[Columns, Array], Array]
"""The gain predicted for each question after these models, given the gains that came out."""


class Stages:
    """The steps of all chains over one table; each is prepared once, however many share it."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._steps: dict[Columns, _Step] = {}
        part = np.random.default_rng(0).integers(0, _PARTS, len(table.answer))
        self._parts = [np.flatnonzero(part == number) for number in range(_PARTS)]

    def unseen(self, columns: Columns, price: float) -> Played:
        """What the chain comes to by rules that had not seen the question.

        `price` is the quality that a unit of cost must bring.
        """
        return self._play(columns, price, self._predicted)

    def rule(self, columns: Columns, price: float) -> Rule:
        """The rule of the chain fitted on all questions."""
        gains: list[Array] = [np.zeros(0)]

        def fitted(asked: Columns, gain: Array) -> Array:
            step = self._step(asked)
            gains.append(_inverse(step.features) @ (step.features.T @ gain))
            predicted: Array = step.features @ gains[-1]
            return predicted

        self._play(columns, price, fitted)
        steps = [self._step(columns[: size + 1]) for size in range(len(columns))]
        chances = [logistic.fit(each.features, each.score, _flat(each.features)) for each in steps]
        return Rule(tuple(chances), tuple(reversed(gains)))

    def _play(self, columns: Columns, price: float, predict: Predict) -> Played:
        """From the last step backwards."""
        quality = self._step(columns).score
        spent = np.zeros(len(quality))
        for size in range(len(columns) - 1, 0, -1):
            now = self._step(columns[:size]).score
            ahead = spent + self.table.cost[:, columns[size]]
            going = predict(columns[:size], quality - price * ahead - now) > 0.0
            quality = np.where(going, quality, now)
            spent = np.where(going, ahead, 0.0)
        spent = spent + self.table.cost[:, columns[0]]
        error = spent.std() / np.sqrt(max(1, len(spent)))
        return Played(float(quality.mean()), float(spent.mean()), float(error))

    def _predicted(self, asked: Columns, gain: Array) -> Array:
        step = self._step(asked)
        predicted = np.empty(len(gain))
        whole = step.features.T @ gain
        for held_out, inverse in zip(self._parts, step.inverses, strict=True):
            some = step.features[held_out]
            predicted[held_out] = some @ (inverse @ (whole - some.T @ gain[held_out]))
        return predicted

    def _step(self, columns: Columns) -> _Step:
        if columns not in self._steps:
            features, score = self.table.step(columns)
            inverses = [_inverse(np.delete(features, part, axis=0)) for part in self._parts]
            self._steps[columns] = _Step(features, score, tuple(inverses))
        return self._steps[columns]


def _inverse(features: Array) -> Array:
    """The inverse of the normal equations of a ridge regression on these features."""
    details = features.shape[1] - MAIN
    ridge = np.array([_FREE, *[MAIN_RIDGE] * (MAIN - 1), *[DETAIL_RIDGE] * details])
    normal: Array = features.T @ features + np.diag(ridge)
    return np.linalg.inv(normal).astype(np.float64)


def _flat(features: Array) -> Array:
    """The ridge of the probabilities."""
    ridge = np.ones(features.shape[1])
    ridge[0] = 0.1
    return ridge
