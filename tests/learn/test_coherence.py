"""An answer belongs to its question, and does not say otherwise than before."""

from __future__ import annotations

import pytest

from teppan.learn.coherence import coherence, contradiction, on_topic, repeats


def test_an_answer_about_something_else_is_off_topic() -> None:
    question = "What does the travel to Fresno cost?"
    assert on_topic(question, "The travel to Fresno costs $40.") == 1.0
    assert on_topic(question, "We have a lovely selection of cakes.") == 0.0


CONTRADICTING = [
    ("Adults pay $55 each.", "Adults pay $65 each."),
    ("The deposit is $100.", "Sure! The deposit is $1,000."),
    ("We have no wagyu beef on the menu.", "We have wagyu beef on the menu."),
    ("El depósito para la reserva es $100.", "El depósito para la reserva es $200."),
    ("定金是100美元。", "定金是200美元。"),
    ("大人は55ドルです。", "大人は65ドルです。"),
]
AGREEING = [
    ("Adults pay $55 each.", "Children pay $30 each."),
    ("Adults pay $55 each.", "10 adults are $550 in all."),
    ("The deposit is $1,000.", "As said, the deposit is $1000."),
    ("We have no wagyu beef.", "There is no wagyu beef, sorry."),
    ("The chef arrives at 5 pm.", "The show takes 90 minutes."),
    ("", "Adults pay $55 each."),
]


@pytest.mark.parametrize(("before", "now"), CONTRADICTING)
def test_another_figure_or_a_denial_of_the_same_is_a_contradiction(before: str, now: str) -> None:
    assert contradiction(now, ["Hello!", before])
    assert coherence("What is it?", now, [before]).value <= 0.25


@pytest.mark.parametrize(("before", "now"), AGREEING)
def test_other_things_and_the_same_again_are_none(before: str, now: str) -> None:
    assert not contradiction(now, [before])


def test_a_question_is_asked_again_in_nearly_the_same_words() -> None:
    assert repeats("What does it cost for 10 adults?", "what does it cost for 10 adults please")
    assert repeats("How much for 10 adults?", "Sorry, let me ask again. How much for 10 adults?")
    assert not repeats("How much for 10 adults?", "How much for 10 adults and 8 small children?")
    assert not repeats("What does it cost?", "Great, thank you!")
