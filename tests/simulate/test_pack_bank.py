"""The questions of the shipped pack agree with its facts, and can be told apart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from teppan.config.pack import load_pack
from teppan.knowledge.chunk import chunks
from teppan.simulate.questions import Bank, Question, load_bank, normalise

PACK = Path(__file__).parents[2] / "packs" / "myhibachi"
INTENTS = set("pricing travel menu allergy event booking faq complaint small_talk".split())
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


def worth(question: Question) -> int:
    """Dollars that the tool of a question says, from the prices of the facts."""
    told = question.arguments
    travel: int = 2 * max(0, told.get("miles", 0) - 30)
    if question.tool == "travel_fee":
        return travel
    extras = told.get("extras", {})
    upgrades: int = 5 * extras.get("filet", 0) + 10 * extras.get("lobster", 0)
    guests: int = 55 * told["adults"] + 30 * told.get("children", 0)
    return max(550, guests) + upgrades + travel


def test_quotes_and_fees_are_those_of_the_facts(bank: Bank) -> None:
    asked = [each for each in bank if each.tool]
    assert {each.tool for each in asked} == {"quote", "travel_fee"}
    assert len(asked) >= 40
    for each in asked:
        said = normalise(f"${worth(each):,}")
        assert any(fact.found_in(said) for fact in each.must), each.id
        assert not any(fact.found_in(said) for fact in each.must_not), each.id


@pytest.mark.parametrize(
    ("pattern", "price"),
    [
        (r"filet-for-(\d+)", 5),
        (r"lobster-for-(\d+)", 10),
        (r"es-lobster-(\d+)", 10),
        (r"rent-tables-(\d+)", 9),
        (r"rent-plates-(\d+)", 3),
    ],
)
def test_upgrades_and_rentals_are_those_of_the_facts(bank: Bank, pattern: str, price: int) -> None:
    matched = [(each.id, int(found[1])) for each in bank if (found := re.match(pattern, each.id))]
    assert matched
    for id, guests in matched:
        assert amount(bank, id) == price * guests, id


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


def test_every_language_asks_about_everything(bank: Bank) -> None:
    languages = load_pack(PACK).languages
    assert languages == ("en", "es", "zh", "ja")
    for language in languages:
        spoken = [each for each in bank if each.language == language]
        assert {each.intent for each in spoken} == INTENTS, language
        assert len(spoken) >= 45
        assert any(each.id.startswith("trap-") for each in spoken)
    assert len(bank) >= 330
    assert len({normalise(text) for each in bank for text in each.phrasings}) >= 1100


def test_no_question_is_an_example_that_something_was_taught_with(bank: Bank) -> None:
    pack = load_pack(PACK)
    taught = {normalise(text) for text, _ in pack.intents}
    facts = chunks((PACK / "facts.md").read_text("utf-8"), "facts.md")
    taught |= {normalise(text) for each in facts for text in each.asked}
    asked = {normalise(text) for each in bank for text in each.phrasings}
    assert not asked & taught
