"""The worst that a few false statements can have made is found, and never underrated."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.estimate.resolved import STEPS, Weighed, reach, stands

SAID = st.lists(
    st.builds(Weighed, st.floats(0, 1), st.sampled_from([0.25, 0.5, 1.0]), open=st.booleans()),
    min_size=1,
    max_size=9,
)


def mean(said: list[Weighed]) -> float:
    total = sum(each.weight for each in said)
    return sum(each.weight * each.value for each in said) / total if total else 0.0


@given(SAID, st.integers(0, 4))
def test_whichever_statements_are_left_out_the_mean_is_within_reach(
    said: list[Weighed], many: int
) -> None:
    found = reach(said, float(many), 0.0)
    places = [place for place, each in enumerate(said) if each.open]
    for size in range(min(many, len(places)) + 1):
        for out in combinations(places, size):
            left = [each for place, each in enumerate(said) if place not in out]
            if left:
                assert found.low[STEPS] - 1e-9 <= mean(left) <= found.high[STEPS] + 1e-9


@given(SAID, st.floats(0, 5))
def test_a_larger_budget_reaches_further(said: list[Weighed], budget: float) -> None:
    found = reach(said, budget, 0.0)
    assert list(found.low) == sorted(found.low, reverse=True)
    assert list(found.high) == sorted(found.high)
    assert found.low[0] == pytest.approx(mean(said)) == found.high[0]


def test_what_cannot_be_false_does_not_move() -> None:
    sure = [Weighed(value, 1.0, open=False) for value in (0.0, 1.0, 1.0)]
    found = reach(sure, 3.0, 0.0)
    assert found.low[STEPS] == pytest.approx(2 / 3) == found.high[STEPS]


def test_a_budget_is_spent_once_not_on_both() -> None:
    """90 and 60 of 100: ten taken from either leave 0.89 over 0.60, or 0.90 over 0.67."""
    better = [Weighed(float(n < 90), 1.0) for n in range(100)]
    worse = [Weighed(float(n < 60), 1.0) for n in range(100)]
    assert stands(reach(better, 10.0, 0.0), reach(worse, 10.0, 0.0))
    assert not stands(reach(better, 45.0, 0.0), reach(worse, 45.0, 0.0))
    assert not stands(reach(worse, 0.0, 0.0), reach(better, 0.0, 0.0))


def test_chance_comes_on_top_of_lies() -> None:
    better = [Weighed(float(n < 90), 1.0) for n in range(100)]
    worse = [Weighed(float(n < 60), 1.0) for n in range(100)]
    assert not stands(reach(better, 10.0, 0.2), reach(worse, 10.0, 0.2))
