"""The embedder that needs nothing sees spelling: near-identical texts are near."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.providers.embed import HashingEmbedder

EMBEDDER = HashingEmbedder()


@given(st.lists(st.text(max_size=200), max_size=4))
def test_every_text_is_a_row_of_length_one_or_nothing(texts: list[str]) -> None:
    rows = EMBEDDER.vectors(texts)
    assert rows.shape == (len(texts), EMBEDDER.dimensions)
    for row in rows:
        length = float(np.linalg.norm(row))
        assert length == pytest.approx(1.0, abs=1e-5) or length == 0.0


def test_the_same_words_in_another_order_are_the_same_and_other_words_are_not() -> None:
    one, other, different = EMBEDDER.vectors(
        ["We serve steak and shrimp.", "and shrimp we serve steak .", "The deposit is refundable"]
    )
    assert one @ other == pytest.approx(1.0, abs=1e-5)
    assert one @ different < 0.4


def test_a_near_copy_is_nearer_than_another_answer() -> None:
    one, copy, other = EMBEDDER.vectors(
        ["It costs $55 per adult", "It costs $55 for each adult", "Children under five eat free"]
    )
    assert one @ copy > one @ other
