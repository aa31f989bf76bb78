"""The order of what waits, by what reviewers have found since: behind each reason, and of the same
answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from teppan.core.ids import Scope
from teppan.learn.review import chance
from teppan.learn.review.hearing import Answers, Told, chance_of, decided
from teppan.learn.review.picking import priority_of
from teppan.learn.review.reweighing import reweighed
from teppan.learn.review.worth import Weights, joined
from teppan.store.review import Review
from teppan.store.review_rows import Weighed

if TYPE_CHECKING:
    from teppan.learn.coherence import Vectors

JUDGED = 1_000
"""Decisions that are heard, the newest."""


async def rerank(
    review: Review, scope: Scope, shipped: Weights, vectors: Vectors, most: int
) -> Weights:
    """Orders the first `most` of what waits; returns what each reason weighs by now."""
    judged = await review.weighed(scope, tuple(chance.RIGHT | chance.WRONG), JUDGED)
    weights = reweighed(shipped, [(each.parts, each.status in chance.WRONG) for each in judged])
    waiting = await review.weighed(scope, ("open",), most)
    if not waiting:
        return weights
    everything = [*waiting, *judged]
    told = Answers([each.answer for each in everything], vectors).pooled(_told(everything))
    ranks = {}
    for each, (weight, against) in zip(waiting, told, strict=False):
        wrong = chance_of(joined(each.parts, weights), float(weight), float(against))
        priority = priority_of(wrong, each.covers, each.rest, each.factor)
        if abs(priority - each.priority) > 1e-6:
            ranks[each.trace_id] = priority
    await review.rank(scope, ranks)
    return weights


def _told(items: Sequence[Weighed]) -> list[Told]:
    """What people said of the answers an item stands for, and what was decided of its own."""
    found = []
    for each in items:
        made = Told(each.told_weight, each.told_against)
        if each.status in chance.RIGHT | chance.WRONG:
            seen = decided(each.status in chance.WRONG)
            made = Told(made.weight + seen.weight, made.against + seen.against)
        found.append(made)
    return found
