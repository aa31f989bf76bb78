"""The questions of the shipped pack agree with its facts, and can be told apart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from teppan.config.pack import load_pack
from teppan.simulate.questions import Bank, load_bank, normalise

PACK = Path(__file__).parents[2] / "packs" / "myhibachi"
AMOUNT = re.compile(r"\$([\d,]+)")


@pytest.fixture(scope="module")
def bank() -> Bank:
    return load_bank(PACK)


def amount(bank: Bank, id: str) -> int:
    """The amount that a right answer must state."""
    found = AMOUNT.match(bank.by_id[id].must[0].source)
    assert found is not None, id
    return int(found[1].replace(",", ""))


def test_every_phrasing_is_found_as_its_own_question(bank: Bank) -> None:
    for question in bank:
        for phrasing in question.phrasings:
            assert bank.find(phrasing) is question, phrasing


def test_what_a_question_needs_stands_in_the_facts_or_was_said_before(bank: Bank) -> None:
    prompt = load_pack(PACK).prompts["support"]
    unknown = {each.id for each in bank if not each.knowable_from(prompt)}
    assert unknown
    assert all(id.startswith("recall-") for id in unknown)


@pytest.mark.parametrize(
    ("pattern", "worth"),
    [
        (r"(?:es-)?quote-(?:adults-)?(\d+)$", lambda guests: 55 * guests),
        (r"quote-(\d+)-adults-(\d+)-children", lambda adults, kids: 55 * adults + 30 * kids),
        (r"(?:es-)?travel-(3[1-9]|[4-9]\d)$", lambda miles: 2 * (miles - 30)),
        (r"filet-for-(\d+)", lambda guests: 5 * guests),
        (r"lobster-for-(\d+)", lambda guests: 10 * guests),
        (r"rent-tables-(\d+)", lambda guests: 9 * guests),
        (r"rent-plates-(\d+)", lambda guests: 3 * guests),
    ],
)
def test_amounts_follow_from_the_facts(bank: Bank, pattern: str, worth: object) -> None:
    matched = [(each.id, found) for each in bank if (found := re.match(pattern, each.id))]
    assert matched
    for id, found in matched:
        numbers = [int(number) for number in found.groups()]
        if id == "travel-31":
            continue  # its fact is a pattern, as `$2` begins other amounts
        assert amount(bank, id) == worth(*numbers), id  # type: ignore[operator]


def test_party_totals_follow_from_the_facts(bank: Bank) -> None:
    for each in bank:
        if each.id.startswith("book-guests-"):
            adults, kids = map(int, re.findall(r"(\d+) (?:adults|kids)", each.text))
            assert amount(bank, each.id) == 55 * adults + 30 * kids


def test_one_number_apart_is_another_answer(bank: Bank) -> None:
    ids = [each.id for each in bank if re.fullmatch(r"(?:quote-adults|travel)-\d+", each.id)]
    for id in ids:
        others = [other for other in ids if other != id and other[:5] == id[:5]]
        assert all(not bank.by_id[id].is_right(bank.by_id[one].right[0]) for one in others)


def test_there_are_many_questions_of_every_intent_and_two_languages(bank: Bank) -> None:
    intents = {each.intent for each in bank}
    assert intents == {"pricing", "menu", "booking", "faq", "complaint", "small_talk"}
    assert {each.language for each in bank} == {"en", "es"}
    assert len(bank) >= 200
    assert len({normalise(text) for each in bank for text in each.phrasings}) >= 700
