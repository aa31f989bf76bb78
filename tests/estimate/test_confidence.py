"""Raw figures become probabilities that mean what they say."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.estimate.confidence import (
    Calibration,
    Calibrations,
    expected_calibration_error,
    fit,
    shipped,
    threshold_for,
)

pairs = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0])), max_size=60)


@given(pairs, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_figure_never_means_a_lower_probability(
    examples: list[tuple[float, float]], one: float, other: float
) -> None:
    curve = fit([raw for raw, _ in examples], [right for _, right in examples])
    low, high = sorted((one, other))
    assert 0.0 <= curve.of(low) <= curve.of(high) <= 1.0


def test_an_overconfident_figure_is_brought_down_to_what_happens() -> None:
    chance = random.Random(3)
    raw = [chance.random() for _ in range(9000)]
    right = [float(chance.random() < figure**2) for figure in raw]
    curve = fit(raw[:4000], right[:4000])
    promised = [curve.of(figure) for figure in raw[4000:]]
    before = expected_calibration_error(raw[4000:], right[4000:])
    after = expected_calibration_error(promised, right[4000:])
    assert before > 0.12
    assert after < 0.05


def test_figures_that_repeat_are_one_point_of_the_curve() -> None:
    """Shares of a vote take few values, and sums of equal floats are not quite their multiples."""
    chance = random.Random(5)
    raw = [chance.choice([1 / 3, 0.2, 0.6, 2 / 3]) for _ in range(4000)]
    right = [float(chance.random() < figure / 2) for figure in raw]
    curve = fit(raw, right)
    for figure in set(raw):
        assert curve.of(figure) == pytest.approx(figure / 2, abs=0.05)


def test_the_shipped_curves_are_read_and_rise() -> None:
    curve = shipped().curve("vote share")
    assert curve is not None
    assert 0.0 < curve.of(0.4) < curve.of(1.0) < 1.0


def test_without_examples_the_figure_is_the_probability() -> None:
    assert Calibration((), ()).of(0.7) == 0.7
    assert fit([], []).of(1.7) == 1.0


def test_one_example_does_not_make_certainty() -> None:
    assert 0.5 < fit([0.5], [1.0]).of(0.5) < 0.9


def test_the_curve_of_a_kind_is_used_and_that_of_the_basis_for_kinds_never_seen() -> None:
    own, every = Calibration((0.5,), (0.9,)), Calibration((0.5,), (0.6,))
    curves = Calibrations({"vote share/option": own, "vote share": every})
    assert curves.curve("vote share", "option") is own
    assert curves.curve("vote share", "number") is every
    assert curves.curve("critic") is None


@given(pairs, st.floats(0, 1))
def test_a_threshold_keeps_the_quality_it_was_chosen_for(
    examples: list[tuple[float, float]], quality: float
) -> None:
    promised, right = [p for p, _ in examples], [r for _, r in examples]
    bar = threshold_for(promised, right, quality)
    if bar is not None:
        kept = [came for figure, came in examples if figure >= bar]
        assert sum(kept) / len(kept) >= quality - 1e-9


def test_outcomes_must_belong_to_figures() -> None:
    with pytest.raises(ValueError, match="outcome"):
        fit([0.1], [])
