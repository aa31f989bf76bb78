"""Intents: taught by a few examples, honest about what they never saw."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from teppan.config.pack import load_pack
from teppan.providers.embed import HashingEmbedder
from teppan.routing.intent import UNKNOWN, Intents

PACK = Path(__file__).parents[2] / "packs" / "myhibachi"
EXAMPLES = [
    ("How much is it per adult?", "pricing"),
    ("What is the price for 10 guests?", "pricing"),
    ("What does a child cost?", "pricing"),
    ("Which proteins do you have?", "menu"),
    ("Do you have vegetarian food?", "menu"),
    ("Is there shrimp on the menu?", "menu"),
]


@pytest.fixture(scope="module")
def of_pack() -> Intents:
    return Intents(load_pack(PACK).intents, HashingEmbedder().vectors)


def taught() -> Intents:
    return Intents(EXAMPLES, HashingEmbedder().vectors)


def test_a_text_like_the_examples_is_named_with_its_probability() -> None:
    intent, probability = taught().of("What is the price for 25 guests?")
    assert intent == "pricing"
    assert 0.5 < probability <= 1.0
    assert taught().of("Which vegetarian proteins do you have?")[0] == "menu"


def test_what_is_about_something_else_is_unknown() -> None:
    assert taught().of("qwertz uiop")[0] == UNKNOWN
    assert taught().of("")[0] == UNKNOWN


def test_without_examples_every_text_is_unknown() -> None:
    assert Intents([], HashingEmbedder().vectors).of("How much is it?") == (UNKNOWN, 0.0)


@pytest.mark.parametrize(
    ("language", "named", "right"),
    [("en", 0.65, 0.85), ("es", 0.5, 0.85), ("zh", 0.25, 0.85), ("ja", 0.3, 0.7)],
)
def test_the_packs_examples_name_many_of_its_questions_and_are_mostly_right(
    of_pack: Intents, language: str, named: float, right: float
) -> None:
    asked = [
        (question["text"], question["intent"])
        for path in sorted((PACK / "conversations").glob("*.toml"))
        for question in tomllib.loads(path.read_text("utf-8"))["question"]
        if question.get("language", "en") == language
    ]
    said = [(got, wanted) for text, wanted in asked if (got := of_pack.of(text)[0]) != UNKNOWN]
    assert len(said) > named * len(asked)
    assert sum(got == wanted for got, wanted in said) > right * len(said)


def test_scripts_without_spaces_are_told_by_their_signs() -> None:
    examples = [("一位多少钱", "pricing"), ("有什么菜", "menu"), ("いくらですか", "pricing")]
    intents = Intents([*examples, ("メニューはありますか", "menu")])
    assert intents.of("请问大人一位多少钱呢")[0] == "pricing"
    assert intents.of("今日のメニューは")[0] == "menu"


def test_an_unsure_guess_is_unknown_with_its_probability() -> None:
    intents = Intents(EXAMPLES, floor=0.99)
    intent, probability = intents.of("Which price do you have?")
    assert intent == UNKNOWN
    assert 0.0 < probability < 0.99


def test_nothing_is_loaded_before_it_is_asked() -> None:
    program = (
        "import sys; from teppan.routing.intent import Intents; "
        "from teppan.serve.strategies.auto import Auto; "
        "Intents([('a', 'b')], None); assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
