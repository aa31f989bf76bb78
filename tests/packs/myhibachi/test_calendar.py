"""Days, hours, deadlines: at the edge, and over the nights on which the clocks change."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packs.kitchen import NOON, ZONE, module
from teppan.core.tool import ToolRefused

calendar = module("hibachi_calendar")
SIX = dt.time(18)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    "day", ["2025-11-27", "2026-11-26", "2027-11-25", "2028-11-23", "2026-12-25", "2027-12-25"]
)
def test_thanksgiving_and_christmas_are_closed(day: str) -> None:
    assert calendar.is_closed(dt.date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2026-11-19", "2026-11-27", "2026-12-24", "2026-12-31"])
def test_the_days_around_them_are_not(day: str) -> None:
    assert not calendar.is_closed(dt.date.fromisoformat(day))


@given(st.integers(2024, 2100))
def test_there_is_one_thanksgiving_a_year_and_it_is_the_fourth_thursday(year: int) -> None:
    november = [dt.date(year, 11, day) for day in range(1, 31)]
    thursdays = [day for day in november if day.weekday() == 3]
    assert [day for day in november if calendar.is_closed(day)] == [thursdays[3]]


@pytest.mark.parametrize("start", ["11:00", "11:30", "18:00", "20:30", "21:00"])
def test_events_start_between_eleven_and_nine(start: str) -> None:
    calendar.check_start(NOON, dt.date(2026, 12, 12), dt.time.fromisoformat(start))


@pytest.mark.parametrize(
    "start", ["00:00", "10:30", "10:59", "21:01", "21:30", "18:15", "18:00:01"]
)
def test_and_at_no_other_time(start: str) -> None:
    with pytest.raises(ToolRefused, match="Events start"):
        calendar.check_start(NOON, dt.date(2026, 12, 12), dt.time.fromisoformat(start))


def test_notice_is_48_hours_to_the_second() -> None:
    day = dt.date(2026, 12, 12)
    calendar.check_start(at("2026-12-10 18:00:00"), day, SIX)
    with pytest.raises(ToolRefused, match="48 hours' notice"):
        calendar.check_start(at("2026-12-10 18:00:01"), day, SIX)


def test_48_hours_are_hours_that_pass_when_the_clocks_change() -> None:
    """In spring a night lacks an hour, in autumn it has one more."""
    sunday = dt.date(2027, 3, 14)
    assert calendar.hours_until(at("2027-03-12 18:00"), sunday, SIX) == 47
    with pytest.raises(ToolRefused, match="too soon"):
        calendar.check_start(at("2027-03-12 18:00"), sunday, SIX)
    calendar.check_start(at("2027-03-12 17:00"), sunday, SIX)
    autumn = dt.date(2026, 11, 1)
    assert calendar.hours_until(at("2026-10-30 18:00"), autumn, SIX) == 49
    calendar.check_start(at("2026-10-30 19:00"), autumn, SIX)


@pytest.mark.parametrize("day", ["2026-12-12", "2027-03-14", "2026-11-01"])
def test_four_days_before_is_the_same_time_by_the_clock_and_still_in_time(day: str) -> None:
    event = dt.date.fromisoformat(day)
    last = at(f"{event - dt.timedelta(days=4)} 18:00")
    assert calendar.is_in_time(last, event, SIX, 4)
    assert not calendar.is_in_time(last + dt.timedelta(seconds=1), event, SIX, 4)


def test_now_may_be_told_in_any_time_zone() -> None:
    event, last = dt.date(2026, 12, 12), at("2026-12-08 18:00").astimezone(dt.UTC)
    assert calendar.is_in_time(last, event, SIX, 4)
    assert calendar.hours_until(last, event, SIX) == 96


def test_yesterday_and_a_day_in_three_years_are_refused() -> None:
    with pytest.raises(ToolRefused, match="has passed; today is Monday, November 30, 2026"):
        calendar.check_day(NOON, dt.date(2026, 11, 29))
    with pytest.raises(ToolRefused, match="too far ahead"):
        calendar.check_day(NOON, dt.date(2029, 11, 29))


def test_a_chef_is_held_from_an_hour_before_to_two_and_a_half_after() -> None:
    assert list(calendar.held_half_hours(SIX)) == [34, 35, 36, 37, 38, 39, 40]


@given(st.sampled_from(calendar.starts()))
def test_no_event_is_held_over_midnight(start: dt.time) -> None:
    halves = calendar.held_half_hours(start)
    assert halves[0] >= 0
    assert halves[-1] <= 47


@pytest.mark.parametrize(
    ("time", "told"),
    [
        ("11:00", "11 am"),
        ("12:00", "12 pm"),
        ("12:30", "12:30 pm"),
        ("00:00", "12 am"),
        ("21:00", "9 pm"),
    ],
)
def test_times_are_told_as_people_say_them(time: str, told: str) -> None:
    assert calendar.told_time(dt.time.fromisoformat(time)) == told
