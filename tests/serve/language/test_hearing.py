"""A conversation keeps its language until the customer clearly changes it, or asks for another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.chat import ChatRequest, say
from teppan.core.ids import Scope
from teppan.routing.language import Languages
from teppan.serve.language.hearing import language_of, wish
from teppan.serve.language.interpreter import Interpreter

LANGUAGES = Languages(("en", "es", "zh", "ja"))
LANGUAGES.load()
ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")
ENGLISH, SPANISH = "How much is it for ten people?", "¿Cuánto cuesta para diez personas?"


def asked(*said: str, episode: str | None = None) -> ChatRequest:
    messages = tuple(say("user", each) for each in said)
    return ChatRequest(model="m", messages=messages, episode=episode)


def told(*said: str) -> str:
    return language_of(asked(*said), LANGUAGES).language


@pytest.mark.parametrize(
    "short",
    ["ok", "2 pm", "20", "Maria Lopez", "ana@example.com", "Yes!", "thanks", "👍", "lobster"],
)
def test_what_says_little_keeps_the_language(short: str) -> None:
    assert told(SPANISH, short) == "es"
    assert told("10人でいくらですか？", short) == "ja"


def test_a_clear_message_changes_the_language() -> None:
    assert told(ENGLISH, "¿Y para veinte cuánto sería?") == "es"
    assert told(SPANISH, "Can my wife ask you about the menu?") == "en"
    assert told(ENGLISH, "那我太太的朋友可以一起来吗") == "zh"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("in English please", "en"),
        ("en español por favor", "es"),
        ("请用中文", "zh"),
        ("日本語でお願いします", "ja"),
        ("¿puede responder en inglés?", "en"),
        ("Can you answer in Japanese?", "ja"),
        ("Spanish please", "es"),
    ],
)
def test_a_wish_decides(text: str, language: str) -> None:
    assert told(ENGLISH, text) == language
    assert told(SPANISH, text, "ok") == language


@pytest.mark.parametrize(
    "text",
    [
        "Do your chefs speak Spanish?",
        "How do you say chicken in Spanish?",
        "Is there a menu in Spanish",
        "厨师会说中文吗",
        "日本語で話せるシェフはいますか",
        "Ich möchte eine Antwort auf Deutsch",
    ],
)
def test_naming_a_language_is_no_wish(text: str) -> None:
    assert wish(text, LANGUAGES.expected) is None


def test_a_wish_holds_while_the_customer_goes_on_as_before() -> None:
    wished = (SPANISH, "responde en inglés, por favor")
    assert told(*wished, "¿y los niños cuánto pagan?") == "en"
    assert told(*wished, "我们可以改时间吗", "要带桌子吗？") == "zh"


@pytest.mark.parametrize(
    "text",
    [
        "What does she want?\n\n> Hola, ¿pueden venir a nuestra casa el sábado?",
        'What is "Nos gustaría reservar para el sábado por la noche" about?',
        "Please look at this:\n\nFrom: luis@example.com\nHola, quiero una cena para veinte.",
        "Can you help me with this?\n\nHola, nos gustaría una cena para veinte personas en casa.",
    ],
)
def test_what_is_quoted_does_not_change_the_language(text: str) -> None:
    assert told(ENGLISH, text) == "en"
    assert told(text) == "en"


def test_a_client_that_sends_only_the_newest_message_is_known_by_its_episode() -> None:
    ear = Interpreter(LANGUAGES)
    assert ear.language(asked(SPANISH, episode="e1"), ANNA) == "es"
    assert ear.language(asked("ok", episode="e1"), ANNA) == "es"
    assert ear.language(asked("ok", episode="e2"), ANNA) == "en"
    assert ear.language(asked("ok", episode="e1"), BEN) == "en"


def test_the_same_message_heard_again_changes_nothing() -> None:
    ear = Interpreter(LANGUAGES)
    ear.hear(asked(SPANISH, episode="e1"), ANNA)
    ear.hear(asked("in English please", episode="e1"), ANNA)
    third = asked("那我们可以改时间吗", episode="e1")
    assert [ear.language(third, ANNA) for _ in range(3)] == ["en"] * 3


@given(st.lists(st.text(max_size=80), max_size=6))
def test_any_conversation_is_held_in_an_expected_language(said: list[str]) -> None:
    assert told(*said) in LANGUAGES.expected
