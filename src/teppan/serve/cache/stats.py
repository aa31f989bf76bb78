"""What the cache did: hits, how many of them were wrong, and what was saved."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.store.cache import CacheRecords, Day

Z = 1.96
"""For intervals that hold the truth 19 times of 20."""


class CacheStats(Struct, frozen=True, kw_only=True):
    """Of one tenant over some days. `unpriced` hits saved an amount that is not known.

    `checked` semantic hits were drawn by chance and asked again, `wrong` of them were; the share
    of all semantic hits that are wrong is then in [`low`, `high`], 19 times of 20. `complaints`
    were made by people, who do not draw by chance.
    """

    exact: int
    semantic: int
    misses: int
    saved: Micros
    unpriced: int
    checked: int
    wrong: int
    low: float
    high: float
    explored: int
    complaints: int

    @property
    def hit_rate(self) -> float:
        asked = self.exact + self.semantic + self.misses
        return (self.exact + self.semantic) / asked if asked else 0.0

    @property
    def false_hit_rate(self) -> float | None:
        """Of semantic hits; `None` while none was checked."""
        return self.wrong / self.checked if self.checked else None


async def read_stats(records: CacheRecords, scope: Scope, days: int, now: float) -> CacheStats:
    """Of this tenant, over the last days. Raises `StoreError`."""
    since = datetime.fromtimestamp(now, UTC) - timedelta(days=days)
    counts = await records.days(scope, since.date().isoformat())
    return summed(counts, await records.truth(scope, since.timestamp()))


def summed(days: Sequence[Day], truth: Mapping[str, tuple[int, int]]) -> CacheStats:
    """`truth` is by how it became known: how many were the same, of how many."""
    right, checked = truth.get("verified", (0, 0))
    content, told = truth.get("feedback", (0, 0))
    low, high = interval(checked - right, checked)
    return CacheStats(
        exact=sum(day.exact for day in days),
        semantic=sum(day.semantic for day in days),
        misses=sum(day.misses for day in days),
        saved=sum(day.saved for day in days),
        unpriced=sum(day.unpriced for day in days),
        checked=checked,
        wrong=checked - right,
        low=low,
        high=high,
        explored=truth.get("explored", (0, 0))[1],
        complaints=told - content,
    )


def interval(found: int, number: int) -> tuple[float, float]:
    """Wilson's interval of a share (1927); all of [0, 1] when nothing was seen."""
    if number == 0:
        return 0.0, 1.0
    share, z2 = found / number, Z * Z
    middle = (share + z2 / (2 * number)) / (1 + z2 / number)
    half = Z / (1 + z2 / number) * math.sqrt(share * (1 - share) / number + z2 / (4 * number**2))
    # rounding must not leave out the share itself where it is none or all
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))
