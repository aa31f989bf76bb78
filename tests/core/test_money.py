"""Money is exact: whole micro-dollars, rounded once, unknown never zero."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.money import charge, dollars, micros, total

tokens = st.integers(0, 10**9)
rates = st.integers(0, 10**9)


@given(st.lists(st.tuples(tokens, rates), max_size=6))
def test_a_charge_is_the_exact_sum_rounded_half_up_once(parts: list[tuple[int, int]]) -> None:
    exact = sum((Fraction(count * rate, 10**6) for count, rate in parts), Fraction(0))
    assert charge(*parts) == (exact + Fraction(1, 2)).__floor__()


@given(st.lists(st.tuples(tokens, rates), min_size=1), tokens)
def test_more_tokens_never_cost_less(parts: list[tuple[int, int]], more: int) -> None:
    count, rate = parts[0]
    assert charge((count + more, rate), *parts[1:]) >= charge(*parts)


@given(st.lists(st.integers(-(10**12), 10**12)))
def test_the_sum_of_known_amounts_is_exact(amounts: list[int]) -> None:
    assert total(amounts) == sum(amounts)


@given(st.lists(st.integers(), max_size=5), st.lists(st.integers(), max_size=5))
def test_one_unknown_amount_makes_the_sum_unknown(before: list[int], after: list[int]) -> None:
    assert total([*before, None, *after]) is None


@given(st.integers(-(10**12), 10**12))
def test_dollars_and_micros_are_each_others_inverse(amount: int) -> None:
    shown = dollars(amount)
    assert micros(Decimal(shown.replace("$", ""))) == amount


def test_a_float_is_refused_because_it_is_not_exact() -> None:
    with pytest.raises(TypeError, match="string or Decimal"):
        micros(0.1)  # type: ignore[arg-type]


def test_an_unknown_amount_is_shown_as_unknown() -> None:
    assert dollars(None) == "unknown"
