"""When schedules fire: five fields of cron text, read in a time zone.

    30 2 * * *      every night at half past two
    0 4 1 * *       on the first of every month at four
    15 9 * * 1-5    on working days at a quarter past nine

The fields are minute, hour, day of the month, month and day of the week (0 and 7 are Sunday), each
`*`, a number, a range `1-5`, a list `1,15`, or any of these with a step `*/10`. Where both days are
given, either is enough, as cron has it (crontab(5), POSIX.1-2024). A time is what the clock on the
wall says: one that the clock skips in spring fires as late as the skip is long, one that it shows
twice in autumn fires the first time only.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
)
SUNDAY = 7
DAYS = 8 * 366
"""How far back a time is looked for: the 29th of February may be eight years away."""
GAP = timedelta(days=1)
"""No clock is put forward by more."""


class Cron(Struct, frozen=True):
    """A schedule. `minutes` and the others are the numbers its fields name; `either` is set where
    both the day of the month and that of the week are given."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool
    zone: tzinfo

    @property
    def daily(self) -> bool:
        """Whether it fires at most once a day, so that the day alone names the time."""
        return len(self.minutes) == 1 and len(self.hours) == 1

    def last(self, now: float) -> datetime | None:
        """The newest time on the wall clock (no zone) that has come by `now` (seconds since 1970);
        `None` where there never was one."""
        wall = datetime.fromtimestamp(now, self.zone).replace(tzinfo=None) + GAP
        for day in _back(wall.date(), DAYS):
            if self._on(day):
                for at in self._times(day):
                    if self.instant(at) <= now:
                        return at
        return None

    def instant(self, at: datetime) -> float:
        """Seconds since 1970 of a time on the wall clock.

        For a skipped time the offset from before the skip holds (PEP 495), so it comes after it.
        """
        return at.replace(tzinfo=self.zone, fold=0).timestamp()

    def _on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() in self.weekdays
        return of_month or of_week if self.either else of_month and of_week

    def _times(self, day: date) -> Iterator[datetime]:
        for hour in sorted(self.hours, reverse=True):
            for minute in sorted(self.minutes, reverse=True):
                yield datetime.combine(day, time(hour, minute))


def parse(text: str, zone: str = "UTC") -> Cron:
    """Raises `ValueError`, which says what cannot be understood."""
    parts = text.split()
    if len(parts) != len(FIELDS):
        raise ValueError(f"{text!r} has {len(parts)} fields; cron text has five")
    try:
        place: tzinfo = UTC if zone == "UTC" else ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"{zone!r} is no time zone; one is called such as Europe/Vienna"
        ) from error
    numbers = [_numbers(part, *field) for part, field in zip(parts, FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = numbers
    return Cron(
        minutes,
        hours,
        days,
        months,
        frozenset(SUNDAY if each == 0 else each for each in weekdays),
        not parts[2].startswith("*") and not parts[4].startswith("*"),
        place,
    )


def _numbers(text: str, name: str, least: int, most: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        try:
            if span == "*":
                low, high = least, most
            else:
                low = int(first)
                high = int(last) if last else most if step else low
            every = int(step) if step else 1
        except ValueError:
            raise ValueError(f"{part!r} is no {name}") from None
        if not least <= low <= high <= most or every < 1:
            raise ValueError(f"{part!r} is no {name}: it lies between {least} and {most}")
        found.update(range(low, high + 1, every))
    return frozenset(found)


def _back(day: date, days: int) -> Iterator[date]:
    for each in range(days):
        yield day - timedelta(days=each)
