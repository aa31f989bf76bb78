"""One look stands for all questions near it; what was looked at ranks far below."""

from __future__ import annotations

import numpy as np
import pytest

from teppan.learn.review.nearness import Questions, figures, packed, unpacked
from teppan.learn.review.picking import AGAIN, STRIKING, pick, priority_of
from teppan.providers.embed import HashingEmbedder

VECTORS = HashingEmbedder().vectors


def questions(*texts: str) -> Questions:
    return Questions(texts, VECTORS(texts))


NONE = questions()
PRICE = "What do adults pay?"
MENU = "Which proteins do you offer?"


def test_of_near_questions_the_one_most_worth_it_stands_for_all() -> None:
    found = pick(
        questions(PRICE, MENU, "what do adults pay", "What do adults pay???"),
        [0.5, 0.5, 0.6, 0.4],
        [False] * 4,
        NONE,
    ).picked
    assert [(each.covers, each.again) for each in found] == [
        (1, True),
        (1, False),
        (3, False),
        (1, True),
    ]
    order = sorted(range(4), key=lambda at: -found[at].priority)
    assert order == [2, 1, 0, 3]


def test_what_is_near_to_the_queue_counts_there_and_ranks_below() -> None:
    found = pick(questions("what do adults pay", MENU), [0.9, 0.2], [False] * 2, questions(PRICE))
    assert found.more == {0: 1}
    assert found.picked[0].priority == 0.9 * AGAIN
    assert found.picked[1].priority > found.picked[0].priority


def test_what_people_disliked_again_keeps_half_of_its_priority() -> None:
    found = pick(questions("what do adults pay"), [0.9], [True], questions(PRICE))
    assert found.picked[0].priority == 0.9 * STRIKING


def test_other_figures_are_another_question() -> None:
    some = questions("How much is it for 12 adults?", "How much is it for 14 adults?")
    assert [each.covers for each in pick(some, [0.5, 0.5], [False] * 2, NONE).picked] == [1, 1]
    assert figures("1,100 at 18:30, 12 of 14") == ("1100", "12", "14", "18:30")


def test_a_vector_survives_being_kept_and_one_of_another_embedder_is_near_nothing() -> None:
    row = VECTORS([PRICE])[0]
    kept = unpacked([packed(row), packed(np.ones(7, np.float32))], len(row))
    near = Questions([PRICE], row[None]).near(Questions([PRICE, PRICE], kept))
    assert abs(near[0, 0] - 1.0) < 1e-3
    assert near[0, 1] == 0.0


def test_nothing_is_picked_of_nothing() -> None:
    assert pick(NONE, [], [], questions(PRICE)).picked == ()


def test_many_who_are_perhaps_wrong_come_before_one_who_surely_is() -> None:
    many = [
        "do adults pay much",
        "Do adults pay much?",
        "do adults pay much???",
        "Do adults pay much",
    ]
    found = pick(questions(*many, MENU), [0.3] * 4 + [0.9], [False] * 5, NONE).picked
    assert max(range(5), key=lambda at: found[at].priority) < 4
    assert max(each.priority for each in found) == pytest.approx(1.2, abs=1e-3)


def test_who_stands_for_others_is_worth_what_they_are_expected_to_be_wrong() -> None:
    found = pick(questions(PRICE, "what do adults pay"), [0.2, 0.6], [False] * 2, NONE).picked
    assert [each.leader for each in found] == [1, 1]
    assert found[1].priority == pytest.approx(0.8, abs=1e-3)
    assert found[1].rest == pytest.approx(0.4 / 0.6, abs=1e-3)
    assert priority_of(1.0, 5, rest=3.0) == 5.0  # no more than all are wrong
