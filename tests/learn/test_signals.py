"""An example says where it comes from and why it may not train."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from learn.test_scoring import SCORER, trace
from teppan.core.signal import Signal
from teppan.core.trace import Said
from teppan.core.verdict import Judgement, Verdict, Violation
from teppan.learn.scoring import Heard, Reviewed
from teppan.learn.signals import Filters, signal_of, terms_by

TERMS = terms_by({"openllm": "free", "vendor": "restricted", "vendor/open": "own"})
LIKED: dict[str, Any] = {
    "ratings": [1.0],
    "outcomes": {"booking": 1.0},
    "after": ["Great, thank you!"],
}


def made(of: Any = None, **heard: Any) -> Signal | None:
    served = of or trace(served="openllm/small")
    whole = Heard(trace=served, **(heard or LIKED))
    return signal_of(whole, SCORER.score(whole), TERMS)


def blocked(of: Any = None, **heard: Any) -> str:
    found = made(of, **heard)
    assert found is not None
    return "; ".join(found.blocked)


def test_a_liked_answer_trains_and_names_whose_words_it_is() -> None:
    found = made(replace(trace(served="openllm/small"), release="rel_1"))
    assert found is not None
    assert found.trains
    assert found.chosen == "Adults pay $55."
    assert (found.provenance.model, found.provenance.terms) == ("openllm/small", "free")
    assert found.provenance.release == "rel_1"


def test_the_same_trace_makes_the_same_example() -> None:
    one, other = made(), made()
    assert one is not None
    assert one == other


@pytest.mark.parametrize(
    ("of", "heard", "why"),
    [
        (trace(served="vendor/large"), LIKED, "the terms of vendor/large are restricted"),
        (trace(served="who/knows"), LIKED, "unknown"),
        (None, {"outcomes": {"tool:quote": 1.0}, "after": ["Great!"]}, "no good outcome"),
        (None, {"ratings": [0.7]}, "below 0.90"),
        (trace(served="openllm/small", escalated=("asked",)), LIKED, "a person was called"),
    ],
)
def test_what_may_not_train_says_why(of: Any, heard: dict[str, Any], why: str) -> None:
    assert why in blocked(of, **heard)


def test_terms_of_a_model_count_more_than_its_vendors() -> None:
    assert made(trace(served="vendor/open")).trains  # type: ignore[union-attr]


def test_an_answer_that_broke_a_rule_is_not_even_collected() -> None:
    broken = trace(
        guarded="noted", violations=(Violation("r", "low", "x"),), served="openllm/small"
    )
    assert made(broken) is None


@pytest.mark.parametrize(
    "of",
    [
        replace(trace(), status="incomplete"),
        replace(trace(), request=None),
        trace(answer="  "),
    ],
)
def test_there_is_nothing_to_learn_from_half_an_answer(of: Any) -> None:
    assert made(of) is None


def test_a_correction_is_what_is_learned_and_the_answer_what_it_is_preferred_to() -> None:
    found = made(trace(served="vendor/large"), ratings=[0.0], corrected="Adults are $55 each.")
    assert found is not None
    assert found.trains
    assert (found.chosen, found.rejected) == ("Adults are $55 each.", ("Adults pay $55.",))
    assert found.provenance.source == "correction"


def test_answers_the_critic_found_clearly_worse_are_rejected_ones() -> None:
    verdict = Verdict(
        best="A", judgements=(Judgement("A", 0.9), Judgement("B", 0.2), Judgement("C", 0.85))
    )
    of = trace(
        served="openllm/small",
        verdict=verdict,
        evidence={"labels": {"A": "one", "B": "two", "C": "three"}},
        replies=(
            Said("one", "teacher", "Adults pay $55."),
            Said("two", "student", "Adults pay $45."),
            Said("three", "student", "It is $55."),
        ),
    )
    found = made(of)
    assert found is not None
    assert found.rejected == ("Adults pay $45.",)
    assert found.agreed == pytest.approx(1 / 3)


BEFORE = trace(served="openllm/small", escalated=("asked",))


def test_what_a_reviewer_approved_trains_whatever_a_critic_thought() -> None:
    doubted = replace(BEFORE, verdict=Verdict(best="NEEDS_IMPROVEMENT"))
    assert made(doubted, ratings=[0.0]) is None
    found = made(doubted, ratings=[0.0], reviewed=Reviewed("approved"), corrected="No: $60.")
    assert found is not None
    assert found.trains
    assert (found.chosen, found.truth) == ("Adults pay $55.", "Adults pay $55.")
    assert found.provenance.source == "review"
    assert found.quality >= 0.9


def test_approval_lifts_neither_terms_nor_rules() -> None:
    vendor = replace(BEFORE, served="vendor/large")
    assert blocked(vendor, reviewed=Reviewed("approved")) == (
        "the terms of vendor/large are restricted"
    )
    broken = replace(BEFORE, guarded="noted", violations=(Violation("price", "low", "$45"),))
    assert made(broken, reviewed=Reviewed("approved")) is None


def test_what_a_reviewer_wrote_anew_is_free_and_what_it_replaced_is_rejected() -> None:
    vendor = replace(BEFORE, served="vendor/large")
    found = made(vendor, reviewed=Reviewed("edited"), corrected="Adults are $55 each.")
    assert found is not None
    assert found.trains
    assert (found.chosen, found.rejected) == ("Adults are $55 each.", ("Adults pay $55.",))
    assert (found.provenance.terms, found.provenance.source) == ("free", "review")


def test_what_a_reviewer_rejected_never_trains() -> None:
    assert made(**LIKED, reviewed=Reviewed("rejected")) is None
    offered = Reviewed("rejected", "Adults are $55.", "openllm/critic")
    found = made(**LIKED, reviewed=offered)
    assert found is not None
    assert (found.chosen, found.rejected) == ("Adults are $55.", ("Adults pay $55.",))
    assert found.provenance.model == "openllm/critic"
    assert found.blocked == (
        "a reviewer rejected the answer, and nobody approved what was suggested",
    )
    lenient = signal_of(
        whole := Heard(trace=BEFORE, reviewed=Reviewed("rejected")),
        SCORER.score(whole),
        TERMS,
        Filters(collect=0.0, train=0.0),
    )
    assert lenient is not None
    assert "a reviewer rejected it" in lenient.blocked
