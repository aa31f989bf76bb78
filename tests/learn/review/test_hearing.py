"""What became of an answer tells of all who got the same one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.learn.review.hearing import Answers, Told, chance_of, decided, rated
from teppan.providers.embed import HashingEmbedder

VECTORS = HashingEmbedder().vectors


def test_what_was_said_of_one_answer_counts_for_the_same_one_in_other_words() -> None:
    texts = ["Adults pay $55.", "Adults pay $55!", "Adults pay $65.", "We bring chairs."]
    answers = Answers(texts, VECTORS)
    told = answers.pooled([rated([0.0]), Told(), Told(), rated([1.0])])
    assert [float(weight) for weight, _ in told] == [1.0, 1.0, 0.0, 1.0]
    assert answers.same(0, 1)
    assert not answers.same(0, 2)  # another price is another answer


def test_a_decision_counts_more_than_a_rating_and_both_ways() -> None:
    prior = 0.2
    disliked, liked = (rated([each]) for each in (0.0, 1.0))
    wrong, right = decided(wrong=True), decided(wrong=False)
    order = [chance_of(prior, each.weight, each.against) for each in (right, liked, Told())]
    order += [chance_of(prior, each.weight, each.against) for each in (disliked, wrong)]
    assert order == sorted(order)
    assert order[2] == pytest.approx(prior)
    assert order[0] < 0.05
    assert order[4] > 0.9


@given(st.floats(0, 1), st.lists(st.floats(0, 1), max_size=30))
def test_a_chance_stays_one(prior: float, ratings: list[float]) -> None:
    told = rated(ratings)
    assert 0.0 <= chance_of(prior, told.weight, told.against) <= 1.0 + 1e-9


def test_of_no_answers_nothing_was_said() -> None:
    assert Answers([], VECTORS).pooled([]).shape == (0, 2)
