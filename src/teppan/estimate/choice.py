"""Which of several alternatives is the right one: a conditional logit (McFadden 1974).

    P(c) = exp(u_c) / sum over the alternatives of exp(u),   u_c = offset_c + x_c . weights

Several alternatives of one question may be right together; the likelihood is then that of their
sum. Votes over answer clusters (`voters`) and choices between open answers (`picker`) are both
this model; a plain logistic regression is the case of two alternatives, one of them empty.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from teppan.estimate.minimise import Array, minimise

Matrix = NDArray[np.float32]


class Choices:
    """Stacked alternatives of many questions.

    `features` has shape (alternatives, weights), `right` (alternatives,) the share of the truth
    that each alternative has (0 or 1, or a soft preference), `sizes` the number of alternatives
    of each question. Questions whose truth is nowhere, or everywhere, teach nothing.
    """

    def __init__(
        self,
        features: Matrix,
        right: Array,
        sizes: Sequence[int],
        offset: Array | None = None,
    ) -> None:
        self.features = features
        self.right = right
        self.offset = np.zeros(len(right)) if offset is None else offset
        self.starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
        self.question = np.repeat(np.arange(len(sizes)), sizes)

    def probabilities(self, weights: Array) -> Array:
        """The probability of each alternative within its question."""
        return self._softmax(self.offset + self.features @ weights.astype(np.float32))

    def loss(self, weights: Array) -> tuple[float, Array]:
        """Minus the log likelihood of the right alternatives, and its gradient."""
        chance = self.probabilities(weights)
        hit = np.add.reduceat(chance * self.right, self.starts)
        whole = np.add.reduceat(self.right, self.starts)
        known = hit > 0.0
        share = np.zeros(len(hit))
        share[known] = 1.0 / hit[known]
        pull = np.where(
            known[self.question], chance - chance * self.right * share[self.question], 0.0
        )
        loss = -float(np.log(hit[known] / np.maximum(whole[known], 1.0)).sum())
        gradient = self.features.T @ pull.astype(np.float32)
        return loss, gradient.astype(np.float64)

    def fit(self, penalty: Array, *, steps: int = 200) -> Array:
        """The weights of the highest likelihood under a ridge of `penalty` for each weight."""

        def objective(weights: Array) -> tuple[float, Array]:
            loss, gradient = self.loss(weights)
            ridge = penalty * weights
            return loss + 0.5 * float(ridge @ weights), gradient + ridge

        return minimise(objective, np.zeros(self.features.shape[1]), steps=steps)

    def _softmax(self, utility: Array) -> Array:
        top = np.maximum.reduceat(utility, self.starts)[self.question]
        power = np.exp(utility - top)
        chance: Array = power / np.add.reduceat(power, self.starts)[self.question]
        return chance
