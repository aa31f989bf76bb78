"""Of answers to one question the best stay; where nobody knows which is right, none does."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.learn.datasets.choosing import (
    CONTRADICTED,
    DUPLICATE,
    ENOUGH,
    NEAR,
    UNDECIDED,
    Rival,
    Taste,
    chosen,
)
from teppan.learn.datasets.examples import REVIEWED, SERVED, TRUTH

ASKED = "How much is it per adult?"


def rival(id: str, answer: str, **more: object) -> Rival:
    fields: dict[str, object] = {
        "id": id,
        "question": ASKED,
        "context": "",
        "answer": answer,
        "grade": SERVED,
        "quality": 0.95,
        "at": 1.0,
    }
    return Rival(**(fields | more))  # type: ignore[arg-type]


def test_the_same_words_are_said_once_and_the_better_stays() -> None:
    rivals = [
        rival("a", "It is $55 per adult.", quality=0.9),
        rival("b", "it is $55 per adult", quality=0.99),
    ]
    assert chosen(rivals, Taste()) == {"a": DUPLICATE}


def test_nearly_the_same_words_are_said_once() -> None:
    said = "It is $55 for each adult, with rice, vegetables and two proteins of your choice."
    rivals = [rival("a", said), rival("b", said.replace("for each", "per"), quality=0.99)]
    assert chosen(rivals, Taste()) == {"a": NEAR}


def test_other_words_with_other_figures_are_no_duplicate() -> None:
    said = "For a party with {} of you the whole evening with a chef and his grill is ${}."
    rivals = [
        rival("a", said.format(10, 550), question="What do 10 adults cost?"),
        rival("b", said.format(12, 660), question="What do 12 adults cost?"),
    ]
    assert chosen(rivals, Taste()) == {}


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"grade": TRUTH, "quality": 0.1}, {"grade": REVIEWED, "quality": 1.0}),
        ({"grade": REVIEWED, "quality": 0.1}, {"grade": SERVED, "quality": 1.0}),
        ({"quality": 0.99}, {"quality": 0.8}),
    ],
)
def test_where_answers_disagree_the_better_stays(
    better: dict[str, object], worse: dict[str, object]
) -> None:
    rivals = [rival("a", "It is $55.", **better), rival("b", "It is $65.", **worse)]
    assert chosen(rivals, Taste()) == {"b": CONTRADICTED}


@pytest.mark.parametrize("grade", [TRUTH, REVIEWED, SERVED])
def test_where_none_is_better_neither_stays(grade: int) -> None:
    rivals = [
        rival("a", "It is $55.", grade=grade, quality=0.95),
        rival("b", "It is $65.", grade=grade, quality=0.9),
    ]
    assert chosen(rivals, Taste()) == {"a": UNDECIDED, "b": UNDECIDED}


def test_what_a_person_wrote_settles_what_served_answers_left_open() -> None:
    rivals = [
        rival("a", "It is $55."),
        rival("b", "It is $65."),
        rival("c", "It is $60.", grade=TRUTH),
    ]
    assert chosen(rivals, Taste()) == {"a": CONTRADICTED, "b": CONTRADICTED}


def test_other_questions_and_other_conversations_are_left_alone() -> None:
    rivals = [
        rival("a", "It is $55."),
        rival("b", "It is $30.", question="How much is it per child?"),
        rival("c", "It is $80.", context="We are in Fresno and want lobster for everybody."),
    ]
    assert chosen(rivals, Taste()) == {}


def test_only_the_best_answers_of_a_question_are_kept() -> None:
    words = ("plainly", "honestly", "in short", "as always", "of course")
    rivals = [
        rival(f"{n}", f"{word.title()}: {word * 3} {'abcde'[n] * 20} is what it is.", quality=0.9)
        for n, word in enumerate(words)
    ]
    out = chosen(rivals, Taste(per_question=2))
    assert sorted(out.values()) == [ENOUGH] * 3


ANSWERS = st.sampled_from(
    ["It is $55.", "It is $65.", "$55 each", "Yes.", "No.", "It is free.", "Ask us."]
)
RIVALS = st.lists(
    st.tuples(ANSWERS, st.sampled_from([SERVED, REVIEWED, TRUTH]), st.sampled_from([0.5, 0.9, 1])),
    max_size=12,
)


@given(RIVALS, st.randoms(use_true_random=False))
def test_the_order_of_examples_makes_no_difference(
    made: list[tuple[str, int, float]], chance: random.Random
) -> None:
    rivals = [
        rival(f"{n}", answer, grade=grade, quality=float(quality), at=float(n % 3))
        for n, (answer, grade, quality) in enumerate(made)
    ]
    other = list(rivals)
    chance.shuffle(other)
    assert chosen(rivals, Taste()) == chosen(other, Taste())


@given(RIVALS)
def test_nothing_that_stays_is_contradicted_by_what_stays(
    made: list[tuple[str, int, float]],
) -> None:
    from teppan.learn.datasets.sameness import disagree

    rivals = [
        rival(f"{n}", answer, grade=grade, quality=float(quality))
        for n, (answer, grade, quality) in enumerate(made)
    ]
    out = chosen(rivals, Taste(per_question=100))
    stay = [each.answer for each in rivals if each.id not in out]
    assert not any(disagree(one, other, ASKED) for one in stay for other in stay)
