"""Words are the same on both sides, and plain letters in every index."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from teppan.knowledge.words import letters, terms, words


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_every_term_is_plain_letters(text: str) -> None:
    assert all(re.fullmatch("[a-z0-9]+", term) for term in terms(text))


def test_different_words_stay_different_as_letters() -> None:
    some = ["停车", "车场", "駐車", "adult", "ñu", "x", "ß"]
    assert len(set(letters(some))) == len(some)


def test_a_text_finds_itself_whatever_its_form() -> None:
    assert terms("ＣＡＦÉ Münchner 料金") == terms("cafe munchner 料金")
    assert words("すき焼き") == ["すき", "き焼", "焼き", "焼"]
    assert words("は") == ["は"]
