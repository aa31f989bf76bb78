"""Whether a live lesson helps: answers with it beside those it was held back from by chance.

Only chance decides which answers go without, so the difference of their mean qualities is what the
lessons do (several that are given together share it). It is looked at when the number of answers
without has doubled since the last time, 20, 40, 80, ..., so that looking every night does not
make chance look like harm:

    harm       the difference is below 0 also at the upper end of its interval (0.5 % a look)
    no help    it is below the least worth at the upper end of a one-sided 80 % interval

Welch's intervals (1947), with the variance of one half answer added, so that a few equal answers do
not look certain. `tests/learn/lessons/test_helping.py` simulates both errors.
"""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct

from teppan.store.lesson_rows import Sums, Used

LOOKS = 10
"""Looks that share the chance of a wrong verdict of harm: up to 20 * 2**9 answers without."""
HARM = 2.576
"""Standard errors: one-sided 0.5 %, a tenth of 5 %."""
HELP = 0.842
"""Standard errors: one-sided 20 %."""
SHOWN = 1.96
_UNSURE = 0.25
"""The variance of a quality of which nothing is known but that it is in [0, 1]."""


class Verdict(Struct, frozen=True):
    """`used` is what is known now; `what` follows from it at this look."""

    what: Literal["stays", "harms", "does not help"]
    used: Used


def judged(given: Sums, withheld: Sums, before: Used | None, worth: float, first: int) -> Verdict:
    """The verdict on a lesson after these answers; `before` is what was known at the last look."""
    looks = before.looks if before is not None else 0
    used = Used(
        given=given.n,
        with_it=given.mean,
        withheld=withheld.n,
        without=withheld.mean,
        looks=looks,
    )
    if given.mean is None or withheld.mean is None:
        return Verdict("stays", used)
    effect = given.mean - withheld.mean
    error = math.sqrt(variance(given) / given.n + variance(withheld) / withheld.n)
    used = Used(
        given=given.n,
        with_it=given.mean,
        withheld=withheld.n,
        without=withheld.mean,
        effect=effect,
        low=effect - SHOWN * error,
        high=effect + SHOWN * error,
        looks=due(withheld.n, first),
    )
    if used.looks <= looks:
        return Verdict("stays", used)
    if effect + HARM * error < 0:
        return Verdict("harms", used)
    if effect + HELP * error < worth:
        return Verdict("does not help", used)
    return Verdict("stays", used)


def due(withheld: int, first: int) -> int:
    """How many looks there are by so many answers without: one at `first`, one at each doubling."""
    return 0 if withheld < first else min(LOOKS, 1 + int(math.log2(withheld / first)))


def variance(sums: Sums) -> float:
    """Of one answer, with half an answer of which nothing is known."""
    mean = sums.sum / sums.n
    spread = max(0.0, sums.squares - sums.n * mean * mean)
    return (spread + 0.5 * _UNSURE) / max(1.0, sums.n - 0.5)
