"""What a look is worth has parts, each with its reason in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learn.test_scoring import trace
from teppan.core.trace import Said
from teppan.core.verdict import NEEDS_IMPROVEMENT, Confidence, Judgement, Verdict, Violation
from teppan.learn.review.worth import Worth, confidence_of, worth


def sure(value: float) -> Any:
    return Confidence(value, "vote share", value)


def part(found: Worth, name: str) -> float | None:
    return next((each.value for each in found.parts if each.name == name), None)


def test_the_less_sure_the_more_a_look_is_worth() -> None:
    found = [worth(trace(confidence=sure(value))).value for value in (0.95, 0.7, 0.2)]
    assert found == sorted(found)
    assert "it was 20% sure of its answer" in worth(trace(confidence=sure(0.2))).reason


def test_what_was_expected_before_it_was_sent_counts_before_all() -> None:
    assert confidence_of(trace(confidence=sure(0.9), assessed=0.4)) == 0.4
    refused = Verdict(best=NEEDS_IMPROVEMENT)
    assert confidence_of(trace(verdict=refused, assessed=0.9)) == 0.3
    assert confidence_of(trace(verdict=refused)) == 0.3
    assert confidence_of(trace()) is None


def test_a_bad_word_about_a_sure_answer_is_worth_the_most() -> None:
    surprised = worth(trace(confidence=sure(0.95)), [0.0])
    expected = worth(trace(confidence=sure(0.95)), [1.0])
    assert surprised.value > 0.4 > 0.1 > expected.value
    assert surprised.reason.startswith("people did not like it though it was 95% sure")


def test_an_answer_that_broke_a_rule_is_worth_a_look() -> None:
    broken = (Violation("price", "high", "$45"),)
    replaced = worth(trace(guarded="replaced", violations=broken))
    noted = worth(trace(guarded="noted", violations=broken))
    assert replaced.value > noted.value > worth(trace(guarded="passed")).value == 0.0
    assert replaced.reason == "the safe answer stood in for one that broke a rule (price)"


def test_models_that_disagree_are_worth_a_look() -> None:
    same, other = Said("a/b", "member", "Adults pay $55."), Said("a/c", "member", "$65!")
    apart = worth(trace(replies=(same, other)))
    assert (part(apart, "disagreement") or 0) > (
        part(worth(trace(replies=(same, same))), "disagreement") or 0
    )
    judged = Verdict(
        best="A", consensus_score=0.2, judgements=(Judgement("A", 0.9), Judgement("B", 0.2))
    )
    assert part(worth(trace(verdict=judged)), "disagreement") == pytest.approx(0.8)


def test_what_is_far_from_all_that_was_seen_and_what_matters_is_said() -> None:
    found = worth(trace(), (), 0.0, "booking", {"booking": 1.0})
    assert "nothing like it was reviewed before" in found.reason
    assert "questions of booking matter" in found.reason
    assert worth(trace()).reason == "nothing speaks for it but chance"


@given(
    st.none() | st.floats(0, 1),
    st.lists(st.floats(0, 1), max_size=4),
    st.floats(0, 1),
    st.booleans(),
)
def test_it_is_between_nothing_and_all_and_no_reason_lowers_it(
    confidence: float | None, ratings: list[float], nearest: float, matters: bool
) -> None:
    answered = trace(confidence=None if confidence is None else sure(confidence))
    found = worth(answered, ratings, nearest, "menu", {"menu": 1.0} if matters else {})
    assert 0.0 <= found.value <= 1.0
    assert found.value >= worth(answered, (), 1.0).value - 1e-9
