"""Money is exact: never negative, the sum of its parts, and never less for more."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from teppan.core.chat import Usage
from teppan.cost.meter import cost, tier_of
from teppan.cost.prices import Rates, Tier

TOKENS = st.integers(0, 3_000_000)
RATE = st.integers(0, 200_000_000)
TIER = st.builds(Tier, st.just(0), RATE, RATE, st.none() | RATE, st.none() | RATE)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    cached, written, plain = draw(TOKENS), draw(TOKENS), draw(TOKENS)
    return Usage(cached + written + plain, draw(TOKENS), cached, written)


@given(usages(), TIER)
def test_a_cost_is_never_negative_and_is_the_exact_sum_rounded_half_up(
    usage: Usage, tier: Tier
) -> None:
    plain = usage.input - usage.cached - usage.cache_written
    cached = tier.input if tier.cached is None else tier.cached
    write = tier.input if tier.cache_write is None else tier.cache_write
    exact = Fraction(
        plain * tier.input
        + usage.cached * cached
        + usage.cache_written * write
        + usage.output * tier.output,
        1_000_000,
    )
    got = cost(usage, Rates((tier,), "v"))
    assert got >= 0
    assert -Fraction(1, 2) <= exact - got < Fraction(1, 2) or exact - got == -Fraction(1, 2)


@given(usages(), TIER, TOKENS, TOKENS)
def test_more_tokens_never_cost_less(usage: Usage, tier: Tier, more_in: int, more_out: int) -> None:
    rates = Rates((tier,), "v")
    larger = Usage(
        usage.input + more_in, usage.output + more_out, usage.cached, usage.cache_written
    )
    assert cost(larger, rates) >= cost(usage, rates)


@given(usages(), TIER, usages())
def test_costs_add_up_to_the_cost_of_the_sum_within_rounding(
    first: Usage, tier: Tier, second: Usage
) -> None:
    rates = Rates((tier,), "v")
    together = cost(first + second, rates)
    assert abs(cost(first, rates) + cost(second, rates) - together) <= 1


@given(st.lists(st.integers(1, 1_000_000), unique=True, max_size=4), TOKENS)
def test_the_tier_reached_prices_the_whole_request(bounds: list[int], tokens: int) -> None:
    tiers = tuple(Tier(above, above, 0) for above in sorted({0, *bounds}))
    expected = max((tier.above for tier in tiers if tokens > tier.above), default=0)
    assert tier_of(Rates(tiers, "v"), tokens).above == expected


def test_tokens_without_a_price_of_their_own_cost_what_input_costs() -> None:
    rates = Rates((Tier(0, 3_000_000, 15_000_000),), "v")
    assert cost(Usage(1_000, 0, cached=500, cache_written=300), rates) == 3_000


def test_cached_and_written_tokens_are_not_counted_twice() -> None:
    rates = Rates((Tier(0, 3_000_000, 15_000_000, 300_000, 3_750_000),), "v")
    usage = Usage(1_000, 100, cached=600, cache_written=200)
    assert cost(usage, rates) == 200 * 3 + 180 + 750 + 1_500
