"""Appointments: nobody is on a stand that is taken, and nothing is done twice."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from packs.bicycles.shop import NOON, TOM, Shop
from teppan.core.tool import ToolRefused


def test_an_appointment_holds_a_stand_as_long_as_its_work_takes(shop: Shop) -> None:
    made = shop.make()
    assert (made["date"], made["start"], made["status"]) == ("2026-12-03", "10:00", "made")
    assert [(row.stand, row.half_hour) for row in shop.rows("taken")] == [(1, 20), (1, 21)]


def test_two_stands_are_two_appointments_and_the_third_is_told_what_is_free(shop: Shop) -> None:
    shop.make()
    shop.make(start="10:30")
    with pytest.raises(ToolRefused, match=r"10:30 is not free .* Free: 09:00, 09:30, 11:00"):
        shop.make(start="10:30")
    assert len(shop.rows("appointments")) == 2


def test_of_many_at_once_only_as_many_as_there_are_stands_get_the_time(shop: Shop) -> None:
    def one(_: int) -> bool:
        try:
            shop.make()
        except ToolRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(one, range(8)))
    assert sum(made) == 2
    assert len({(row.stand, row.half_hour) for row in shop.rows("taken")}) == 4


def test_the_same_action_again_is_the_same_appointment(shop: Shop) -> None:
    assert shop.make("act_7") == shop.make("act_7")
    assert len(shop.rows("appointments")) == 1


def test_a_cancelled_time_is_free_again_and_cancelling_twice_is_once(shop: Shop) -> None:
    mine = {"code": shop.make()["code"], "phone": "+49 761 123456"}
    shop.make()
    assert shop.call("cancel_appointment", **mine)["status"] == "cancelled"
    assert shop.call("cancel_appointment", **mine)["status"] == "cancelled"
    assert shop.make()["status"] == "made"


def test_a_foreign_code_and_a_foreign_phone_are_told_apart_by_nobody(shop: Shop) -> None:
    code = shop.make()["code"]
    words = "There is no appointment with this code and this phone number."
    for wrong in (
        {"code": "AAAAAA", "phone": "0761 123456"},
        {"code": code, "phone": "030 999999"},
    ):
        with pytest.raises(ToolRefused, match=words):
            shop.call("cancel_appointment", **wrong)
    with pytest.raises(ToolRefused, match=words):
        shop.call("cancel_appointment", tenant="b", code=code, phone="0761 123456")


def test_tenants_do_not_share_stands(shop: Shop) -> None:
    for _ in range(2):
        shop.make()
        shop.make(tenant="b")
    assert len(shop.rows("appointments")) == 4


IMPOSSIBLE = (
    ("2026-11-30", "13:30"),  # a Monday
    ("2026-12-03", "08:30"),
    ("2026-12-03", "17:30"),  # an hour is needed
    ("2026-12-05", "13:30"),  # Saturday until 14:00
    ("2026-12-03", "10:15"),
    ("2027-02-02", "10:00"),
    ("2026-11-28", "10:00"),
)


def test_what_cannot_be_is_refused_before_anybody_is_asked(shop: Shop) -> None:
    for day, start in IMPOSSIBLE:
        with pytest.raises(ToolRefused):
            shop.asks("make_appointment", **TOM | {"date": day, "start": start})
        with pytest.raises(ToolRefused):
            shop.make(date=day, start=start)
    assert not shop.rows("appointments")


def test_two_hours_of_notice_are_hours_that_pass(shop: Shop) -> None:
    shop.now = NOON.replace(month=12, day=1, hour=14)
    assert "16:00" in shop.call("free_times", date="2026-12-01", work="puncture")["free_starts"]
    shop.now += dt.timedelta(minutes=1)
    assert "16:00" not in shop.call("free_times", date="2026-12-01", work="puncture")["free_starts"]


def test_what_is_agreed_to_is_said_in_the_customers_language(shop: Shop) -> None:
    tom = TOM | {"work": "big_service", "name": "Tom"}
    assert shop.asks("make_appointment", **tom) == (
        "An appointment on Thursday, 2026-12-03 at 10:00: big service, for Tom, phone 0761123456."
    )
    assert shop.asks("make_appointment", "de", **tom) == (
        "Termin am Donnerstag, 03.12.2026 um 10:00 Uhr: große Inspektion, für Tom, "
        "Telefon 0761123456."
    )
    assert not shop.rows("appointments")
