"""Which of many answers to look at first: by worth, and so that one look teaches most.

A label is good for all questions near it. So of those that are near each other the one most worth
a look stands for all and counts them; the others, and whatever is near to what is in the queue or
was reviewed, rank far below. The work grows with the number of questions times that of the ones
they are compared with, which are bounded.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from teppan.learn.review.nearness import Questions

NEAR = 0.75
"""Similarity from which a label of one question is good for the other."""
AGAIN = 0.1
"""What is left of the priority of what is near to something in the queue or reviewed."""
STRIKING = 0.5
"""What is left of it when people disliked the answer all the same."""
POPULAR = 0.75
"""The power of the number of questions that a label covers: less than 1, as being worth a look is
never quite the chance of being wrong."""


class Picked(Struct, frozen=True):
    """The place of one in the order: `covers` counts the questions it stands for, `factor` is what
    is left of its priority when another stands for it."""

    priority: float
    covers: int = 1
    factor: float = 1.0

    @property
    def again(self) -> bool:
        return self.factor < 1.0


class Pick(Struct, frozen=True):
    """One for each candidate, and for what is in the queue how many more it stands for."""

    picked: tuple[Picked, ...]
    more: dict[int, int]


def demand(covers: int) -> float:
    return float(covers**POPULAR)


def pick(
    candidates: Questions,
    worths: Sequence[float],
    striking: Sequence[bool],
    known: Questions,
    fresh: Sequence[bool] | None = None,
    near: float = NEAR,
) -> Pick:
    """Orders candidates; `striking` are those that people disliked. `known` are questions in the
    queue or reviewed; only `fresh` candidates are counted with them, not those that were before.
    """
    import numpy as np  # an idle gateway has no use for it

    more: dict[int, int] = {}
    count = len(candidates)
    leader = np.full(count, -1)
    old = np.zeros(count, bool)
    if count and len(known):
        to_known = candidates.near(known)
        closest = to_known.argmax(axis=1)
        old = to_known[np.arange(count), closest] >= near
        for at in range(count):
            if old[at] and (fresh is None or fresh[at]):
                more[int(closest[at])] = more.get(int(closest[at]), 0) + 1
    among = candidates.near(candidates)
    for at in sorted(range(count), key=lambda each: (-worths[each], each)):
        if old[at] or leader[at] >= 0:
            continue
        mine = (among[at] >= near) & (leader < 0) & ~old
        mine[at] = True
        leader[mine] = at
    sizes = np.bincount(leader[leader >= 0], minlength=count)
    picked = []
    for at in range(count):
        if not old[at] and leader[at] == at:
            covers = int(sizes[at])
            picked.append(Picked(worths[at] * demand(covers), covers))
        else:
            factor = STRIKING if striking[at] else AGAIN
            picked.append(Picked(worths[at] * factor, 1, factor))
    return Pick(tuple(picked), more)
