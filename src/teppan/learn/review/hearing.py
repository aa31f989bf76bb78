"""How likely an answer is wrong: what speaks against it, and what became of the same answer.

    reasons (`worth.py`) ── a chance, which counts like one opinion ─┐
    ratings of the same answer, whoever got it ──────────────────────┼─> mean: chance of being wrong
    decisions about the same answer, whoever asked for it ───────────┘

Models repeat themselves: one wrong answer is given to many customers who ask in many words. So what
one of them said of it, or a reviewer found, tells of all the others, however their questions read.
It is the mean of a beta distribution; a like lowers it, which no reason of its own does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from teppan.learn.review.nearness import LONGEST, Questions

if TYPE_CHECKING:
    from teppan.learn.coherence import Vectors
    from teppan.learn.review.nearness import Rows

SAME = 0.9
"""Similarity from which two answers say the same; other figures are another answer."""
REASONED = 1.0
"""Opinions as which the reasons of an answer count."""
DECIDED = 8.0
"""Opinions as which a decision counts."""
LIKED, DISLIKED = 0.1, 0.8
"""Chance of being wrong of an answer that somebody gave the best and the worst rating."""


class Told(Struct, frozen=True):
    """What was said of an answer: the weight of all opinions, and of it what is against."""

    weight: float = 0.0
    against: float = 0.0


def rated(ratings: Sequence[float]) -> Told:
    """Ratings are in [0, 1], one for each source."""
    against = sum(DISLIKED - (DISLIKED - LIKED) * each for each in ratings)
    return Told(float(len(ratings)), against)


def decided(wrong: bool) -> Told:
    return Told(DECIDED, DECIDED * wrong)


def chance_of(reasons: float, weight: float, against: float) -> float:
    """The chance that an answer is wrong; `reasons` is what speaks against it alone."""
    return (REASONED * reasons + against) / (REASONED + weight)


class Answers:
    """Answers by their words, each different one placed once."""

    def __init__(self, texts: Sequence[str], vectors: Vectors) -> None:
        import numpy as np  # an idle gateway has no use for it

        names: dict[str, int] = {}
        self._place = np.array([names.setdefault(each.strip(), len(names)) for each in texts], int)
        known = list(names)
        none = np.zeros((0, 1), np.float32)
        rows = vectors([each[:LONGEST] for each in known]) if known else none
        same = Questions(known, rows)
        self._same = same.near(same) >= SAME
        np.fill_diagonal(self._same, val=True)

    def same(self, one: int, other: int) -> bool:
        return bool(self._same[self._place[one], self._place[other]])

    def pooled(self, told: Sequence[Told]) -> Rows:
        """Of each the weight, and what is against, of all that say the same: shape (answers, 2).

        `told` must be of different customers or decisions: what stands in two places counts twice.
        """
        import numpy as np

        sums = np.zeros((len(self._same), 2), np.float32)
        values = [(each.weight, each.against) for each in told]
        np.add.at(sums, self._place, np.array(values, np.float32).reshape(-1, 2))
        found: Rows = (self._same.astype(np.float32) @ sums)[self._place]
        return found
