"""Schedules fire when the clock on the wall says so, once, whatever is done to the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from teppan.learn.cron import parse

VIENNA = "Europe/Vienna"


def at(*when: int, zone: str = VIENNA, fold: int = 0) -> float:
    return datetime(*when, tzinfo=ZoneInfo(zone), fold=fold).timestamp()  # type: ignore[arg-type,misc]


def wall(*when: int) -> datetime:
    return datetime(*when)  # type: ignore[arg-type]


def test_the_newest_time_that_has_come() -> None:
    night = parse("30 2 * * *", VIENNA)
    assert night.last(at(2026, 11, 28, 2, 30)) == wall(2026, 11, 28, 2, 30)
    assert night.last(at(2026, 11, 28, 2, 29)) == wall(2026, 11, 27, 2, 30)
    assert night.daily
    assert not parse("0 */6 * * *").daily


def test_a_time_that_the_clock_skips_fires_after_the_skip() -> None:
    night = parse("30 2 * * *", VIENNA)  # at 2:00 on the 29th of March 2026 it is 3:00
    assert night.last(at(2026, 3, 29, 3, 29)) == wall(2026, 3, 28, 2, 30)
    assert night.last(at(2026, 3, 29, 3, 30)) == wall(2026, 3, 29, 2, 30)


def test_a_time_that_the_clock_shows_twice_is_one_time() -> None:
    night = parse("30 2 * * *", VIENNA)  # at 3:00 on the 25th of October 2026 it is 2:00 again
    first, second = at(2026, 10, 25, 2, 30), at(2026, 10, 25, 2, 30, fold=1)
    assert second - first == 3600
    assert night.last(first - 1) == wall(2026, 10, 24, 2, 30)
    assert night.last(first) == night.last(second) == wall(2026, 10, 25, 2, 30)


def test_either_day_is_enough_where_both_are_given() -> None:
    both = parse("0 0 13 * 5")
    assert both.last(at(2026, 11, 20, 12, zone="UTC")) == wall(2026, 11, 20)  # a Friday
    assert both.last(at(2026, 10, 14, 12, zone="UTC")) == wall(2026, 10, 13)  # a Tuesday
    assert parse("0 0 * * 0").last(at(2026, 11, 28, 12, zone="UTC")) == wall(2026, 11, 22)
    assert parse("0 0 29 2 *").last(at(2103, 1, 1, zone="UTC")) == wall(2096, 2, 29)
    assert parse("0 0 31 2 *").last(at(2026, 1, 1, zone="UTC")) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0 3 * *", "five"),
        ("60 3 * * *", "minute"),
        ("0 3 0 * *", "day of the month"),
        ("0 5-3 * * *", "hour"),
        ("0 3 * */0 *", "month"),
        ("0 3 * * fri", "day of the week"),
        ("", "five"),
    ],
)
def test_what_cannot_be_understood_is_named(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse(text)


def test_a_place_that_is_none_is_named() -> None:
    for zone in ("Europe/Atlantis", "", "../etc/passwd"):
        with pytest.raises(ValueError, match="time zone"):
            parse("0 3 * * *", zone)


FIELD = {
    "minute": st.sampled_from(["*", "0", "7,30", "*/15", "10-20", "5/20"]),
    "hour": st.sampled_from(["*", "3", "*/6", "22-23", "1,13"]),
    "day": st.sampled_from(["*", "1", "15,28", "3-9"]),
    "month": st.sampled_from(["*", "2", "*/3", "6-9"]),
    "weekday": st.sampled_from(["*", "0", "7", "1-5", "6,2"]),
}


@given(st.tuples(*FIELD.values()), st.integers(1_600_000_000, 1_900_000_000))
def test_without_changes_of_the_clock_it_is_what_others_find(
    fields: tuple[str, ...], now: int
) -> None:
    text = " ".join(fields)
    found = parse(text).last(now)
    assert found is not None
    others = croniter(text, datetime.fromtimestamp(now + 1, UTC)).get_prev(datetime)
    assert found.replace(tzinfo=UTC) == others
