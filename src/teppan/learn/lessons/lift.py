"""Whether a lesson lifts answers: from cases answered with it and without, one after the other.

Differences are in [-1, 1]. The test bets: starting from 1, the wealth is multiplied after each case
by `1 + b * difference`, averaged over stakes `b` from 0 to 1. Were the mean difference 0 or less,
the wealth would grow past 1/e with a chance of at most e, however often and whenever one looks
(Ville's inequality): so a lesson that has too few cases today is tried on with others tomorrow, and
a test may stop as soon as it is decided. The interval holds every mean against which the same bet,
placed both ways, has not won (Waudby-Smith and Ramdas, JRSS B 2024, arXiv 2010.09686); at twice
the error of the test, whose one side its lower end is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

STAKES = tuple((at + 0.5) / 20 for at in range(20))


class Bound(Struct, frozen=True):
    """When it is decided. `error` is the chance at which a lesson that lifts nothing may pass;
    `lift` the least a lesson is worth; `worse` the share of unrelated cases that may get worse,
    `far` how many of them are needed; `most` after how many cases nothing shown is nothing there.
    """

    error: float = 0.05
    lift: float = 0.05
    worse: float = 0.15
    far: int = 4
    most: int = 96


class Decision(Struct, frozen=True):
    """`helps` when it passes on its own kind, `passed` on all; `more` cases are needed."""

    what: Literal["passed", "helps", "refused", "more"]
    why: str


def wealth(differences: Sequence[float]) -> float:
    """The evidence that the mean is above 0: 1 says nothing, 20 is worth a chance of 1 in 20."""
    return _mean(math.prod(1.0 + stake * each for each in differences) for stake in STAKES)


def below(differences: Sequence[float], mean: float) -> float:
    """The evidence that the mean is below this one."""
    room = 1.0 - mean
    return _mean(
        math.prod(1.0 - stake * (each - mean) / room for each in differences) for stake in STAKES
    )


def interval(differences: Sequence[float], error: float = 0.05) -> tuple[float, float]:
    """Where the mean lies, but for a chance of `error`, whenever one looks; (-1, 1) for nothing."""
    if not differences:
        return -1.0, 1.0
    import numpy as np  # an idle gateway has no use for it

    means = np.arange(-99, 100) / 100
    apart = np.array(differences)[None, None, :] - means[:, None, None]
    stakes, room = np.array(STAKES)[None, :, None], means[:, None, None]
    up = np.prod(1.0 + stakes * apart / (1.0 + room), axis=2).mean(axis=1)
    down = np.prod(1.0 - stakes * apart / (1.0 - room), axis=2).mean(axis=1)
    held = means[(up + down) / 2 < 1.0 / error]
    if not held.size:  # only a mean at the very end is left
        end = 1.0 if differences[0] > 0 else -1.0
        return end, end
    low, high = float(held[0]), float(held[-1])
    return (-1.0 if low == means[0] else low), (1.0 if high == means[-1] else high)


def decide(near: Sequence[float], far: Sequence[float], bound: Bound) -> Decision:
    """What is known of a lesson by its trials so far."""
    worse = sum(each < 0 for each in far) - sum(each > 0 for each in far)
    if worse > max(1.0, bound.worse * len(far)):
        return Decision("refused", f"{worse} of {len(far)} unrelated cases got worse")
    if not near:
        return Decision("more", "there was no case to try it on")
    lift, found = sum(near) / len(near), wealth(near)
    if found >= 1.0 / bound.error and lift >= bound.lift:
        if len(far) < bound.far:
            return Decision("helps", f"{len(far)} unrelated cases are too few")
        return Decision("passed", f"it lifts {lift:+.2f} on {len(near)} cases")
    if below(near, bound.lift) >= 1.0 / bound.error:
        what = "makes answers worse" if lift < 0 else "does not help"
        return Decision("refused", f"it {what} ({lift:+.2f} on {len(near)} cases)")
    if len(near) >= bound.most:
        return Decision("refused", f"{len(near)} cases show no help ({lift:+.2f})")
    return Decision("more", f"{len(near)} cases are too few ({lift:+.2f})")


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return math.fsum(found) / len(found)
