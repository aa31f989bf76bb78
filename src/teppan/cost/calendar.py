"""Local days and months: when a budget starts anew.

A window begins at the first instant of its day by the local clock. Days of 23 and 25 hours, days
without a midnight and days that a country left out all have their place, and windows never go
back: each instant lies in exactly one day and one month.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from msgspec import Struct

from teppan.core.budget import Period
from teppan.core.errors import ConfigError


class Window(Struct, frozen=True):
    """A day (`2026-11-21`) or month (`2026-11`): `[begin, end)` in seconds since 1970."""

    name: str
    begin: float
    end: float


class Calendar:
    """The days and months of one time zone. Remembers the window it was last in."""

    def __init__(self, zone: str = "UTC") -> None:
        self.zone = zone
        self._zone = _found(zone)
        self._last: dict[Period, Window] = {}

    def window(self, period: Period, at: float) -> Window:
        """The window in which an instant lies."""
        last = self._last.get(period)
        if last is None or not last.begin <= at < last.end:
            last = self._last[period] = self._find(period, at)
        return last

    def named(self, name: str) -> Window:
        """The window of a name. Raises `ConfigError` for what names no day or month."""
        try:
            if len(name) == len("2026-11"):
                first = date.fromisoformat(f"{name}-01")
                return Window(name, self._begin(first), self._begin(_next_month(first)))
            day = date.fromisoformat(name)
            return Window(day.isoformat(), self._begin(day), self._begin(day + timedelta(1)))
        except (ValueError, OverflowError):
            raise ConfigError(f"`{name}` is no month (2026-11) and no day (2026-11-21)") from None

    def _find(self, period: Period, at: float) -> Window:
        day = self._day(at)
        if period == "day":
            return Window(day.isoformat(), self._begin(day), self._begin(day + timedelta(1)))
        first = day.replace(day=1)
        name = f"{first.year:04}-{first.month:02}"
        return Window(name, self._begin(first), self._begin(_next_month(first)))

    def _day(self, at: float) -> date:
        """The latest local day that has begun: a clock put back over midnight does not undo it."""
        day = datetime.fromtimestamp(at, UTC).astimezone(self._zone).date()
        following = day + timedelta(1)
        return following if self._begin(following) <= at else day

    def _begin(self, day: date) -> float:
        """The first instant of a day; of a midnight that comes twice, the first."""
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()


def _next_month(first: date) -> date:
    return (first + timedelta(31)).replace(day=1)


def _found(zone: str) -> tzinfo:
    if zone == "UTC":
        return UTC
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ConfigError(
            f"costs.time_zone: there is no time zone `{zone}` here; write it as the IANA database "
            "does, e.g. `Europe/Berlin` (where the system has no database: pip install tzdata)"
        ) from None
