"""Intents: taught by a few examples, honest about what they never saw."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

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


def test_the_packs_examples_name_most_of_its_conversations_and_are_mostly_right() -> None:
    pack = load_pack(PACK)
    intents = Intents(pack.intents, HashingEmbedder().vectors)
    asked = [
        (question["text"], question["intent"])
        for path in sorted((PACK / "conversations").glob("*.toml"))
        for question in tomllib.loads(path.read_text("utf-8"))["question"]
        if question["intent"] in intents.names
    ]
    named = [(intents.of(text)[0], intent) for text, intent in asked]
    said = [(got, wanted) for got, wanted in named if got != UNKNOWN]
    assert len(said) > 0.6 * len(named)
    assert sum(got == wanted for got, wanted in said) > 0.8 * len(said)


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
