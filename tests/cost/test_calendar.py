"""Exactly one reset for each local day and month, at the right instant, in every time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.errors import ConfigError
from teppan.cost.calendar import Calendar

HOUR = 3600.0


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def offset_changes(zone: str, year: int) -> list[float]:
    """The days of a year in which the clocks of a zone are changed, as instants before."""
    there = ZoneInfo(zone)
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(367)]
    offsets = [day.astimezone(there).utcoffset() for day in days]
    pairs = zip(days, offsets, offsets[1:], strict=False)
    return [day.timestamp() for day, before, after in pairs if before != after]


def test_a_day_ends_at_local_midnight_and_has_23_or_25_hours_when_clocks_change() -> None:
    calendar = Calendar("Europe/Berlin")
    spring = calendar.window("day", at("2026-03-29T10:00"))
    autumn = calendar.window("day", at("2026-10-25T10:00"))
    assert (spring.name, spring.begin, spring.end) == (
        "2026-03-29", at("2026-03-28T23:00"), at("2026-03-29T22:00")
    )  # fmt: skip
    assert autumn.end - autumn.begin == 25 * HOUR


def test_a_month_is_the_local_one_also_in_a_leap_year() -> None:
    calendar = Calendar("America/Los_Angeles")
    window = calendar.window("month", at("2028-03-01T07:59"))
    assert (window.name, window.end) == ("2028-02", at("2028-03-01T08:00"))
    assert window.end - window.begin == 29 * 24 * HOUR


def test_a_day_without_a_midnight_begins_when_its_clock_does() -> None:
    window = Calendar("Africa/Cairo").window("day", at("2026-04-24T12:00"))
    assert (window.name, window.end - window.begin) == ("2026-04-24", 23 * HOUR)


def test_a_clock_put_back_over_midnight_does_not_bring_yesterday_back() -> None:
    calendar = Calendar("America/St_Johns")  # on 2010-11-07 at 00:01 it became 23:01 again
    names = [calendar.window("day", at("2010-11-07T02:00") + n * 60).name for n in range(180)]
    assert names == sorted(names)
    assert set(names) == {"2010-11-06", "2010-11-07"}


def test_a_day_that_a_country_left_out_is_never_entered() -> None:
    calendar = Calendar("Pacific/Apia")  # there was no 30 December 2011
    names = {calendar.window("day", at("2011-12-29T00:00") + n * HOUR).name for n in range(72)}
    assert names == {"2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"}


def test_in_all_time_zones_windows_follow_each_other_without_gap_or_overlap() -> None:
    for zone in sorted(available_timezones() - {"localtime"}):
        for change in offset_changes(zone, 2026):
            calendar, moment = Calendar(zone), change - 24 * HOUR
            window = calendar.window("day", moment)
            seen = [window.name]
            while moment < change + 48 * HOUR:
                assert window.begin <= moment < window.end, zone
                local = datetime.fromtimestamp(window.begin, UTC).astimezone(ZoneInfo(zone))
                assert local.date().isoformat() == window.name
                moment = window.end
                following = calendar.window("day", moment)
                assert following.begin == window.end
                window = following
                seen.append(window.name)
            assert len(seen) == len(set(seen)), zone


@given(
    st.sampled_from(["Asia/Kathmandu", "America/Havana", "Australia/Lord_Howe", "UTC"]),
    st.integers(0, 3_000_000_000),
)
def test_an_instant_lies_in_the_window_that_its_name_means(zone: str, moment: int) -> None:
    calendar = Calendar(zone)
    for period in ("day", "month"):
        window = calendar.window(period, moment)
        assert window.begin <= moment < window.end
        assert Calendar(zone).named(window.name) == window


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", ""])
def test_a_time_zone_that_is_not_known_is_an_error_that_names_the_setting(zone: str) -> None:
    with pytest.raises(ConfigError, match=r"costs\.time_zone"):
        Calendar(zone)


@pytest.mark.parametrize("name", ["", "2026", "2026-13", "2026-02-30", "november"])
def test_what_names_no_month_and_no_day_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="no month"):
        Calendar().named(name)
