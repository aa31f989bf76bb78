"""What nobody can know who was not told it, questions by rows, and fenced material."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from simulate.tables import question
from teppan.simulate import Bank, Persona
from teppan.simulate.mind import World, answer, is_right
from teppan.simulate.questions import BankError, Fact, load_bank
from teppan.simulate.turn import Message, Turn

SURE = Persona(vendor="v", name="sure", skill={"default": 1.0})
ASKED = replace(question(4), needs=(Fact.read("june 14"),))
ROWS = """
[[question]]
id = "price-{guests}"
text = "What do {guests} guests cost?"
must = ["{total}", 're:[a-z]{4} is']
right = ["That is {total}."]
wrong = ["It is {guests}."]
rows = [{ guests = "10", total = "$550" }, { guests = "20", total = "$1,100" }]
"""


def turn(*messages: Message) -> Turn:
    return Turn(model="m", messages=messages)


@pytest.mark.parametrize("speaker", ["system", "user", "assistant"])
def test_a_persona_knows_what_it_was_told_by_anybody(speaker: str) -> None:
    told = turn(Message(speaker, "It is on June 14."), Message("user", ASKED.text))  # type: ignore[arg-type]
    assert is_right(SURE, ASKED, told, World(Bank([ASKED])))


def test_no_skill_makes_up_for_not_having_been_told() -> None:
    untold = turn(Message("user", ASKED.text))
    world = World(Bank([ASKED]))
    assert not is_right(SURE, ASKED, untold, world)
    assert answer(SURE, untold, world, 0).text in ASKED.wrong


def test_a_question_with_rows_is_one_question_of_each(tmp_path: Path) -> None:
    (tmp_path / "bank.toml").write_text(ROWS)
    bank = load_bank(tmp_path)
    assert list(bank.by_id) == ["price-10", "price-20"]
    assert bank.by_id["price-20"].text == "What do 20 guests cost?"
    assert bank.by_id["price-20"].is_right("That is $1100.")
    assert not bank.by_id["price-20"].is_right("That is $550.")


def test_rows_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bank.toml").write_text(ROWS.split("rows =")[0] + "rows = [1]")
    with pytest.raises(BankError, match="must be a list of tables"):
        load_bank(tmp_path)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("<knowledge>\nPrices: $55\n</knowledge>\n\nHow much?", "How much?"),
        ("<summary>a</summary> <knowledge>b</knowledge>\nHow much?", "How much?"),
        ("How much?\n<note>for two</note>", "How much?\n<note>for two</note>"),
        ("<b>How much?</b>", "<b>How much?</b>"),
        ("<knowledge>never closed. How much?", "<knowledge>never closed. How much?"),
    ],
)
def test_fenced_material_before_a_question_is_not_the_question(said: str, asked: str) -> None:
    assert turn(Message("user", said)).question == asked
