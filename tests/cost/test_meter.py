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
APART = st.none() | RATE
TIER = st.builds(Tier, st.just(0), RATE, RATE, APART, APART, APART)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    cached, written, plain = draw(TOKENS), draw(TOKENS), draw(TOKENS)
    reasoning, said = draw(TOKENS), draw(TOKENS)
    return Usage(cached + written + plain, reasoning + said, cached, written, reasoning)


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
        + (usage.output - usage.reasoning) * tier.output
        + usage.reasoning * (tier.output if tier.reasoning is None else tier.reasoning),
        1_000_000,
    )
    got = cost(usage, Rates((tier,), "v"))
    assert got >= 0
    assert -Fraction(1, 2) <= exact - got < Fraction(1, 2) or exact - got == -Fraction(1, 2)


@given(usages(), TIER, TOKENS, TOKENS)
def test_more_tokens_never_cost_less(usage: Usage, tier: Tier, more_in: int, more_out: int) -> None:
    rates = Rates((tier,), "v")
    larger = Usage(
        usage.input + more_in,
        usage.output + more_out,
        usage.cached,
        usage.cache_written,
        usage.reasoning,
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


def test_thought_has_its_own_price_only_where_it_is_priced_apart() -> None:
    usage = Usage(0, 1_000, reasoning=600)
    assert cost(usage, Rates((Tier(0, 0, 8_000_000),), "v")) == 8_000
    assert cost(usage, Rates((Tier(0, 0, 8_000_000, reasoning=3_000_000),), "v")) == 3_200 + 1_800


@given(usages(), TIER, st.none() | st.integers(0, 1_000_000))
def test_a_batch_costs_its_share_and_the_full_price_where_no_share_is_known(
    usage: Usage, tier: Tier, share: int | None
) -> None:
    full, batch = Rates((tier,), "v"), Rates((tier,), "v", share)
    got, whole = cost(usage, batch, batch=True), cost(usage, full)
    assert got <= whole
    assert cost(usage, batch) == whole
    if share is None:
        assert got == whole
    elif share == 500_000:
        assert abs(2 * got - whole) <= 2
