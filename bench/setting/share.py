"""A share with its interval."""

from __future__ import annotations

import math

from msgspec import Struct


class Share(Struct, frozen=True):
    hits: int
    many: int

    @property
    def value(self) -> float:
        return self.hits / self.many if self.many else 0.0


def interval(share: Share, z: float = 1.96) -> tuple[float, float]:
    """Wilson's, 95 %."""
    if not share.many:
        return 0.0, 1.0
    n, p = share.many, share.value
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)
