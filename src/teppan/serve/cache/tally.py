"""Counts of hits and misses, written behind, together, every few seconds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Literal

from msgspec.structs import replace

from teppan.core.clock import Clock
from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.store.cache import CacheRecords, Day

FLUSH_SECONDS = 5.0
"""What a crash can lose of the counts."""


class Tally:
    def __init__(self, records: CacheRecords, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._days: dict[tuple[str, str], Day] = {}
        self._timer: asyncio.TimerHandle | None = None

    def hit(self, scope: Scope, status: Literal["exact", "semantic"], saved: Micros | None) -> None:
        day = self._day(scope)
        self._count(
            scope,
            replace(
                day,
                exact=day.exact + (status == "exact"),
                semantic=day.semantic + (status == "semantic"),
                saved=day.saved + (saved or 0),
                unpriced=day.unpriced + (saved is None),
            ),
        )

    def miss(self, scope: Scope) -> None:
        day = self._day(scope)
        self._count(scope, replace(day, misses=day.misses + 1))

    async def flush(self) -> None:
        """Returns when everything counted so far is written, or could not be."""
        written = [each for each in self._send() if each is not None]
        if written:
            await asyncio.wait(written)

    def _day(self, scope: Scope) -> Day:
        name = datetime.fromtimestamp(self._clock.now(), UTC).date().isoformat()
        return self._days.get((scope.tenant, name), Day(name))

    def _count(self, scope: Scope, day: Day) -> None:
        self._days[scope.tenant, day.day] = day
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._send)

    def _send(self) -> list[asyncio.Future[None] | None]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        days, self._days = self._days, {}
        return [self._records.count(tenant, day) for (tenant, _), day in days.items()]
