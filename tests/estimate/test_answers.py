"""The final answer of a reply is read so that equal answers are equal strings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.estimate.answers import (
    canonical,
    canonical_number,
    options_of,
    read_answers,
    read_option,
)

OPTIONS = dict(
    zip("ABCDEFGHIJ", "one two three four five six seven eight nine ten".split(), strict=True)
)
QUESTION = "Which one?\n" + "\n".join(f"{letter}. {text}" for letter, text in OPTIONS.items())


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("So it is. The answer is (C).", "C"),
        ("The answer is **C. three**", "C"),
        ("(C)", "C"),
        ("C", "C"),
        ("\\boxed{C}", "C"),
        ("None fits exactly; the closest option is (C).", "C"),
        ("The answer is (B). The reasoning was wrong. The answer is (C).", "C"),
        ("The answer is (C).\n\nQuestion: Another one? The answer is (D).", "C"),
        ('{"reasoning": "A or B", "answer": "C"}', "C"),
        ("The answer is A and B together", None),
        ("The answer is not among the options.", None),
        ("The answer is (Z).", None),
    ],
)
def test_an_option_is_read_in_every_form_models_state_it(text: str, letter: str | None) -> None:
    assert read_option(text, OPTIONS).value == letter


def test_an_answer_stated_once_and_plainly_is_told_from_one_that_is_not() -> None:
    assert read_option("The answer is (C).", OPTIONS).plain
    assert not read_option("The answer is **C**", OPTIONS).plain
    assert not read_option("The answer is (B). No: the answer is (C).", OPTIONS).plain
    _, (worked_out, plain) = read_answers(
        "How many?", ['{"answer": "2 * 3 = 6"}', "Answer: 6"], "number"
    )
    assert (worked_out.value, worked_out.plain) == (plain.value, False)
    assert plain.plain


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$1,080.00", "1080"),
        ("1080 dollars", "1080"),
        ("-3.50", "-3.5"),
        ("3/4", "0.75"),
        ("\\frac{3}{4}", "0.75"),
        ("forty-two", None),
        ("1e999999999", None),
    ],
)
def test_numbers_are_equal_whatever_their_dress(text: str, number: str | None) -> None:
    assert canonical_number(text) == number


@given(st.integers(-(10**12), 10**12))
def test_a_whole_number_survives_with_and_without_separators(value: int) -> None:
    assert canonical_number(f"{value:,}") == canonical_number(str(value)) == str(value)


@pytest.mark.parametrize("text", ["'a b'", '"a b"', "a b", "' a b'"])
def test_a_python_string_is_the_same_however_it_is_quoted(text: str) -> None:
    assert canonical(text, "literal") == "a b"


def test_dictionaries_are_equal_in_any_order_and_an_empty_string_is_an_answer() -> None:
    assert canonical("{'b': 1, 'a': 2}", "literal") == canonical("{'a': 2, 'b': 1}", "literal")
    assert canonical("''", "literal") == canonical('""', "literal") == "''"


def test_the_kind_comes_from_the_options_from_the_code_or_from_the_replies() -> None:
    assert read_answers(QUESTION, ["The answer is (C)."])[0] == "option"
    assert read_answers("def f(): ...\nassert f() == ??", ['{"answer": "1"}'])[0] == "literal"
    assert read_answers("How many?", ["#### 4", "The answer is 4."])[0] == "number"
    assert read_answers("Is it?", ["Yes.", "no"])[0] == "boolean"
    assert (
        read_answers("Write a poem.", ["Roses are red, and so on and on.", "O sea!\nO sky!"])[0]
        == "open"
    )


def test_mathematics_with_lettered_options_is_a_choice_of_letters() -> None:
    texts = ["Statement 2 is true. The answer is (B).", "... = 4, so the answer is B"]
    kind, answers = read_answers(QUESTION, texts, "math")
    assert kind == "option"
    assert [each.value for each in answers] == ["B", "B"]


def test_a_task_type_that_names_a_kind_is_believed() -> None:
    kind, answers = read_answers("Say something.", ["The answer is 4."], "writing")
    assert kind == "open"
    assert answers[0].value is None


def test_initials_and_short_lists_are_no_options() -> None:
    assert options_of("A. Smith asked\nB. Jones") == {}
    assert set(options_of(QUESTION)) == set(OPTIONS)


@given(st.text(max_size=300), st.lists(st.text(max_size=300), max_size=4))
def test_no_text_whatsoever_makes_reading_fail(prompt: str, texts: list[str]) -> None:
    kind, answers = read_answers(prompt, texts)
    assert len(answers) == len(texts)
    assert all(answer.value is None for answer in answers) or kind != "open"
    read_option(prompt, OPTIONS)
