"""Bookings in the pack's own tables, on both databases: never twice, never half."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from packs.kitchen import ANNA, NOON, SATURDAY, ZONE, Kitchen, module
from teppan.core.tool import ToolRefused

CHEFS = module("hibachi_bookings").CHEFS
RACERS = 8


def guest(number: int) -> dict[str, str]:
    """A customer of one's own."""
    return {"name": f"Guest {number}", "email": f"guest{number}@example.com"}


def test_a_booking_holds_one_chef_and_is_found_by_code_and_contact(kitchen: Kitchen) -> None:
    made = kitchen.book(extras={"filet": 4}, notes="shellfish allergy")
    assert (made["status"], made["total"], made["deposit"]) == ("reserved", "$680", "$100")
    assert made["when"] == "Saturday, December 12, 2026 at 6 pm"
    assert made["deposit_refunded_until"] == "Tuesday, December 8, 2026 at 6 pm"
    seen = kitchen.call("my_booking", {"code": made["code"].lower(), "contact": "ANNA@example.com"})
    assert seen == made
    (row,) = kitchen.rows("bookings")
    assert (row.total, row.day, row.notes) == (68000, SATURDAY, "shellfish allergy")
    assert len(kitchen.rows("held")) == 7


def test_the_code_is_easy_to_read_out(kitchen: Kitchen) -> None:
    codes = [kitchen.book(**guest(n), date=f"2026-12-{n:02d}")["code"] for n in range(10, 16)]
    assert all(len(code) == 6 and not set(code) & set("0O1IL5S2Z") for code in codes)
    assert len(set(codes)) == len(codes)


def test_what_the_customer_agrees_to_names_everything_and_changes_nothing(kitchen: Kitchen) -> None:
    told = kitchen.asks("book", ANNA | {"children": 2, "extras": {"lobster": 3}, "miles": 40})
    assert told == (
        "Reserve Saturday, December 12, 2026 at 6 pm for Anna Lee at 12 Oak Street, Davis, CA "
        "95616: 12 adults, 2 children (6 to 12), with lobster tail for 3. The total is $770 before "
        "tax and tip. A deposit of $100 holds the date; it is refunded when cancelled by Tuesday, "
        "December 8, 2026 at 6 pm."
    )
    assert [kitchen.rows(table) for table in ("bookings", "held", "actions")] == [[], [], []]


def test_the_same_action_again_is_the_same_booking(kitchen: Kitchen) -> None:
    first = kitchen.book(key="act_1")
    assert kitchen.book(key="act_1") == first
    assert len(kitchen.rows("bookings")) == 1
    assert len(kitchen.rows("held")) == 7


def test_the_same_action_at_the_same_time_is_one_booking(kitchen: Kitchen) -> None:
    start = Barrier(4)

    def run(_: int) -> Any:
        start.wait(60)
        return kitchen.book(key="act_1")

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(run, range(4)))
    assert all(each == made[0] for each in made)
    assert len(kitchen.rows("bookings")) == 1


def test_eight_who_want_one_evening_get_as_many_chefs_as_there_are(kitchen: Kitchen) -> None:
    start = Barrier(RACERS)

    def run(number: int) -> bool:
        start.wait(60)
        try:
            kitchen.book(**guest(number))
        except ToolRefused:
            return False
        return True

    with ThreadPoolExecutor(RACERS) as threads:
        won = sum(threads.map(run, range(RACERS)))
    assert won == CHEFS == len(kitchen.rows("bookings"))
    assert len(kitchen.rows("held")) == CHEFS * 7
    assert len(kitchen.rows("actions")) == CHEFS


def test_eight_who_want_two_chefs_get_one_pair_and_leave_no_half(kitchen: Kitchen) -> None:
    """Three chefs are one pair: the one who is left is held by nobody."""
    start = Barrier(RACERS)

    def run(number: int) -> bool:
        start.wait(60)
        try:
            kitchen.book(**guest(number), adults=28)
        except ToolRefused:
            return False
        return True

    with ThreadPoolExecutor(RACERS) as threads:
        assert sum(threads.map(run, range(RACERS))) == 1
    assert len({row.chef for row in kitchen.rows("held")}) == 2
    assert len({row.code for row in kitchen.rows("held")}) == 1


@pytest.mark.parametrize(("adults", "chefs"), [(10, 1), (20, 1), (27, 1), (28, 2), (54, 2)])
def test_from_28_guests_on_two_chefs_come(kitchen: Kitchen, adults: int, chefs: int) -> None:
    kitchen.book(adults=adults)
    assert len({row.chef for row in kitchen.rows("held")}) == chefs


def test_small_children_are_guests_of_the_chef(kitchen: Kitchen) -> None:
    kitchen.book(adults=20, children=5, small_children=3)
    assert len({row.chef for row in kitchen.rows("held")}) == 2


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"date": "2026-12-01"}, "48 hours' notice"),
        ({"date": "2026-12-25"}, "closed on Thanksgiving and Christmas"),
        ({"date": "2027-11-25"}, "closed on Thanksgiving and Christmas"),
        ({"date": "2026-11-01"}, "has passed"),
        ({"start": "10:30"}, "between 11 am and 9 pm"),
        ({"adults": 0, "children": 5}, "At least one adult"),
        ({"adults": 55}, "a person of the team"),
        ({"miles": 101}, "too far"),
        ({"address": "9 Oak St, Fresno, CA", "miles": 12}, "Fresno is about 190 miles away"),
        ({"email": None}, "e-mail address or a phone number is needed"),
        ({"email": "anna at home"}, "no e-mail address"),
        ({"phone": "12345"}, "no phone number"),
        ({"name": " \n "}, "A name is needed"),
        ({"address": "home"}, "street and city"),
        ({"extras": {"filet": 13}}, "only 12 guests"),
    ],
)
def test_what_cannot_be_is_refused_before_and_after_the_customer_agreed(
    kitchen: Kitchen, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(ToolRefused, match=why):
        kitchen.asks("book", ANNA | changes)
    with pytest.raises(ToolRefused, match=why):
        kitchen.book(**changes)
    assert [kitchen.rows(table) for table in ("bookings", "held", "actions")] == [[], [], []]


def test_a_second_booking_of_one_customer_for_a_day_is_taken_for_a_mistake(
    kitchen: Kitchen,
) -> None:
    kitchen.book()
    with pytest.raises(ToolRefused, match="change that one"):
        kitchen.book(start="12:00", name="Anna L.")
    kitchen.book(date="2026-12-13")


def test_words_that_are_no_words_do_no_harm(kitchen: Kitchen) -> None:
    made = kitchen.book(name='Ann\'a\0\n\x1b[2J "Lee"; DROP TABLE bookings', notes="蝦\u202e過敏")
    assert made["name"] == 'Ann\'a [2J "Lee"; DROP TABLE bookings'
    assert len(kitchen.rows("bookings")) == 1


def test_what_is_free_is_told_and_what_is_near_when_it_is_not(kitchen: Kitchen) -> None:
    ask = {"date": "2026-12-12", "guests": 30, "start": "18:00"}
    assert kitchen.call("availability", ask)["free"] is True
    kitchen.book(adults=28)
    told = kitchen.call("availability", ask)
    assert (told["free"], told["chefs"]) == (False, 2)
    # held from 5 to 8:30 pm: who starts by 2:30 is gone before, and 9:30 would be too late
    assert told["free_starts_that_day"] == "11 am to 2:30 pm"
    assert told["free_days_near"] == [
        "Friday, December 11, 2026",
        "Sunday, December 13, 2026",
        "Monday, December 14, 2026",
    ]
    assert kitchen.call("availability", ask | {"guests": 12})["free"] is True


def test_a_day_without_a_free_chef_is_refused_with_what_to_do(kitchen: Kitchen) -> None:
    for number, start in enumerate(["12:00", "15:30", "19:00", "21:00"]):
        for chef in range(CHEFS):
            try:
                kitchen.book(**guest(number * CHEFS + chef), start=start)
            except ToolRefused:
                break
    told = kitchen.call("availability", {"date": "2026-12-12", "guests": 5})
    assert told["free"] is False
    assert "Saturday, December 12, 2026" not in told["free_days_near"]
    with pytest.raises(ToolRefused, match="and so is the whole day"):
        kitchen.asks("book", ANNA)


def test_a_tenant_neither_sees_nor_blocks_another(kitchen: Kitchen) -> None:
    code = kitchen.book(key="act_1", adults=54)["code"]
    other = kitchen.of("other")
    with pytest.raises(ToolRefused, match="There is no booking"):
        other.call("my_booking", {"code": code, "contact": ANNA["email"]})
    assert other.book(key="act_1", adults=54)["code"] != code


@pytest.mark.parametrize(
    "changes", [{"contact": "ben@example.com"}, {"contact": ""}, {"code": "AAAAAA"}, {"code": ""}]
)
def test_a_wrong_code_and_a_wrong_contact_are_told_alike(
    kitchen: Kitchen, changes: dict[str, str]
) -> None:
    right = {"code": kitchen.book()["code"], "contact": "anna@example.com"}
    for name in ("my_booking", "cancel_booking"):
        with pytest.raises(ToolRefused) as raised:
            kitchen.call(name, right | changes)
        assert str(raised.value) == "There is no booking with this code and this e-mail or phone."


def test_a_phone_number_is_the_same_however_it_is_written(kitchen: Kitchen) -> None:
    code = kitchen.book(email=None, phone="+1 (916) 555-0123")["code"]
    assert kitchen.call("my_booking", {"code": code, "contact": "916.555.0123"})["code"] == code


def test_a_lead_is_kept_once_and_only_with_a_way_to_reach_them(kitchen: Kitchen) -> None:
    wish = {"name": "Ben", "phone": "916 555 0199", "wish": "a party in spring", "guests": 20}
    assert "9165550199" in kitchen.asks("save_lead", wish)
    assert kitchen.rows("leads") == []
    kitchen.call("save_lead", wish, "act_7")
    kitchen.call("save_lead", wish, "act_7")
    (row,) = kitchen.rows("leads")
    assert (row.name, row.guests, row.created) == ("Ben", 20, int(NOON.timestamp()))
    with pytest.raises(ToolRefused, match="is needed"):
        kitchen.asks("save_lead", {"name": "Ben", "wish": "a party"})


def test_the_days_of_a_booking_are_those_of_the_kitchen(kitchen: Kitchen) -> None:
    """Late in the evening it is tomorrow in London, but not here."""
    kitchen.now = dt.datetime(2026, 12, 10, 17, 59, tzinfo=ZONE).astimezone(dt.UTC)
    assert kitchen.book()["date"] == "2026-12-12"
