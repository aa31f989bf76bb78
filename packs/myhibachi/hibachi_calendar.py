"""Days, hours and deadlines. Pure: `now` is always given, in any time zone."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from teppan.core.tool import ToolRefused

from .hibachi_facts import FACTS

ZONE = ZoneInfo("America/Los_Angeles")
HELD_BEFORE = dt.timedelta(hours=1)
"""A chef is held so long before the start, for the drive and the set-up."""
HELD_AFTER = dt.timedelta(hours=2, minutes=30)
"""And so long after it: the show, cleaning, and the way back."""
SLOT = dt.timedelta(minutes=30)
"""Events start on the hour or the half hour."""
AHEAD_DAYS = 540
"""Nothing is booked further ahead."""


def half_hour(time: dt.time) -> int:
    """Which half hour of the day it is in: 0 is midnight, 36 is 6 pm."""
    return time.hour * 2 + time.minute // 30


def held_half_hours(start: dt.time) -> range:
    """The half hours in which a chef of an event has no time for another."""
    begin = half_hour(start)
    return range(begin - HELD_BEFORE // SLOT, begin + HELD_AFTER // SLOT)


def starts() -> list[dt.time]:
    """Every start a day has."""
    halves = range(FACTS.first_start * 2, FACTS.last_start * 2 + 1)
    return [dt.time(half // 2, half % 2 * 30) for half in halves]


def begins(day: dt.date, start: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, start.replace(tzinfo=None), ZONE)


def is_closed(day: dt.date) -> bool:
    """Thanksgiving is the fourth Thursday of November."""
    thanksgiving = day.month == 11 and day.weekday() == 3 and 22 <= day.day <= 28
    return thanksgiving or (day.month, day.day) == (12, 25)


def hours_until(now: dt.datetime, day: dt.date, start: dt.time) -> float:
    """Hours that really pass; between two times of one zone Python would count by the clock."""
    left = begins(day, start).astimezone(dt.UTC) - now.astimezone(dt.UTC)
    return left / dt.timedelta(hours=1)


def days_before(day: dt.date, start: dt.time, days: int) -> dt.datetime:
    """The last moment that is so many days before: the same time by the clock."""
    return begins(day - dt.timedelta(days=days), start)


def is_in_time(now: dt.datetime, day: dt.date, start: dt.time, days: int) -> bool:
    """Whether `now` is at least so many days before the start."""
    return now.astimezone(dt.UTC) <= days_before(day, start, days).astimezone(dt.UTC)


def check_day(now: dt.datetime, day: dt.date) -> None:
    """Raises `ToolRefused` for a day on which no event can be."""
    today = now.astimezone(ZONE).date()
    if day < today:
        raise ToolRefused(f"{told_day(day)} has passed; today is {told_day(today)}.")
    if is_closed(day):
        raise ToolRefused(f"We are closed on Thanksgiving and Christmas Day: {told_day(day)}.")
    if (day - today).days > AHEAD_DAYS:
        raise ToolRefused(f"{told_day(day)} is too far ahead; today is {told_day(today)}.")


def check_start(now: dt.datetime, day: dt.date, start: dt.time) -> None:
    """Raises `ToolRefused` for a start that nobody can have."""
    check_day(now, day)
    first, last = dt.time(FACTS.first_start), dt.time(FACTS.last_start)
    if not first <= start.replace(tzinfo=None) <= last:
        raise ToolRefused(f"Events start between {told_time(first)} and {told_time(last)}.")
    if start.minute % 30 or start.second or start.microsecond:
        raise ToolRefused("Events start on the hour or the half hour.")
    if hours_until(now, day, start) < FACTS.notice_hours:
        raise ToolRefused(
            f"Bookings need at least {FACTS.notice_hours} hours' notice; "
            f"{told_start(day, start)} is too soon. The office may be phoned, nothing promised."
        )


def told_day(day: dt.date) -> str:
    """`Saturday, December 5, 2026`."""
    return f"{day:%A, %B} {day.day}, {day.year}"


def told_time(time: dt.time) -> str:
    """`6 pm` or `6:30 pm`."""
    minutes = f":{time.minute:02d}" if time.minute else ""
    return f"{(time.hour - 1) % 12 + 1}{minutes} {'am' if time.hour < 12 else 'pm'}"


def told_start(day: dt.date, start: dt.time) -> str:
    return f"{told_day(day)} at {told_time(start)}"


def told_moment(moment: dt.datetime) -> str:
    local = moment.astimezone(ZONE)
    return told_start(local.date(), local.time())
