"""Intents: taught by a few examples, honest about what they never saw."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from teppan.config.pack import load_pack
from teppan.providers.embed import HashingEmbedder
from teppan.routing import discriminant
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
    [("en", 0.7, 0.85), ("es", 0.6, 0.85), ("zh", 0.3, 0.85), ("ja", 0.35, 0.7)],
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


BOOKING = (
    "I want to book for 20 adults on 2026-12-12 at 18:00. My name is Ann Lee, "
    "ann@example.com, 5 Oak Street, Davis"
)


def test_names_addresses_and_codes_do_not_hide_what_a_message_is_about(of_pack: Intents) -> None:
    assert of_pack.of(BOOKING)[0] == "booking"
    assert of_pack.of("MH-2041-XK is my code. Please cancel my booking, Ann Lee")[0] == "booking"
    assert of_pack.of("Ann Lee, ann@example.com, +1 916 555 0199")[0] == UNKNOWN


def test_numbers_are_all_alike(of_pack: Intents) -> None:
    one, other = (of_pack.of(f"price for {number} grown-ups") for number in (28, 9134))
    assert one == pytest.approx(other)
    assert one[0] == "pricing"


def test_the_clause_that_is_surest_tells_what_a_long_message_is_about(of_pack: Intents) -> None:
    around = "So, as I told my neighbour yesterday while we were painting his fence"
    said = f"{around}; how much is it per person? {around}, {around}."
    assert of_pack.of(said)[0] == "pricing"


def test_questions_about_something_else_are_mostly_unknown(of_pack: Intents) -> None:
    others = [
        "what is the capital of france",
        "write a python function that sorts a list",
        "who won the world cup in 2018",
        "translate this poem into latin",
        "my printer shows error 0x80070057",
    ]
    assert sum(of_pack.of(text)[0] == UNKNOWN for text in others) >= 4


def test_one_example_of_each_intent_is_enough_to_begin_with() -> None:
    intents = Intents([EXAMPLES[0], EXAMPLES[3]], HashingEmbedder().vectors)
    assert intents.of("how much is it per adult")[0] == "pricing"
    assert intents.of("which proteins do you have")[0] == "menu"
    same = Intents([EXAMPLES[0], EXAMPLES[0], EXAMPLES[3], EXAMPLES[3]])
    assert same.of("how much is it per adult")[0] == "pricing"


def test_examples_of_unknown_teach_what_else_is_said() -> None:
    weather = ["will it rain", "is it sunny outside", "how cold is it today"]
    intents = Intents([*EXAMPLES, *((text, UNKNOWN) for text in weather)])
    assert intents.of("will it rain today")[0] == UNKNOWN
    assert intents.of("what does a child cost")[0] == "pricing"


def clouds(each: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three classes of `each` rows with eight columns."""
    chance = np.random.default_rng(seed)
    means = 2.0 * np.random.default_rng(7).normal(size=(3, 8))
    labels = np.repeat(np.arange(3), each)
    return (means[labels] + chance.normal(size=(3 * each, 8))).astype(np.float32), labels


def test_what_an_example_left_out_is_called_is_what_a_fit_without_it_says() -> None:
    rows, labels = clouds(5, seed=1)
    rows = rows.astype(np.float64)
    whole = discriminant._Clouds(rows, labels)
    odds = whole._left_out(0.01, np.arange(len(rows)))
    for out in (0, 7, 14):
        kept = np.arange(len(rows)) != out
        fewer = discriminant._Clouds(rows[kept], labels[kept])
        fewer.share, fewer._unit = whole.share, whole._unit  # what the examples share stays
        fewer._within = whole.share * fewer.apart.T @ fewer.apart
        weights, constants = fewer.lines(0.01)
        said = rows[out] @ weights + constants
        assert odds[out] - odds[out].mean() == pytest.approx(said - said.mean(), rel=1e-6)


@pytest.mark.parametrize("few", [10_000, 200])
def test_many_examples_are_told_apart_as_well_as_few(
    few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discriminant, "_FEW", few)
    rows, labels = clouds(200, seed=1)
    fresh, wanted = clouds(100, seed=2)
    fitted = discriminant.fit([rows], list(labels), 3, [(1.0,)])
    chances = np.stack([fitted.chances([row])[0] for row in fresh])
    assert (chances.argmax(1) == wanted).mean() > 0.95
    assert (chances.max(1) > 0.5).mean() > 0.8
    assert fitted.chances([np.zeros(8, np.float32)])[0].max() < 0.5


def test_nothing_is_loaded_before_it_is_asked() -> None:
    program = (
        "import sys; from teppan.routing.intent import Intents; "
        "from teppan.serve.strategies.auto import Auto; "
        "Intents([('a', 'b')], None); assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
