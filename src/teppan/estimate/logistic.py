"""The probability of yes: logistic regression under a ridge, by Newton's method."""

from __future__ import annotations

import numpy as np

from teppan.estimate.minimise import Array

_STEPS = 12
_CLOSE = 1e-4


def fit(features: Array, outcome: Array, penalty: Array) -> Array:
    """The weights of the highest penalised likelihood.

    `features` has shape (examples, weights), `outcome` (examples,) values in [0, 1], `penalty`
    (weights,) with every entry above zero, which keeps the answer finite and unique.
    """
    weights = np.zeros(features.shape[1])
    for _ in range(_STEPS):
        chance = probability(features, weights)
        gradient = features.T @ (chance - outcome) + penalty * weights
        curvature = (features * (chance * (1.0 - chance))[:, None]).T @ features
        step = np.linalg.solve(curvature + np.diag(penalty), gradient)
        weights = weights - np.clip(step, -3.0, 3.0)
        if float(np.abs(step).max(initial=0.0)) < _CLOSE:
            break
    return weights


def probability(features: Array, weights: Array) -> Array:
    """The probability of yes for each row."""
    odds = np.clip(features @ weights, -30.0, 30.0)
    chance: Array = 1.0 / (1.0 + np.exp(-odds))
    return chance
