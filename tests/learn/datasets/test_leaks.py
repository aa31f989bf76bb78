"""A question of an evaluation set is found in a conversation, in any language; others are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.learn.datasets.evaluation import EvaluationSet
from teppan.learn.datasets.leaks import SHARE, SHORTEST, Leak, LeakCheck
from teppan.learn.datasets.sameness import bare
from teppan.learn.datasets.shingles import plain, shared, shingles

HELD = (
    "How much do you charge per adult at a wedding?",
    "¿Cuánto cuesta el depósito para una fiesta?",
    "Wie lange dauert die große Inspektion?",
    "你们最远去多少英里提供上门服务？",
    "デポジットはキャンセルしたら返金されますか",
    "Yes",
)
CHECK = LeakCheck([EvaluationSet("others", ("Is the moon made of cheese?",)),
                   EvaluationSet("held", HELD)])  # fmt: skip


@pytest.mark.parametrize("text", HELD)
def test_a_question_is_found_word_for_word(text: str) -> None:
    assert CHECK.find([f"  {text.upper()} "]) == Leak("held", True)


@pytest.mark.parametrize("text", HELD[:-1])
def test_a_question_is_found_inside_other_words(text: str) -> None:
    found = CHECK.find(["Hello, we met last week. " + text + " Bye, see you soon."])
    assert found == Leak("held", False)
    assert found.why == "leak: nearly a question of held"


@pytest.mark.parametrize("text", HELD[:-1])
def test_a_question_is_found_in_an_earlier_turn(text: str) -> None:
    assert CHECK.find([text, "And on a Sunday?"]) == Leak("held", True)


def test_a_slip_of_the_pen_hides_nothing() -> None:
    assert CHECK.find(["How much do you chagre per adult at a wedding"]) == Leak("held", False)


@pytest.mark.parametrize(
    "text", ["一位大人要多少钱", "你好，一位大人要多少钱？谢谢", "上周见过。一位大人要多少钱？再见"]
)
def test_a_short_question_of_a_dense_script_is_found(text: str) -> None:
    check = LeakCheck([EvaluationSet("held", ("一位大人要多少钱",))])
    assert check.find([text]) is not None


def test_greetings_hide_no_short_question() -> None:
    check = LeakCheck([EvaluationSet("held", ("Any deal?",))])
    assert check.find(["Hi, any deal please? Thanks!"]) == Leak("held", False)
    assert check.find(["Hi, any deal please?", "And on Monday?"]) is None


def test_other_questions_are_not_found_and_short_ones_only_alone() -> None:
    assert CHECK.find(["How do I get to your office from the station?"]) is None
    assert CHECK.find(["Yes", "And what is the travel fee?"]) is None
    assert CHECK.find(["What is it?", "yes!"]) == Leak("held", True)
    assert CHECK.find([""]) is None
    assert LeakCheck([]).find(["anything"]) is None


LETTERS = st.text("abcdef ", min_size=1, max_size=40)


@given(st.lists(LETTERS, min_size=1, max_size=8), LETTERS, LETTERS, st.integers(0, 7))
def test_none_is_missed_that_shares_enough(
    held: list[str], before: str, after: str, place: int
) -> None:
    check = LeakCheck([EvaluationSet("held", tuple(held))])
    said = f"{before} {held[place % len(held)]} {after}"
    runs = shingles(plain(said))
    questions = [shingles(plain(each)) for each in held if plain(each)]
    there = any(
        len(each) >= SHORTEST and shared(each, runs) >= SHARE * len(each) for each in questions
    )
    exact = bool(plain(said)) and bare(said) in {bare(each) for each in held}
    assert (check.find([said]) is not None) == (there or exact)
