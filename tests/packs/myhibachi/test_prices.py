"""What an event costs: against a second reckoning, slow and written another way."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packs.kitchen import FOLDER, module
from teppan.core.tool import ToolRefused

tools, prices = module("tools"), module("hibachi_prices")
GUESTS = st.integers(0, 60)


def amounts(text: str) -> list[Decimal]:
    return [Decimal(each.replace(",", "")) for each in re.findall(r"\$([\d,]+(?:\.\d\d)?)", text)]


def reckoned(
    adults: int, children: int, extras: dict[str, int], miles: int | None
) -> tuple[Decimal, Decimal]:
    """Total and guests' price: a dollar at a time, from the sentences of the facts."""
    people = Decimal(0)
    for price in [55] * adults + [30] * children:
        people += price
    total = people if people >= 550 else Decimal(550)
    each = {"filet": 5, "lobster": 10, "third_protein": 8, "noodles": 4}
    each |= {"gyoza": 15, "edamame": 6, "plates": 3, "tables": 9}
    for name, wanted in extras.items():
        for _ in range(wanted):
            total += each[name]
    for mile in range(1, (miles or 0) + 1):
        total += 2 if mile > 30 else 0
    return total, people


@given(st.data(), GUESTS, GUESTS, st.integers(0, 9), st.none() | st.integers(0, 100))
def test_a_quote_is_what_a_slow_reckoning_says_and_its_lines_add_up_to_it(
    data: st.DataObject, adults: int, children: int, small: int, miles: int | None
) -> None:
    guests = adults + children + small
    names = ["filet", "lobster", "third_protein", "noodles", "plates", "tables"]
    extras = {name: data.draw(st.integers(0, guests), name) for name in names}
    extras |= {name: data.draw(st.integers(0, 20), name) for name in ("gyoza", "edamame")}
    if guests == 0:
        with pytest.raises(ToolRefused, match="Nobody comes"):
            tools.quote(adults, children, small)
        return
    told = tools.quote(adults, children, small, prices.Extras(**extras), miles)
    total, people = reckoned(adults, children, extras, miles)
    assert amounts(told["total"]) == [total]
    assert told["minimum_applies"] == (people < 550)
    assert sum(amounts(f"$0 {line}")[-1] for line in told["lines"]) == total


def test_the_totals_of_the_test_questions_are_those_of_the_tool() -> None:
    """An answer counts as right there when it names these totals."""
    told = tomllib.loads((FOLDER / "conversations" / "02-pricing.toml").read_text("utf-8"))
    rows: dict[str, list[dict[str, str]]] = {
        each["id"]: each["rows"] for each in told["question"] if "rows" in each
    }
    for row in rows["quote-adults-{guests}"]:
        assert tools.quote(int(row["guests"]))["total"] == row["total"]
    for row in rows["quote-{adults}-adults-{children}-children"]:
        quoted = tools.quote(int(row["adults"]), int(row["children"]))
        assert quoted["total"] == row["total"]
    for row in rows["travel-{miles}"]:
        assert tools.travel_fee(float(row["miles"]))["fee"] == row["fee"]


@pytest.mark.parametrize(
    ("adults", "total", "applies"),
    [(1, "$550", True), (9, "$550", True), (10, "$550", False), (11, "$605", False)],
)
def test_ten_adults_are_the_minimum(adults: int, total: str, applies: bool) -> None:
    told = tools.quote(adults)
    assert (told["total"], told["minimum_applies"]) == (total, applies)


def test_twenty_guests_cost_twice_what_ten_do() -> None:
    assert (tools.quote(10)["total"], tools.quote(20)["total"]) == ("$550", "$1,100")


def test_the_minimum_is_before_upgrades_and_travel() -> None:
    told = tools.quote(8, extras=prices.Extras(filet=8), miles=40)
    assert told["lines"] == [
        "8 x adults at $55 = $440",
        "8 x filet mignon at $5 = $40",
        "up to the event minimum of $550: $110",
        "travel: $20",
    ]
    assert told["total"] == "$610"


def test_a_quote_without_a_place_says_that_travel_is_missing() -> None:
    assert "not in the total" in tools.quote(12)["travel"]
    assert "travel" not in tools.quote(12, miles=5)


def test_a_quote_may_name_the_city() -> None:
    assert tools.quote(12, place="Davis, CA")["total"] == "$660"


def test_more_upgrades_than_guests_are_asked_about() -> None:
    with pytest.raises(ToolRefused, match="filet for 13, but only 12 guests"):
        tools.quote(12, extras=prices.Extras(filet=13))


def test_a_quote_beyond_a_hundred_miles_is_refused() -> None:
    with pytest.raises(ToolRefused, match="within 100 miles"):
        tools.quote(12, miles=101)


def test_a_party_too_large_for_the_chat_is_quoted_and_said_to_be() -> None:
    told: dict[str, Any] = tools.quote(55)
    assert told["total"] == "$3,025"
    assert "planned by a person" in told["note"]


@given(st.integers(0, 10**9))
def test_money_is_written_exactly(cents: int) -> None:
    text = prices.money(cents)
    assert amounts(text) == [Decimal(cents) / 100]
    assert re.fullmatch(r"\$\d{1,3}(,\d{3})*(\.\d\d)?", text)
