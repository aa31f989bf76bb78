"""Figures and negation decide where similarity would be fooled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.estimate.guards import figures, negates, relation


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("That comes to $1,100.", {"1100"}),
        ("20 adults at $55 are $1.100,50", {"20", "55", "1100.5"}),
        ("007 and 0.50", {"7", "0.5"}),
        ("no figure", set()),
    ],
)
def test_figures_are_read_without_their_dress(text: str, found: set[str]) -> None:
    assert figures(text) == found


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("It is $45.", "It is $55.", "conflict"),
        ("That comes to $1,100.", "20 adults at $55 are $1100.", "agree"),
        ("Yes, that works.", "No, that does not work.", "conflict"),
        ("Not in the living room.", "Never inside a closed room.", "silent"),
        ("It is $45.", "It depends.", "silent"),
    ],
)
def test_two_answers_agree_conflict_or_leave_it_to_meaning(
    one: str, other: str, expected: str
) -> None:
    assert relation(one, other) == expected


@given(st.text(), st.text())
def test_the_relation_is_symmetric(one: str, other: str) -> None:
    assert relation(one, other) == relation(other, one)


@given(st.text())
def test_a_text_never_conflicts_with_itself(text: str) -> None:
    assert relation(text, text) != "conflict"


def test_negation_is_seen_in_contractions() -> None:
    assert negates("We don't do that")
    assert not negates("We do that")
