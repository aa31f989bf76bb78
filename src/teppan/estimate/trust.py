"""How well a model has done lately on one kind of task: an exponential moving average.

    trust' = (1 - alpha) * trust + alpha * quality, never below the floor

The floor keeps a model that failed for a while in the vote, so that it can earn trust back.
"""

from __future__ import annotations

ALPHA = 0.1
FLOOR = 0.1
PRIOR = 0.5
"""The trust in a model that nobody has judged yet."""


def updated(trust: float, quality: float, *, alpha: float = ALPHA, floor: float = FLOOR) -> float:
    """The trust after one answer of this quality; all three in [0, 1].

    Raises `ValueError` for a quality outside [0, 1]: a wrong scale must not pass as a bad model.
    """
    if not 0.0 <= quality <= 1.0:
        raise ValueError(f"a quality is between 0 and 1, not {quality}")
    return min(1.0, max(floor, (1.0 - alpha) * trust + alpha * quality))
