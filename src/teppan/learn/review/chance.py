"""What chance chooses, and what its choice says of all: how often answers are right.

A queue of doubtful answers says nothing of the rest, so a share of what people look at is drawn by
chance alone: each answer with a known probability, by a number that hangs on its name. From those
the share of right answers is reckoned as if all had been looked at: each counts as many as it
stands for, one by its probability (Hajek's estimator). What was skipped or waits is left out, which
is fair as long as nobody skips what is hard.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable

from msgspec import Struct

from teppan.store.review_reading import Drawn
from teppan.store.review_rows import Status

RIGHT: frozenset[Status] = frozenset({"approved"})
WRONG: frozenset[Status] = frozenset({"edited", "rejected"})
_Z = 1.959964
"""Of a normal distribution, the middle 95 %."""


class Estimate(Struct, frozen=True):
    """The share of answers that are right, with a 95 % interval; `None` until one is judged.

    `judged` were decided, `skipped` and `waiting` were not; `stands_for` is the number of answers
    that the judged ones were drawn from, as their probabilities tell it.
    """

    accuracy: float | None = None
    low: float = 0.0
    high: float = 1.0
    judged: int = 0
    skipped: int = 0
    waiting: int = 0
    stands_for: float = 0.0


def number(name: str) -> float:
    """The number of a trace, uniform in [0, 1); the same in every process."""
    return int.from_bytes(hashlib.sha256(b"review\0" + name.encode()).digest()[:7]) / 2**56


def chance(wanted: int, among: int) -> float:
    """The probability with which to draw, so that about so many are."""
    return min(1.0, wanted / among) if among > 0 else 1.0


def estimate(drawn: Iterable[Drawn]) -> Estimate:
    """How often answers are right. The interval is Wilson's, for the number of equally likely
    draws that would be as telling (Kish's effective size)."""
    whole = squares = right = 0.0
    judged = skipped = waiting = 0
    for each in drawn:
        if each.status not in RIGHT | WRONG:
            skipped += each.status == "skipped"
            waiting += each.status != "skipped"
            continue
        weight = 1.0 / each.chance
        judged += 1
        whole += weight
        squares += weight * weight
        right += weight * (each.status in RIGHT)
    if not judged:
        return Estimate(skipped=skipped, waiting=waiting)
    share, size = right / whole, whole * whole / squares
    low, high = wilson(share, size)
    return Estimate(share, low, high, judged, skipped, waiting, whole)


def wilson(share: float, size: float) -> tuple[float, float]:
    """The interval of a share seen in so many draws (Wilson, JASA 1927)."""
    z = _Z
    middle = share + z * z / (2 * size)
    spread = z * math.sqrt(share * (1.0 - share) / size + z * z / (4 * size * size))
    scale = 1.0 + z * z / size
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
