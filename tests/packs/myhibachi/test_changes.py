"""Bookings changed and cancelled: what may be, until when, and what becomes of the deposit."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from packs.kitchen import ANNA, ZONE, Kitchen
from teppan.core.tool import ToolRefused

BEFORE_4_DAYS = dt.datetime(2026, 12, 8, 18, 0, tzinfo=ZONE)
BEFORE_48_HOURS = dt.datetime(2026, 12, 10, 18, 0, tzinfo=ZONE)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def mine(kitchen: Kitchen) -> dict[str, str]:
    """What Anna must say to change her booking."""
    return {"code": kitchen.book()["code"], "contact": "anna@example.com"}


def test_the_date_is_changed_once_and_the_old_evening_is_free_again(
    kitchen: Kitchen, mine: dict[str, str]
) -> None:
    told = kitchen.asks("change_booking", mine | {"date": "2026-12-19"})
    assert "Saturday, December 19, 2026 at 6 pm" in told
    assert "only this once" in told
    moved = kitchen.call("change_booking", mine | {"date": "2026-12-19"})
    assert (moved["date"], moved["date_can_still_be_changed"]) == ("2026-12-19", False)
    assert {row.day for row in kitchen.rows("held")} == {dt.date(2026, 12, 19)}
    with pytest.raises(ToolRefused, match="can be changed once, and it was"):
        kitchen.asks("change_booking", mine | {"date": "2026-12-20"})


def test_the_same_change_again_changes_nothing_more(kitchen: Kitchen, mine: dict[str, str]) -> None:
    change = mine | {"date": "2026-12-19", "adults": 28}
    first = kitchen.call("change_booking", change, "act_9")
    assert kitchen.call("change_booking", change, "act_9") == first
    assert len(kitchen.rows("held")) == 14


def test_the_date_can_be_changed_until_four_days_before(
    kitchen: Kitchen, mine: dict[str, str]
) -> None:
    kitchen.now = BEFORE_4_DAYS + SECOND
    with pytest.raises(ToolRefused, match="that was Tuesday, December 8, 2026 at 6 pm"):
        kitchen.call("change_booking", mine | {"date": "2026-12-19"})
    kitchen.now = BEFORE_4_DAYS
    kitchen.call("change_booking", mine | {"start": "19:00"})


def test_guests_can_be_changed_until_48_hours_before(
    kitchen: Kitchen, mine: dict[str, str]
) -> None:
    kitchen.now = BEFORE_48_HOURS + SECOND
    with pytest.raises(ToolRefused, match="until 48 hours before the event"):
        kitchen.call("change_booking", mine | {"adults": 15})
    kitchen.now = BEFORE_48_HOURS
    changed = kitchen.call("change_booking", mine | {"adults": 15, "children": 2})
    assert (changed["guests"], changed["total"]) == ("15 adults, 2 children (6 to 12)", "$885")
    assert changed["date_can_still_be_changed"] is True


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, "Nothing would change"),
        ({"adults": 12, "start": "18:00"}, "Nothing would change"),
        ({"date": "2026-12-25"}, "closed"),
        ({"date": "2026-12-01"}, "48 hours' notice"),
        ({"start": "22:00"}, "Events start"),
        ({"adults": 0}, "Nobody comes"),
        ({"adults": 60}, "a person of the team"),
        ({"extras": {"lobster": 13}}, "only 12 guests"),
    ],
)
def test_a_change_that_cannot_be_leaves_the_booking_as_it_is(
    kitchen: Kitchen, mine: dict[str, str], change: dict[str, Any], why: str
) -> None:
    before = [kitchen.rows(table) for table in ("bookings", "held", "actions")]
    for run in (kitchen.asks, kitchen.call):
        with pytest.raises(ToolRefused, match=why):
            run("change_booking", mine | change)
    assert [kitchen.rows(table) for table in ("bookings", "held", "actions")] == before


def test_a_change_into_a_full_evening_keeps_the_old_one(
    kitchen: Kitchen, mine: dict[str, str]
) -> None:
    for number, adults in enumerate([28, 10]):
        kitchen.book(date="2026-12-19", adults=adults, email=f"guest{number}@example.com")
    with pytest.raises(ToolRefused, match="December 19, 2026 at 6 pm is taken"):
        kitchen.call("change_booking", mine | {"date": "2026-12-19"})
    seen = kitchen.call("my_booking", mine)
    assert (seen["date"], seen["date_can_still_be_changed"]) == ("2026-12-12", True)


def test_a_second_chef_is_held_and_freed_with_the_guests(
    kitchen: Kitchen, mine: dict[str, str]
) -> None:
    kitchen.call("change_booking", mine | {"adults": 28})
    assert len(kitchen.rows("held")) == 14
    kitchen.call("change_booking", mine | {"adults": 27})
    assert len(kitchen.rows("held")) == 7


def test_half_an_hour_later_is_free_for_the_one_who_holds_the_evening(
    kitchen: Kitchen, mine: dict[str, str]
) -> None:
    kitchen.book(adults=54, email="ben@example.com")
    assert kitchen.call("change_booking", mine | {"start": "18:30"})["start"] == "18:30"


def test_extras_given_are_all_that_are_wanted_afterwards(
    kitchen: Kitchen, mine: dict[str, str]
) -> None:
    kitchen.call("change_booking", mine | {"extras": {"filet": 3, "gyoza": 1}})
    changed = kitchen.call("change_booking", mine | {"extras": {"noodles": 12}})
    assert (changed["extras"], changed["total"]) == ("noodles for 12", "$708")


@pytest.mark.parametrize(
    ("late", "refunded"), [(dt.timedelta(), True), (SECOND, False), (dt.timedelta(days=3), False)]
)
def test_the_deposit_is_refunded_when_it_is_at_least_four_days_before(
    kitchen: Kitchen, mine: dict[str, str], late: dt.timedelta, refunded: bool
) -> None:
    kitchen.now = BEFORE_4_DAYS + late
    told = kitchen.asks("cancel_booking", mine)
    assert ("is not refunded" in told) is not refunded
    done = kitchen.call("cancel_booking", mine, "act_5")
    assert (done["status"], done["deposit_refunded"]) == ("cancelled", refunded)
    assert kitchen.call("cancel_booking", mine, "act_5") == done
    assert kitchen.rows("held") == []


def test_what_was_cancelled_is_free_for_others_and_closed_for_its_owner(
    kitchen: Kitchen, mine: dict[str, str]
) -> None:
    kitchen.book(adults=54, email="ben@example.com")
    with pytest.raises(ToolRefused, match="is taken"):
        kitchen.book(email="carl@example.com")
    kitchen.call("cancel_booking", mine)
    kitchen.book(email="carl@example.com")
    for name in ("cancel_booking", "change_booking"):
        with pytest.raises(ToolRefused, match="was cancelled"):
            kitchen.call(name, mine | ({"adults": 9} if name == "change_booking" else {}))
    assert kitchen.call("my_booking", mine)["status"] == "cancelled"


def test_an_event_that_has_begun_is_for_a_person(kitchen: Kitchen, mine: dict[str, str]) -> None:
    kitchen.now = dt.datetime(2026, 12, 12, 18, 0, tzinfo=ZONE)
    with pytest.raises(ToolRefused, match="has begun or is over"):
        kitchen.call("cancel_booking", mine)


def test_a_booking_cannot_be_moved_away_while_it_is_cancelled(
    kitchen: Kitchen, mine: dict[str, str]
) -> None:
    """Either order is a right one; a cancelled booking that holds a chef is not."""
    start = Barrier(2)

    def run(name: str, more: dict[str, Any]) -> str:
        start.wait(60)
        try:
            return str(kitchen.call(name, mine | more)["status"])
        except ToolRefused:
            return "refused"

    with ThreadPoolExecutor(2) as threads:
        moved = threads.submit(run, "change_booking", {"date": "2026-12-19"})
        gone = threads.submit(run, "cancel_booking", {})
        assert moved.result() in ("reserved", "refused")
        assert gone.result() == "cancelled"
    assert kitchen.rows("held") == []


def test_another_customer_cannot_change_it(kitchen: Kitchen, mine: dict[str, str]) -> None:
    for name in ("change_booking", "cancel_booking"):
        more: dict[str, Any] = {"adults": 5} if name == "change_booking" else {}
        with pytest.raises(ToolRefused, match="There is no booking"):
            kitchen.call(name, mine | more | {"contact": "ben@example.com"})
    assert kitchen.call("my_booking", mine)["guests"] == f"{ANNA['adults']} adults"
