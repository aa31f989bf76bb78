"""The question bank finds what was asked and knows a right answer from a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from teppan.simulate.questions import Bank, BankError, Fact, load_bank, normalise

PACK = Path(__file__).parents[2] / "packs" / "myhibachi"
GOOD = """
[[question]]
id = "price"
text = "How much is it per adult?"
variants = ["What does a grown-up cost?"]
patterns = ['price .* adult']
must = ["$55"]
right = ["It is $55."]
wrong = ["It is $550."]
"""


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    (tmp_path / "bank.toml").write_text(GOOD)
    return load_bank(tmp_path)


@pytest.mark.parametrize(
    "asked",
    [
        "How much is it per adult?",
        "  how much IS it per adult ",
        "what does a grown-up cost?",
        "Say, the price for one adult please",
        "How much per adult, is it?",
    ],
)
def test_a_question_is_found_by_words_variant_pattern_and_overlap(bank: Bank, asked: str) -> None:
    found = bank.find(asked)
    assert found is not None
    assert found.id == "price"


def test_an_unrelated_question_is_not_found(bank: Bank) -> None:
    assert bank.find("Do you travel to Sacramento?") is None


@pytest.mark.parametrize(
    ("fact", "text", "stated"),
    [
        ("$55", "It is $55 each", True),
        ("$55", "It is $55.00 each", True),
        ("$55", "It is $550 each", False),
        ("$55", "It is $55.50 each", False),
        ("$1,100", "that is $1100", True),
        ("10", "110 guests", False),
        ("re:per (adult|person)", "Per PERSON we ask", True),
    ],
)
def test_a_fact_is_found_as_a_whole_number(fact: str, text: str, stated: bool) -> None:
    assert Fact.read(fact).found_in(normalise(text)) is stated


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('wrong = ["It is $550."]', ""), "lacks wrong"),
        (('right = ["It is $55."]', 'right = ["It is $60."]'), "right answer fails"),
        (('wrong = ["It is $550."]', 'wrong = ["It is $55."]'), "wrong answer passes"),
        (("must = ", "#"), "neither must nor must_not"),
        (("'price .* adult'", "'price ('"), "bad expression"),
    ],
)
def test_a_bank_that_contradicts_itself_is_refused(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    (tmp_path / "bank.toml").write_text(GOOD.replace(*change))
    with pytest.raises(BankError, match=complaint):
        load_bank(tmp_path)


def test_the_first_pack_is_a_valid_bank() -> None:
    assert len(load_bank(PACK)) > 10
