"""Languages are told of short, half-typed texts too, and nothing is told of what says nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.routing.language import Languages, quiet

LANGUAGES = Languages(("en", "es", "zh", "ja"))
LANGUAGES.load()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ok but how much for kids", "en"),
        ("cuanto por los ninos", "es"),
        ("请问可以改时间吗", "zh"),
        ("預約需要訂金嗎", "zh"),
        ("予約可能？", "ja"),
        ("料金変更希望", "ja"),
        ("ikura desu ka", "ja"),
        ("can I get 照り焼き chicken for my kids", "en"),
        ("請問 hibachi catering 多少錢", "zh"),
        ("我的邮箱是dana.k@example.com", "zh"),
        ("优の良品在你们那有吗", "zh"),
    ],
)
def test_a_short_text_is_told(text: str, language: str) -> None:
    assert LANGUAGES.guess(text).language == language


@pytest.mark.parametrize(
    "text",
    ["", "12345", "2 pm", "Maria Gonzalez", "ana@example.com", "https://teppan.example", "🎉"],
)
def test_what_is_of_no_language_is_not_told(text: str) -> None:
    assert LANGUAGES.guess(text).language is None


def test_chinese_signs_that_could_be_either_are_never_clear() -> None:
    assert not LANGUAGES.guess("田中太郎").clear
    assert not LANGUAGES.guess("炒飯").clear


def test_a_language_that_nobody_expects_is_not_told() -> None:
    two = Languages(("en", "es"))
    assert two.guess("10人でいくらですか").language is None
    assert two.of("10人でいくらですか") == "en"


@pytest.mark.parametrize(
    "text", ["ok, thanks!", "Gracias", "谢谢 🙏", "ありがとうございます", "yes"]
)
def test_courtesies_are_quiet(text: str) -> None:
    assert quiet(text)


@pytest.mark.parametrize("text", ["thanks, how much?", "谢谢你们", "no quiero"])
def test_what_asks_is_not_quiet(text: str) -> None:
    assert not quiet(text)


@given(st.text(max_size=300))
def test_any_text_is_of_some_expected_language(text: str) -> None:
    assert LANGUAGES.of(text) in LANGUAGES.expected
