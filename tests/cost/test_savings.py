"""Would have cost, paid, saved: the parts are the whole, and unknown is left out and counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from teppan.cost.prices import Prices, Rates, Tier, override
from teppan.cost.savings import dearest, savings, tiers_of

RATES = Rates((Tier(0, 2_000_000, 8_000_000), Tier(1000, 4_000_000, 16_000_000)), "list 1")


class Row(Struct, frozen=True):
    cache: str
    tier: int
    requests: int
    input: int
    output: int
    shortened: int
    cost: int | None


ROWS = st.lists(
    st.builds(
        Row,
        st.sampled_from(["off", "miss", "exact", "semantic"]),
        st.integers(0, 1),
        st.integers(1, 50),
        st.integers(0, 100_000),
        st.integers(0, 100_000),
        st.integers(0, 50_000),
        st.none() | st.integers(0, 1_000_000),
    ),
    max_size=8,
)


@given(ROWS)
def test_what_saved_it_adds_up_to_what_was_saved(rows: list[Row]) -> None:
    found = savings("a/dear", RATES, rows)
    assert found.cache + found.context + found.models == found.saved == found.would - found.paid
    assert found.requests + found.unknown == sum(row.requests for row in rows)
    assert found.hits <= found.requests
    assert found.paid == sum(row.cost or 0 for row in rows)


def test_each_saving_is_told_by_what_made_it() -> None:
    hit = Row("exact", 0, 2, 500_000, 125_000, 0, 0)  # would have cost 1 + 1 dollars
    cheaper = Row("miss", 0, 1, 500_000, 125_000, 0, 500_000)
    shortened = Row("off", 1, 1, 250_000, 0, 100_000, 600_000)  # 1 dollar, 0.40 not sent
    lost = Row("miss", 0, 7, 1, 1, 0, None)
    found = savings("a/dear", RATES, [hit, cheaper, shortened, lost])
    assert (found.would, found.paid, found.saved) == (5_000_000, 1_100_000, 3_900_000)
    assert (found.cache, found.context, found.models) == (2_000_000, 400_000, 1_500_000)
    assert (found.requests, found.hits, found.unknown) == (4, 2, 7)
    assert found.share == 0.78


def test_an_ensemble_that_costs_more_than_the_reference_is_told_as_a_loss() -> None:
    found = savings("a/dear", RATES, [Row("off", 0, 1, 500_000, 0, 0, 3_000_000)])
    assert (found.saved, found.models) == (-2_000_000, -2_000_000)


def test_the_tiers_of_the_reference_model_are_what_requests_are_counted_along() -> None:
    assert tiers_of(RATES) == [1000]


def test_the_dearest_model_is_the_reference_and_one_without_a_price_never() -> None:
    prices = Prices(
        [
            override("a/small", input="1", output="2", since="2026-01-01"),
            override("a/large", input="2", output="8", since="2026-01-01"),
        ]
    )
    assert dearest(["a/small", "a/large", "b/unknown"], prices, 1.8e9) == "a/large"
    assert dearest(["b/unknown"], prices, 1.8e9) is None
