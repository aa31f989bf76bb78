"""Which model does best on this kind of question, learned while serving: Thompson sampling.

Each model has a record on each category: how often it served, how good it was, what it cost. A
model is chosen as often as its record makes it the best one (Thompson 1933; Chapelle and Li 2011),
where best is quality less price: a normal belief about the mean quality, its spread from what was
seen and a cautious prior, minus what this request would cost. The probability of every choice is
computed, not sampled, so that the log can be used to fit other routers; and no model falls below
the floor, so that one that has improved is noticed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct

from teppan.core.money import Micros

GOOD = 0.5
"""A quality above this is a win."""

CENT = 10_000
"""Micro-dollars."""

_PRIOR_QUALITY, _PRIOR_COUNT, _PRIOR_VARIANCE = 0.6, 2.0, 0.25
_LEAST_SPREAD = 1e-3
_POINTS, _WIDTH = 65, 4.5


class Arm(Struct, frozen=True):
    """A model's record on one category: `pulls` rewards, whose qualities sum to `quality` and
    their squares to `squares`; `wins` of them were good; `cost` is in micro-dollars.
    """

    pulls: int = 0
    quality: float = 0.0
    squares: float = 0.0
    wins: int = 0
    cost: Micros = 0
    version: int = 0

    def with_reward(self, quality: float, cost: Micros) -> Arm:
        return Arm(
            self.pulls + 1,
            self.quality + quality,
            self.squares + quality * quality,
            self.wins + (quality > GOOD),
            self.cost + cost,
            self.version + 1,
        )

    @property
    def mean(self) -> float:
        """The expected quality, pulled to the prior while little was seen."""
        return (self.quality + _PRIOR_QUALITY * _PRIOR_COUNT) / (self.pulls + _PRIOR_COUNT)

    @property
    def spread(self) -> float:
        """The standard deviation of the belief about the mean."""
        around = self.squares - 2.0 * self.mean * self.quality + self.pulls * self.mean**2
        variance = (max(0.0, around) + _PRIOR_VARIANCE * _PRIOR_COUNT) / (self.pulls + _PRIOR_COUNT)
        return max(_LEAST_SPREAD, math.sqrt(variance / (self.pulls + _PRIOR_COUNT)))

    @property
    def usual_cost(self) -> float | None:
        """Micro-dollars an answer has cost on average."""
        return self.cost / self.pulls if self.pulls else None


NEW = Arm()


class Pull(Struct, frozen=True):
    """A choice: the model, how probable it was, and why, in words."""

    model: str
    probability: float
    reason: str
    chances: Mapping[str, float]


def choose(
    arms: Mapping[str, Arm],
    costs: Mapping[str, float],
    *,
    category: str,
    price_weight: float,
    explore: float,
    chance: float,
) -> Pull:
    """One of the arms, drawn by `chance` in [0, 1).

    `costs` are the expected micro-dollars of this request; `price_weight` the quality that one
    cent is worth; `explore` the least probability of each arm.
    """
    models = list(arms)
    means = [arms[name].mean - price_weight * costs.get(name, 0.0) / CENT for name in models]
    best = best_chances(means, [arms[name].spread for name in models])
    floor = min(explore, 1.0 / len(models))
    chances = [floor + (1.0 - floor * len(models)) * each for each in best]
    place = _drawn(chances, chance)
    chosen = models[place]
    explored = chances[place] < max(chances) - 1e-12
    return Pull(
        chosen,
        chances[place],
        _told(chosen, arms[chosen], category, tried=explored),
        dict(zip(models, chances, strict=True)),
    )


def best_chances(means: Sequence[float], spreads: Sequence[float]) -> list[float]:
    """The probability of each of several normal variables to be the highest, by quadrature."""
    if len(means) == 1:
        return [1.0]
    found = []
    for place, (mean, spread) in enumerate(zip(means, spreads, strict=True)):
        total = 0.0
        for step in range(_POINTS):
            at = _WIDTH * (2.0 * step / (_POINTS - 1) - 1.0)
            density = math.exp(-0.5 * at * at)
            value = mean + spread * at
            for other, (centre, width) in enumerate(zip(means, spreads, strict=True)):
                if other != place:
                    density *= 0.5 * math.erfc((centre - value) / (width * math.sqrt(2.0)))
            total += density
        found.append(total)
    whole = sum(found)
    if whole <= 0.0:
        top = max(means)
        return [float(mean == top) / sum(each == top for each in means) for mean in means]
    return [each / whole for each in found]


def _drawn(chances: Sequence[float], chance: float) -> int:
    reached = 0.0
    for place, each in enumerate(chances):
        reached += each
        if chance < reached:
            return place
    return len(chances) - 1


def _told(model: str, arm: Arm, category: str, *, tried: bool) -> str:
    if not arm.pulls:
        return f"{model} has answered no {category} question yet and is tried"
    share = f"{100.0 * arm.wins / arm.pulls:.0f} %"
    plural = "question" if arm.pulls == 1 else "questions"
    record = f"{model} won {share} of {arm.pulls} {category} {plural}"
    return f"{record}; tried again to see whether it has improved" if tried else record
