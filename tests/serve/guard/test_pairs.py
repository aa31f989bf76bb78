"""The rules of the example pack, by minimal pairs and by its own questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from serve.guard.long_answers import LONG
from serve.guard.pairs import PAIRS
from teppan.config.pack import load_pack
from teppan.core.chat import ChatRequest, say
from teppan.routing.language import Languages
from teppan.serve.guard.guard import Guard
from teppan.simulate.questions import Bank, load_bank

PACK = Path(__file__).parents[3] / "packs" / "myhibachi"


@pytest.fixture(scope="module")
def guard() -> Guard:
    languages = Languages(("en", "es", "zh", "ja"))
    return Guard(load_pack(PACK).book, languages, lambda: 0.5)


@pytest.fixture(scope="module")
def bank() -> Bank:
    return load_bank(PACK)


def broken(guard: Guard, question: str, answer: str) -> set[str]:
    request = ChatRequest(model="m", messages=(say("user", question),))
    return {each.rule for each in guard.check(request, answer).violations}


@pytest.mark.parametrize(("rule", "question", "right", "wrong"), PAIRS)
def test_of_two_answers_the_one_that_breaks_the_rule_is_caught(
    guard: Guard, rule: str, question: str, right: str, wrong: str
) -> None:
    assert broken(guard, question, right) == set(), right
    assert rule in broken(guard, question, wrong), wrong


@pytest.mark.parametrize(("question", "answer"), LONG)
def test_a_long_answer_of_many_right_amounts_passes(
    guard: Guard, question: str, answer: str
) -> None:
    assert broken(guard, question, answer) == set()


def test_no_right_answer_of_the_pack_is_called_wrong(guard: Guard, bank: Bank) -> None:
    alarms = [
        (question.id, asked, answer, found)
        for question in bank
        for asked in question.phrasings
        for answer in question.right
        if (found := broken(guard, asked, answer))
    ]
    assert not alarms


@pytest.mark.parametrize(("traps", "least"), [(False, 0.9), (True, 0.84)])
def test_wrong_prices_are_caught_nine_times_of_ten_and_with_traps_a_little_less(
    guard: Guard, bank: Bank, traps: bool, least: float
) -> None:
    """Many traps are right amounts of another question, which only a critic can tell."""
    caught = [
        bool(broken(guard, question.text, answer))
        for question in bank
        if question.intent == "pricing" and (traps or not question.id.startswith("trap-"))
        for answer in question.wrong
    ]
    assert sum(caught) >= least * len(caught)
