"""When a similar question may have the remembered answer: learned, under a bound on what is wrong.

The idea is that of vCache (Schroeder et al. 2025, arXiv 2502.03771): no fixed threshold, but from
what was seen of each region a probability that the remembered answer is right, and a bound on
errors that the user sets. Three things differ.

Similarity alone says little: two questions of cosine 0.9 may ask for different things where many
different things are asked. So the probability also looks at the *lead* over the nearest question
of another answer, at the *share* of the neighbourhood that has this answer, and at how many
*votes* that is. Regions (all questions of one answer) share their strength: each has an offset of
its own, shrunken towards none, so that a region that was never seen is judged like the others.
And the bound is on the share of hits that are wrong: of the recent questions, the most certain are
served as long as the mean of their doubts stays within it.

Whatever is not served is asked anew, and its fresh answer says whether the remembered one would
have done: to explore costs nothing extra.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from teppan.estimate import logistic
from teppan.estimate.minimise import Array

PRIOR = np.array([0.0, 0.5, 2.0, 2.5, 0.3])
STIFF = np.ones(5)
"""Weights before anything was seen, and how many observations they are worth, about."""
SPREAD = 1.0
"""How much regions differ, as the standard deviation of their offsets in log-odds."""
DOUBT = 0.5
"""Standard deviations by which a probability is taken lower than it is estimated."""
CAP = 8.0
"""No single hit may be more doubtful than so many times the bound."""
FIRST = 20
"""Observations before anything is served."""
STEPS, CLOSE = 12, 1e-3
KEPT = 4000
RECENT = 2000
CHECKED = 500
CAUTION = 50.0
"""Verified hits after which what was measured outweighs the bound that was promised."""


class Signs(NamedTuple):
    """What a candidate is judged by.

    `lead` is its similarity less that of the nearest question of another answer, `share` the part
    of the neighbourhood, weighed by nearness, that has its answer, `votes` how many those are.
    """

    similarity: float
    lead: float
    share: float
    votes: int

    def features(self) -> tuple[float, ...]:
        return (
            1.0,
            4.0 * (self.similarity - 0.8),
            4.0 * self.lead,
            2.0 * (self.share - 0.7),
            0.5 * math.log(max(1, self.votes)),
        )


class Learner:
    """What is known of one tenant's semantic hits."""

    def __init__(self, bound: float) -> None:
        self.threshold = math.inf
        self._bound = bound
        self._seen: deque[tuple[tuple[float, ...], str, bool]] = deque(maxlen=KEPT)
        self._recent: deque[tuple[tuple[float, ...], str]] = deque(maxlen=RECENT)
        self._verified: deque[bool] = deque(maxlen=CHECKED)
        self._weights = PRIOR
        self._spread = np.diag(1.0 / STIFF)
        self._offsets: dict[str, float] = {}
        self._new = 0

    def __len__(self) -> int:
        return len(self._seen)

    def learn(self, signs: Signs, kin: str, same: bool, *, verified: bool = False) -> None:
        """One observation; `verified` is of a hit that was drawn by chance and asked again."""
        self._seen.append((signs.features(), kin, same))
        if verified:
            self._verified.append(same)
        self._new += 1
        if len(self._seen) >= FIRST and self._new >= max(10, len(self._seen) // 20):
            self.fit()

    def relearn(self, seen: Iterable[tuple[Signs, str, bool, bool]]) -> None:
        """What an earlier process had learned: signs, kin, same, verified."""
        for signs, kin, same, verified in seen:
            self._seen.append((signs.features(), kin, same))
            if verified:
                self._verified.append(same)
        if len(self._seen) >= FIRST:
            self.fit()

    def weigh(self, signs: Signs, kin: str) -> float:
        """The probability, taken a little low, that the remembered answer is right."""
        x = np.array(signs.features())
        return float(self._chances(x[None, :], [kin])[0])

    def serves(self, signs: Signs, kin: str) -> bool:
        """Whether to give the remembered answer; counts the question among the recent ones."""
        self._recent.append((signs.features(), kin))
        return self.weigh(signs, kin) >= self.threshold

    def fit(self) -> None:
        """From everything seen: the weights, the regions, and the threshold; some milliseconds."""
        self._new = 0
        x = np.array([features for features, _, _ in self._seen])
        same = np.array([float(each) for _, _, each in self._seen])
        for _ in range(STEPS):
            chance = logistic.probability(x, self._weights)
            slope = x.T @ (chance - same) + STIFF * (self._weights - PRIOR)
            curved = (x * (chance * (1.0 - chance))[:, None]).T @ x + np.diag(STIFF)
            self._spread = np.linalg.inv(curved)
            step = np.clip(self._spread @ slope, -3.0, 3.0)
            self._weights = self._weights - step
            if float(np.abs(step).max()) < CLOSE:
                break
        chance = logistic.probability(x, self._weights)
        self._offsets = _offsets([kin for _, kin, _ in self._seen], same - chance, chance)
        self.threshold = self._threshold()

    def _chances(self, x: Array, kins: list[str]) -> Array:
        doubt = np.sqrt(np.einsum("ij,jk,ik->i", x, self._spread, x))
        offsets = np.array([self._offsets.get(kin, 0.0) for kin in kins])
        odds = np.clip(x @ self._weights + offsets - DOUBT * doubt, -30.0, 30.0)
        chances: Array = 1.0 / (1.0 + np.exp(-odds))
        return chances

    def _threshold(self) -> float:
        """The lowest probability down to which the mean doubt stays within the bound."""
        recent = list(self._recent) or [(features, kin) for features, kin, _ in self._seen]
        x = np.array([features for features, _ in recent])
        chances = np.sort(self._chances(x, [kin for _, kin in recent]))[::-1]
        bound = self._bound * self._caution()
        doubts = np.cumsum(1.0 - chances) / np.arange(1, len(chances) + 1)
        within = np.flatnonzero(doubts <= bound)
        if not len(within):
            return math.inf
        return max(float(chances[within[-1]]), 1.0 - CAP * bound)

    def _caution(self) -> float:
        """Below one when more of the verified hits were wrong than the bound allows."""
        wrong = sum(not same for same in self._verified)
        mean = (wrong + CAUTION * self._bound) / (len(self._verified) + CAUTION)
        return min(1.0, self._bound / mean) if mean > 0 else 1.0


def _offsets(kins: list[str], residuals: Array, chance: Array) -> dict[str, float]:
    """Each region's own log-odds: one Newton step towards its residual, shrunken to zero."""
    missed, weight = Counter[str](), Counter[str]()
    for kin, residual, each in zip(kins, residuals.tolist(), chance.tolist(), strict=True):
        missed[kin] += residual
        weight[kin] += each * (1.0 - each)
    return {kin: missed[kin] / (weight[kin] + 1.0 / SPREAD**2) for kin in missed}
