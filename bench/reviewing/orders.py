"""In which order answers are reviewed: the queue's, and what else one would try.

An order is a list of places in the month that is reviewed, all of them, each once.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reviewing.traffic import Answered
from teppan.core.clock import FixedClock
from teppan.core.ids import LOCAL
from teppan.learn.review.filling import Desk, Policy, fill, ordered
from teppan.learn.review.nearness import Questions
from teppan.learn.review.picking import NEAR
from teppan.learn.review.worth import confidence_of
from teppan.providers.embed import HashingEmbedder
from teppan.store import Store
from teppan.store.review_rows import Decision

Order = list[int]
EVERYTHING = 5_000
SITTING = 25
"""Answers that are reviewed before the next night."""
MUCH_LATER = 4e9


def questions_of(answered: Sequence[Answered]) -> Questions:
    texts = [each.step.text for each in answered]
    return Questions(texts, HashingEmbedder().vectors(texts))


async def queue(
    store: Store, answered: Sequence[Answered], share: float, most: int = EVERYTHING
) -> Order:
    """As the shipped queue hands them out, chance's share included; reviewers decide as is right.
    What it hands out after `most` is not asked for: it stands at the end in order of time.

    The month is looked at once, at its end; after each sitting the queue is ordered again by what
    was found, as each night does.
    """
    policy = Policy(open=EVERYTHING, share=share)
    desk = Desk(store, HashingEmbedder().vectors, policy, FixedClock(MUCH_LATER))
    await fill(desk, LOCAL, 0.0, answered[-1].step.at + 1e-3)
    places = {each.trace: at for at, each in enumerate(answered) if each.trace}
    order: Order = []
    while len(order) < most:
        item = await store.review.next(LOCAL.tenant, "bench", 60.0, share)
        if item is None:
            break
        one = answered[places[item.trace_id]]
        order.append(places[item.trace_id])
        right = one.step.question.right[0]
        decision = Decision("approve") if one.right else Decision("edit", right)
        await store.review.decide(LOCAL.tenant, item.id, decision, "bench")
        if len(order) % SITTING == 0:
            await ordered(desk, LOCAL)
    left = set(range(len(answered))) - set(order)
    return [*order, *sorted(left)]


def by_chance(count: int, seed: int) -> Order:
    order = list(range(count))
    random.Random(f"order {seed}").shuffle(order)
    return order


def without_near(some: Questions, order: Order) -> Order:
    """The same order, but what is near to an earlier one comes last."""
    near = some.near(some) >= NEAR
    covered = np.zeros(len(order), bool)
    first: Order = []
    for at in order:
        if not covered[at]:
            first.append(at)
            covered |= near[at]
    return [*first, *(at for at in order if at not in set(first))]


async def least_sure(store: Store, answered: Sequence[Answered], seed: int) -> Order:
    """Confidence alone; of what nothing is known comes first, equals by chance."""
    sure = []
    for each in answered:
        trace = await store.traces.get(LOCAL, each.trace)
        found = confidence_of(trace) if trace is not None else None
        sure.append(-1.0 if found is None else found)
    shuffled = by_chance(len(answered), seed)
    return sorted(shuffled, key=lambda at: sure[at])


def farthest_first(some: Questions, seed: int) -> Order:
    """Each time what is farthest from all before it (Gonzalez 1985)."""
    near = some.near(some)
    at = by_chance(len(some), seed)[0]
    order, closest = [at], near[at].copy()
    left = np.ones(len(some), bool)
    left[at] = False
    while left.any():
        at = int(np.where(left, closest, np.inf).argmin())
        order.append(at)
        left[at] = False
        closest = np.maximum(closest, near[at])
    return order


def limit(fixes: NDArray[np.bool_], wrong: NDArray[np.bool_]) -> Order:
    """What nobody can know: which label puts how many answers of the next month right.

    `fixes[a, b]`: the label of `a` is near to `b` of the next month and right for it; `wrong[b]`:
    the answer of `b` is not. Chosen greedily.
    """
    left = wrong.copy()
    order: Order = []
    gains = fixes[:, left].sum(axis=1).astype(float)
    while left.any() and gains.max() > 0:
        at = int(gains.argmax())
        order.append(at)
        left &= ~fixes[at]
        gains = fixes[:, left].sum(axis=1).astype(float)
        gains[order] = -1
    rest = [at for at in range(len(fixes)) if at not in set(order)]
    return [*order, *rest]
