"""Which orders of models stand, whatever the few who lie said.

    given   statements of two models, of which at most a budget may be false (anybody's, any value)
    asked   whether one model is better than the other in all that is then left
    answer  yes only where the worst split of the budget over the two leaves more than chance moves

A false statement is one that would not be there without its liar, so the worst is found by taking
statements away: the flattering ones of the better model, the hostile ones of the worse. That is the
smallest mean of a weighted sample of which a part may be left out, a fractional program that
Dinkelbach's iteration solves (Management Science 13, 1967). Parts of statements may be left out,
which only makes the answer more careful.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

STEPS = 20
"""Into so many parts a budget is split between two models."""
_ROUNDS = 30


class Weighed(Struct, frozen=True):
    """A statement: what it weighs, what leaving it out costs, and whether it may be false."""

    value: float
    weight: float
    cost: float = 1.0
    open: bool = True


class Reach(Struct, frozen=True):
    """How low and how high the mean of a model could be if `step` of `STEPS` parts of the budget
    were spent on it; `error` is half the width of its 95 % interval by chance alone."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    error: float


def reach(said: Sequence[Weighed], budget: float, error: float) -> Reach:
    """The means that what was said of one model leaves possible."""
    turned = [Weighed(1.0 - each.value, each.weight, each.cost, each.open) for each in said]
    parts = [budget * step / STEPS for step in range(STEPS + 1)]
    return Reach(
        _lowest(_grouped(said), parts),
        tuple(1.0 - low for low in _lowest(_grouped(turned), parts)),
        error,
    )


def stands(better: Reach, worse: Reach) -> bool:
    """Whether the one is above the other however the budget is spent.

    Between two splits of the grid the better model is taken at the later one and the worse at the
    earlier one: each at its worst.
    """
    error = math.hypot(better.error, worse.error)
    return all(better.low[step + 1] - worse.high[STEPS - step] > error for step in range(STEPS))


class _Group(Struct):
    """Statements that are alike: the same value, and the same weight for its cost."""

    value: float
    weight: float = 0.0
    cost: float = 0.0
    open: bool = True


def _grouped(said: Iterable[Weighed]) -> list[_Group]:
    groups: dict[tuple[float, float, bool], _Group] = {}
    sums: dict[tuple[float, float, bool], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for each in said:
        key = (each.value, round(each.weight / each.cost, 6) if each.cost else 0.0, each.open)
        groups.setdefault(key, _Group(each.value, open=each.open))
        sums[key][0] += each.weight
        sums[key][1] += each.cost
    for key, group in groups.items():
        group.weight, group.cost = sums[key]
    return list(groups.values())


def _lowest(groups: Sequence[_Group], budgets: Sequence[float]) -> tuple[float, ...]:
    """The smallest mean for each budget; 0 where all may be false. Budgets rise."""
    found: list[float] = []
    total = math.fsum(each.weight for each in groups)
    at = math.fsum(each.weight * each.value for each in groups) / total if total else 0.0
    for budget in budgets:
        for _ in range(_ROUNDS):
            lower = _left(groups, budget, at)
            if lower >= at - 1e-12:
                break
            at = lower
        found.append(max(0.0, at))
    return tuple(found)


def _left(groups: Sequence[_Group], budget: float, above: float) -> float:
    """The mean of what is left when the budget takes away what lifts the mean over `above` most."""
    lifts = [each for each in groups if each.open and each.value > above and each.cost > 0]
    lifts.sort(key=lambda each: each.weight * (each.value - above) / each.cost, reverse=True)
    weight = math.fsum(each.weight for each in groups)
    told = math.fsum(each.weight * each.value for each in groups)
    for each in lifts:
        share = min(1.0, budget / each.cost)
        weight -= share * each.weight
        told -= share * each.weight * each.value
        budget -= share * each.cost
        if budget <= 0:
            break
    return told / weight if weight > 1e-9 else 0.0
