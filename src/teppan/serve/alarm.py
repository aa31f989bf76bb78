"""Tells when a day or a month has become dear, once for each: the thresholds everybody has.

Nothing is written for it but the alert itself. What was spent is read from the ledger when the
first money of a window is spent here, and again when a threshold may have been crossed or the
last reading is `STALE` (other gateways spend too); in between what is spent here is added up.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

import structlog
from msgspec import Struct

from teppan.core.budget import Alert, Period
from teppan.core.clock import Clock
from teppan.core.errors import StoreError
from teppan.core.money import Micros
from teppan.cost.calendar import Calendar

STALE = 900.0

_log = structlog.get_logger(__name__)


class Threshold(Struct, frozen=True):
    """`amount` a day or month, from which an alert is raised."""

    name: str
    period: Period
    amount: Micros


class Books(Protocol):
    async def spent(self, begin: float, end: float) -> Micros:
        """The known costs of all calls that began in `[begin, end)`."""

    async def tell(self, alert: Alert) -> bool:
        """Keeps and says an alert; False when it was told before."""


class _Watched:
    """One threshold in its present window; `known` of `read` is the ledger's, `since` ours."""

    __slots__ = ("known", "read", "since", "threshold", "told", "window")

    def __init__(self, threshold: Threshold) -> None:
        self.threshold = threshold
        self.window = ""
        self.told = False
        self.known: Micros = 0
        self.since: Micros = 0
        self.read = float("-inf")

    def enter(self, window: str) -> None:
        if window != self.window:
            self.window, self.told, self.known, self.since = window, False, 0, 0
            self.read = float("-inf")


class Alarm:
    def __init__(
        self, thresholds: Sequence[Threshold], calendar: Calendar, books: Books, clock: Clock
    ) -> None:
        self._watched = [_Watched(each) for each in thresholds]
        self._calendar = calendar
        self._books = books
        self._clock = clock
        self._looking = False

    def spent(self, cost: Micros) -> Coroutine[Any, Any, None] | None:
        """Counts money spent just now; what is returned wants to be run, and nobody to wait."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        look = False
        for each in self._watched:
            each.enter(self._calendar.window(each.threshold.period, now).name)
            each.since += cost
            crossing = each.known + each.since >= each.threshold.amount
            look = look or (not each.told and (crossing or monotonic - each.read >= STALE))
        if not look or self._looking:
            return None
        self._looking = True
        return self._look(now)

    async def _look(self, now: float) -> None:
        try:
            for each in self._watched:
                if not each.told:
                    await self._look_at(each, now)
        except StoreError as error:
            _log.warning("cost.alert_not_checked", reason=error.message)
        finally:
            self._looking = False

    async def _look_at(self, each: _Watched, now: float) -> None:
        window = self._calendar.window(each.threshold.period, now)
        each.enter(window.name)
        before = each.since
        spent = await self._books.spent(window.begin, window.end)
        each.known, each.since = spent, max(0, each.since - before)
        each.read = self._clock.monotonic()
        if spent >= each.threshold.amount:
            threshold = each.threshold
            await self._books.tell(Alert(threshold.name, window.name, spent, threshold.amount, now))
            each.told = True
