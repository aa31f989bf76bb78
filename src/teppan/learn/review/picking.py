"""Which of many answers to look at first: each time where one label mends most wrong answers.

A label is good for all questions near it. So what is worth a look is the number of wrong answers to
be expected near it that nothing in the order stands for yet (a maximal coverage, taken greedily).
The question chosen stands for the others and counts them; they, and whatever is near to what is in
the queue or was reviewed, rank far below. The work grows with the number of questions times that of
the ones they are compared with, which are bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from teppan.learn.review.nearness import Questions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEAR = 0.75
"""Similarity from which a label of one question is good for the other."""
AGAIN = 0.1
"""What is left of the priority of what is near to something in the queue or reviewed."""
STRIKING = 0.5
"""What is left of it when people disliked the answer all the same."""
_OWN = 1e-3
"""What its own chance adds where several stand for the same."""


class Picked(Struct, frozen=True):
    """The place of one in the order: `covers` counts the questions it stands for, `rest` is how
    much likelier than itself they are wrong on average, `factor` is what is left of its priority
    when another stands for it. `leader` is the place of the candidate that stands for it."""

    priority: float
    covers: int = 1
    rest: float = 1.0
    factor: float = 1.0
    leader: int = -1

    @property
    def again(self) -> bool:
        return self.factor < 1.0


class Pick(Struct, frozen=True):
    """One for each candidate, and for what is in the queue how many more it stands for."""

    picked: tuple[Picked, ...]
    more: dict[int, int]


def priority_of(wrong: float, covers: int, rest: float = 1.0, factor: float = 1.0) -> float:
    """The wrong answers that a label of it would mend; `wrong` is its own chance of being so."""
    return covers * min(1.0, wrong * rest) * factor


def pick(
    candidates: Questions,
    chances: Sequence[float],
    striking: Sequence[bool],
    known: Questions,
    fresh: Sequence[bool] | None = None,
    near: float = NEAR,
) -> Pick:
    """Orders candidates by their `chances` of being wrong; `striking` are those that people
    disliked. `known` are questions in the queue or reviewed; only `fresh` candidates are counted
    with them, not those that were before."""
    import numpy as np  # an idle gateway has no use for it

    more: dict[int, int] = {}
    count = len(candidates)
    old = np.zeros(count, bool)
    if count and len(known):
        to_known = candidates.near(known)
        closest = to_known.argmax(axis=1)
        old = to_known[np.arange(count), closest] >= near
        for at in range(count):
            if old[at] and (fresh is None or fresh[at]):
                more[int(closest[at])] = more.get(int(closest[at]), 0) + 1
    wrong = np.array(chances, np.float32)
    leader = _leaders(candidates, wrong, old, near)
    sizes = np.bincount(leader[leader >= 0], minlength=count)
    sums = np.bincount(leader[leader >= 0], wrong[leader >= 0], minlength=count)
    picked = []
    for at in range(count):
        own = chances[at]
        if leader[at] == at:
            covers = int(sizes[at])
            rest = float(sums[at]) / covers / own if own > 0.0 else 1.0
            picked.append(Picked(priority_of(own, covers, rest), covers, rest, leader=at))
        else:
            factor = STRIKING if striking[at] else AGAIN
            picked.append(Picked(own * factor, factor=factor, leader=int(leader[at])))
    return Pick(tuple(picked), more)


def _leaders(
    candidates: Questions, wrong: NDArray[np.float32], old: NDArray[np.bool_], near: float
) -> NDArray[np.int64]:
    """Of each the place of the candidate that stands for it, often itself; -1 for what is old."""
    import numpy as np

    count = len(candidates)
    leader = np.full(count, -1)
    free = ~old
    among = candidates.near(candidates) >= near
    np.fill_diagonal(among, val=True)
    mends = among.astype(np.float32) @ (wrong * free) + _OWN * wrong
    while free.any():
        at = int(np.where(free, mends, -1.0).argmax())
        mine = among[at] & free
        leader[mine] = at
        free[mine] = False
        taken = np.flatnonzero(mine)
        mends -= among[:, taken] @ wrong[taken]
    return leader
