"""A remembered answer as a stream: several pieces, the same answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.chat import Choice, Completion, Message, Reasoning, Text, TextDelta, Usage
from teppan.core.fold import fold
from teppan.serve.cache import told


def whole(text: str, logprobs: object = None) -> Completion:
    parts = (Reasoning("hm"), Text(text)) if text else (Reasoning("hm"),)
    choice = Choice(Message("assistant", parts), "stop", 0, logprobs)
    return Completion("m", (choice,), Usage(3, 4), "id", {"system_fingerprint": "f"})


@given(st.text(max_size=400))
def test_the_pieces_joined_are_the_answer(text: str) -> None:
    assert fold(told(whole(text))) == whole(text)


@pytest.mark.parametrize(
    "text", ["A sentence of quite ordinary words, told slowly. " * 4, "汉字" * 200, "x" * 1000]
)
def test_a_long_answer_comes_in_several_pieces(text: str) -> None:
    pieces = [each for each in told(whole(text)) if isinstance(each, TextDelta)]
    assert len(pieces) > 4
    assert "".join(piece.text for piece in pieces) == text


def test_pieces_are_cut_between_words() -> None:
    text = "Hibachi is cooked on an iron plate in front of the guests, who like it very much."
    pieces = [each.text for each in told(whole(text)) if isinstance(each, TextDelta)]
    assert all(piece.endswith(" ") for piece in pieces[:-1])


def test_probabilities_of_tokens_stay_with_their_text() -> None:
    told_once = [
        each for each in told(whole("word " * 50, {"content": []})) if isinstance(each, TextDelta)
    ]
    assert len(told_once) == 1
