"""What is told of prices is exact, and stands in the three files in the same way."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packs.bicycles.shop import FOLDER, module
from teppan.config.pack import load_pack
from teppan.core.tool import ToolRefused
from teppan.serve.guard.counting import Money
from teppan.serve.guard.reading import plain

PACK = load_pack(FOLDER)
MONEY = Money(PACK.book)
prices = module("bicycle_prices")
tools = module("tools")
JOBS = ["puncture", "small_service", "big_service", "brake", "wheel", "chain"]


def euros(text: str) -> Decimal:
    (value,) = MONEY.found(plain(text))
    return value


def test_the_tools_the_rules_and_the_facts_have_the_same_prices() -> None:
    facts = MONEY.found((FOLDER / "facts.md").read_text("utf-8"))
    rules = {each.amount for each in PACK.book.prices.values()}
    assert rules == set(facts) == {Decimal(cents) / 100 for cents in prices.CENTS.values()}


@given(
    st.lists(st.sampled_from(JOBS), min_size=1, max_size=20),
    st.booleans(),
    st.none() | st.floats(0, 15),
)
def test_a_repair_costs_the_sum_of_its_lines(
    jobs: list[str], e_bike: bool, km: float | None
) -> None:
    told = tools.repair_price(jobs, e_bike, km)
    each = {
        "puncture": "18.50",
        "small_service": "59",
        "big_service": "119",
        "brake": "15",
        "wheel": "22",
        "chain": "24",
    }
    want = sum(Decimal(each[job]) for job in jobs)
    want += 20 * sum(job.endswith("service") for job in jobs) * e_bike
    want += Decimal("1.2") * max(0, int(km or 0) - 3)
    assert euros(told["total"]) == want
    assert sum(euros(line.rpartition(" = ")[2]) for line in told["lines"]) == want


@given(st.integers(1, 60), *[st.integers(0, 50)] * 4)
def test_a_rental_costs_bicycles_times_days(
    days: int, city: int, electric: int, children: int, helmets: int
) -> None:
    if not city + electric + children:
        with pytest.raises(ToolRefused):
            tools.rental_price(days, city, electric, children, helmets)
        return
    told = tools.rental_price(days, city, electric, children, helmets)
    a_day = 14 * city + Decimal("32.5") * electric + 8 * children + Decimal("3.5") * helmets
    assert euros(told["total"]) == days * a_day
    assert euros(told["deposit"]) == 50 * (city + electric + children)


@given(st.integers(0, 10_000_000))
def test_an_amount_is_the_same_in_both_languages(cents: int) -> None:
    want = [Decimal(cents) / 100]
    assert MONEY.found(prices.money(cents)) == want
    assert MONEY.found(plain(prices.money(cents, "de"))) == want


@pytest.mark.parametrize(
    ("km", "total"), [(3.0, "€59"), (3.9, "€59"), (7.9, "€63.80"), (15.0, "€73.40")]
)
def test_only_full_kilometres_beyond_the_free_ones_are_charged(km: float, total: str) -> None:
    assert tools.repair_price(["small_service"], km=km)["total"] == total


def test_nobody_collects_further_than_the_facts_say() -> None:
    with pytest.raises(ToolRefused, match="within 15 km"):
        tools.repair_price(["chain"], km=15.1)
