"""Personas answer right as often as their skill says, always the same way, and err together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulate.tables import question
from teppan.simulate import Bank, Persona
from teppan.simulate.mind import World, answer, is_right
from teppan.simulate.turn import Message, Tool, Turn

BANK = Bank(question(number) for number in range(800))
ONE = Persona(vendor="v", name="one", skill={"default": 0.7})
TWO = replace(ONE, name="two")
CITY = Tool("get_weather", "Weather of a city", {"type": "object", "properties": {}})


def ask(text: str, **fields: object) -> Turn:
    return Turn(model="m", messages=(Message("user", text),), **fields)  # type: ignore[arg-type]


def rights(persona: Persona, world: World) -> list[bool]:
    return [is_right(persona, one, ask(one.text), world) for one in BANK]


def correlation(left: list[bool], right: list[bool]) -> float:
    n = len(left)
    p, q = sum(left) / n, sum(right) / n
    both = sum(a and b for a, b in zip(left, right, strict=True)) / n
    return float((both - p * q) / ((p * (1 - p) * q * (1 - q)) ** 0.5))


def test_the_share_of_right_answers_is_the_skill() -> None:
    assert sum(rights(ONE, World(BANK))) / len(BANK) == pytest.approx(0.7, abs=0.04)


@pytest.mark.parametrize("stated", [0.0, 0.3, 0.8])
def test_errors_of_two_personas_are_correlated_as_stated(stated: float) -> None:
    world = World(BANK, correlation=stated)
    assert correlation(rights(ONE, world), rights(TWO, world)) == pytest.approx(stated, abs=0.08)


def test_the_same_seed_gives_the_same_answers_and_another_seed_others() -> None:
    assert rights(ONE, World(BANK, seed=3)) == rights(ONE, World(BANK, seed=3))
    assert rights(ONE, World(BANK, seed=3)) != rights(ONE, World(BANK, seed=4))


def test_facts_in_the_prompt_help() -> None:
    told = [
        is_right(ONE, one, replace(ask(one.text), messages=(
            Message("system", one.right[0]), Message("user", one.text))), World(BANK))
        for one in BANK
    ]  # fmt: skip
    assert sum(told) / len(BANK) == pytest.approx(0.7 + 0.3 * ONE.grounding, abs=0.04)


def test_a_systematic_mistake_is_always_made() -> None:
    wrong = replace(ONE, skill={"default": 1.0}, mistakes=("tables",))
    assert not any(rights(wrong, World(BANK)))


def test_only_a_temperature_makes_samples_differ() -> None:
    world = World(BANK)
    cold = {answer(ONE, ask(BANK.questions[5].text), world, 0).text for _ in range(9)}
    warm = {
        answer(ONE, ask(BANK.questions[5].text, temperature=1.0), world, n).text for n in range(9)
    }
    assert len(cold) == 1
    assert len(warm) > 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("what is 17*23?", "391"),
        ("What is 12 plus 30?", "42"),
        ("Repeat after me: tuna roll", "tuna roll"),
        ("Hello!", "Hello! How can I help you?"),
    ],
)
def test_sums_echoes_and_greetings_need_no_bank(asked: str, said: str) -> None:
    sure = replace(ONE, skill={"default": 1.0})
    assert said in str(answer(sure, ask(asked), World(Bank()), 0).text)


def test_a_fitting_tool_is_called_and_its_result_is_used() -> None:
    turn = ask("What is the weather in Paris?", tools=(CITY,))
    called = answer(ONE, turn, World(Bank()), 0)
    assert [call.name for call in called.tool_calls] == ["get_weather"]
    result = Message("tool", '{"sky": "clear"}', tool_name="get_weather")
    final = answer(ONE, replace(turn, messages=(*turn.messages, result)), World(Bank()), 0)
    assert "sky clear" in str(final.text)


@pytest.mark.parametrize("choice", ["none", "auto"])
def test_no_tool_is_called_without_need(choice: str) -> None:
    turn = ask("Repeat after me: hi", tools=(CITY,), tool_choice=choice)
    assert not answer(ONE, turn, World(Bank()), 0).tool_calls


def test_a_persona_is_weaker_in_the_languages_that_its_row_says() -> None:
    weak = replace(ONE, skill={"default": 1.0}, languages={"ja": 0.6})
    asked = [replace(one, language="ja") for one in BANK]
    right = [is_right(weak, one, ask(one.text), World(Bank(asked))) for one in asked]
    assert sum(right) / len(right) == pytest.approx(0.6, abs=0.05)
    assert all(is_right(weak, one, ask(one.text), World(BANK)) for one in BANK)


def test_answers_of_others_are_not_what_a_persona_was_told() -> None:
    told = [
        is_right(ONE, one, ask(f'<answer-1 id="A">{one.right[0]}</answer-1>'), World(BANK))
        for one in BANK
    ]
    assert told == rights(ONE, World(BANK))


def test_a_persona_that_thinks_again_may_answer_otherwise() -> None:
    review = Message("system", "<review-1>\n- a fact seems wrong\n</review-1>")
    again = [
        is_right(ONE, one, replace(ask(one.text), messages=(review, *ask(one.text).messages)),
                 World(BANK))
        for one in BANK
    ]  # fmt: skip
    first = rights(ONE, World(BANK))
    changed = sum(a != b for a, b in zip(first, again, strict=True)) / len(first)
    assert changed == pytest.approx(ONE.spread * 2 * 0.7 * 0.3, abs=0.05)
    assert sum(again) / len(again) == pytest.approx(0.7, abs=0.05)
