"""What chance drew tells how often answers are right, however doubtful the rest of the queue is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.learn.review.chance import Estimate, chance, estimate, number, wilson
from teppan.store.review_reading import Drawn


def test_every_name_has_its_number_and_they_are_uniform() -> None:
    some = sorted(number(f"tr_{each}") for each in range(4000))
    assert number("tr_7") == number("tr_7")
    assert 0.0 <= some[0] < some[-1] < 1.0
    worst = max(abs(each - (at + 0.5) / 4000) for at, each in enumerate(some))
    assert worst < 1.63 / 4000**0.5  # Kolmogorov's bound at one in a hundred


def test_a_probability_draws_about_as_many_as_wanted() -> None:
    assert (chance(5, 100), chance(5, 3), chance(5, 0)) == (0.05, 1.0, 1.0)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Nights of different size and quality, drawn with different probabilities."""
    dice, held, tries = random.Random(11), 0, 400
    for _ in range(tries):
        drawn, right, whole = [], 0, 0
        for size, quality in ((200, 0.95), (2000, 0.7), (800, 0.85)):
            probability = chance(40, size)
            for _ in range(size):
                good = dice.random() < quality
                right, whole = right + good, whole + 1
                if dice.random() < probability:
                    drawn.append(Drawn(probability, "approved" if good else "edited", 0.0))
        found = estimate(drawn)
        held += found.low <= right / whole <= found.high
    assert held / tries > 0.93


def test_what_was_skipped_or_waits_is_left_out_and_counted() -> None:
    drawn = [Drawn(0.5, status, 0.0) for status in ("approved", "rejected", "skipped", "claimed")]  # type: ignore[arg-type]
    found = estimate(drawn)
    assert (found.accuracy, found.judged, found.skipped, found.waiting) == (0.5, 2, 1, 1)
    assert found.stands_for == 4.0
    assert estimate([]) == Estimate()


def test_one_drawn_rarely_counts_for_many() -> None:
    found = estimate([Drawn(0.01, "approved", 0.0), Drawn(1.0, "edited", 0.0)])
    assert found.accuracy == pytest.approx(100 / 101)
    assert found.low < 0.3


@given(st.floats(0, 1), st.floats(1, 1e6))
def test_an_interval_holds_what_was_seen(share: float, size: float) -> None:
    low, high = wilson(share, size)
    assert 0.0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1.0
