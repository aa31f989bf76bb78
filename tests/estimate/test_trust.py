"""Trust moves towards the quality seen and never below its floor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.estimate.trust import ALPHA, FLOOR, PRIOR, updated

unit = st.floats(0.0, 1.0)


@given(st.floats(FLOOR, 1.0), unit)
def test_an_update_stays_between_floor_and_one_and_moves_towards_the_quality(
    trust: float, quality: float
) -> None:
    after = updated(trust, quality)
    assert FLOOR <= after <= 1.0
    assert abs(after - max(FLOOR, quality)) <= abs(trust - max(FLOOR, quality)) + 1e-12


def test_a_tenth_of_the_way_is_gone_each_time() -> None:
    assert updated(PRIOR, 1.0) == pytest.approx(PRIOR + ALPHA * (1.0 - PRIOR))


def test_a_model_that_always_fails_keeps_the_floor_and_one_that_always_succeeds_nears_one() -> None:
    low = high = PRIOR
    for _ in range(200):
        low, high = updated(low, 0.0), updated(high, 1.0)
    assert low == FLOOR
    assert high > 0.999


@pytest.mark.parametrize("quality", [-0.01, 1.01, float("nan"), 87.0])
def test_a_quality_on_another_scale_is_refused(quality: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        updated(PRIOR, quality)
