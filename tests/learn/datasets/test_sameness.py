"""Nearly the same words are one question only when what matters is the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.learn.datasets.sameness import disagree, distance, figures, same, says_the_same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How much is it per adult?", "how much is it per adult"),
        ("How much is it per adult?", "Hi, how much is it per aduult please? Thanks!"),
        ("¿Cuánto cuesta por persona?", "Hola, cuánto cuesta por persona, gracias"),
        ("Was kostet ein Erwachsener?", "Guten Tag, was kostet ein Erwachsner?"),
        ("每位大人多少钱？", "请问每位大人多少钱"),
        ("大人はいくらですか", "すみません、大人はいくらですか？"),
    ],
)
def test_a_slip_or_a_greeting_makes_no_other_question(one: str, other: str) -> None:
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What do 10 adults cost?", "What do 12 adults cost?"),
        ("Is the chicken halal?", "Is the chicken vegan?"),
        ("Are you open on Tuesday?", "Are you open on Thursday?"),
        ("Can I bring my dog?", "Can I not bring my dog?"),
        ("Is there parking?", "Is there parking for a bus?"),
        ("每位大人多少钱？", "每位小孩多少钱？"),
    ],
)
def test_what_differs_in_what_matters_is_another_question(one: str, other: str) -> None:
    assert not same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It is $55 per adult.", "It is $65 per adult."),
        ("Yes, we do.", "No, sorry."),
        ("There is no deposit.", "Yes, a deposit is due."),
        ("A helmet is included at no cost.", "A helmet is €3.50 a day."),
        ("是的，我们可以。", "抱歉，不行。"),
        ("10 adults are $550.", "10 adults are $500."),
    ],
)
def test_answers_that_cannot_both_be_right_disagree(one: str, other: str) -> None:
    question = "What do 10 adults cost?"
    assert disagree(one, other, question)
    assert disagree(other, one, question)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It is $55 per adult.", "Adults are $55 each, with two proteins."),
        ("We open at 9:00.", "From 9 on."),
        ("It is $1,100.", "1100 dollars in all."),
        ("Yes, gladly.", "Of course."),
        ("Children eat free.", "Children of 5 and under eat free, adults are $55."),
    ],
)
def test_answers_that_say_the_same_in_other_words_do_not(one: str, other: str) -> None:
    assert not disagree(one, other)
    assert not disagree(other, one)


def test_figures_are_read_however_they_are_written() -> None:
    assert figures("$1,100 at 9:00, or 3,50 and 3.50") == ("1100", "3.5", "3.5", "9")
    assert figures("none") == ()


@given(st.text(max_size=60))
def test_a_text_is_the_same_as_itself_and_never_disagrees(text: str) -> None:
    assert same(text, text)
    assert says_the_same(text, text)


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_distance_is_symmetric_and_none_only_to_itself(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)


def test_a_swap_of_neighbours_is_one_letter() -> None:
    assert distance("adults", "aduls") == 1
    assert distance("adults", "adutls") == 1
    assert distance("adults", "children") > 2
