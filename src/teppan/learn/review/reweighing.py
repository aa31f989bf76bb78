"""What each reason is worth in this business, from what reviewers found behind it.

A reason's weight is the share of wrong answers among those it spoke for, each as much as it did.
The weight of the settings counts like `PRIOR` such answers, so that a few decisions move little and
a hundred decide. A confidence that is never wrong where it is low soon sends nobody to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import structs

from teppan.learn.review.worth import Weights
from teppan.store.review_rows import Reason

PRIOR = 10.0
"""Answers as which a weight of the settings counts."""


def reweighed(weights: Weights, judged: Iterable[tuple[Sequence[Reason], bool]]) -> Weights:
    """`judged` are the parts of decided items, and whether the answer was wrong."""
    spoke = dict.fromkeys(structs.asdict(weights), 0.0)
    right = dict.fromkeys(spoke, 0.0)
    for parts, wrong in judged:
        for each in parts:
            if each.name in spoke:
                spoke[each.name] += each.value
                right[each.name] += each.value * wrong
    return Weights(
        **{
            name: (prior * PRIOR + right[name]) / (PRIOR + spoke[name])
            for name, prior in structs.asdict(weights).items()
        }
    )
