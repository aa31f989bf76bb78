"""A score is made of what is known, says how much that was, and is capped by what went wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.chat import ChatRequest, Choice, Completion, say
from teppan.core.signal import PARTS, Part, PartName
from teppan.core.trace import Trace
from teppan.core.verdict import NEEDS_IMPROVEMENT, Judgement, Verdict, Violation
from teppan.learn.scoring import WEIGHTS, Heard, Scorer, summed
from teppan.routing.language import Languages

SCORER = Scorer(Languages(["en"]))


def trace(
    question: str = "What do adults pay?", answer: str = "Adults pay $55.", **more: Any
) -> Trace:
    return Trace(
        id="tr_1",
        tenant="anna",
        key_id="key_1",
        started=0.0,
        asked="shop/support",
        strategy="single",
        status=more.pop("status", "ok"),
        latency=more.pop("latency", 1.0),
        request=ChatRequest(model="shop/support", messages=(say("user", question),)),
        answer=Completion("m", (Choice(say("assistant", answer), "stop"),)),
        **more,
    )


def score(**heard: Any) -> Any:
    return SCORER.score(Heard(trace=heard.pop("of", trace()), **heard))


def test_the_parts_are_those_of_the_weights_and_missing_ones_give_theirs_away() -> None:
    found = score(ratings=[1.0])
    assert [each.name for each in found.parts] == list(PARTS)
    weights = {each.name: each.weight for each in found.parts}
    assert weights["outcome"] == weights["sentiment"] == 0.0
    assert sum(weights.values()) == pytest.approx(1.0)
    assert weights["feedback"] == pytest.approx(0.30 / 0.60)
    assert found.known == pytest.approx(0.60)


def test_what_people_said_and_what_came_of_it_move_it() -> None:
    good = score(ratings=[1.0, 1.0], outcomes={"booking": 1.0}, after=["Great, thank you!"])
    bad = score(ratings=[0.0, 0.0], outcomes={"abandoned": 1.0}, after=["That is terrible."])
    assert good.value > 0.85
    assert bad.value < 0.45
    assert good.known == pytest.approx(1.0)


def test_a_mood_that_rises_is_better_than_the_same_mood_that_falls() -> None:
    calm = "ok then"
    rises = score(before=["This is terrible!"], after=[calm]).part("sentiment").value
    falls = score(before=["This is wonderful!"], after=[calm]).part("sentiment").value
    assert rises > falls


def test_who_objects_calmly_is_heard_though_no_word_of_it_is_a_mood() -> None:
    objects = score(after=["I was told something different."]).part("sentiment")
    goes_on = score(after=["And what do children pay?"]).part("sentiment")
    assert objects.value < 0.2 < goes_on.value
    assert "told something different" in objects.why


def test_whoever_asks_again_was_not_answered() -> None:
    again = score(after=["What do adults pay??"]).part("efficiency")
    on = score(after=["Fine, and children?"]).part("efficiency")
    assert again.value < on.value
    assert "not asked again 0.00" in again.why


def test_a_contradiction_shows_in_coherence() -> None:
    assert score(answers=["Adults pay $65."]).part("coherence").value <= 0.25
    assert score(answers=["Children pay $30."]).part("coherence").value == 1.0


VERDICT = Verdict(best="A", judgements=(Judgement("A", 0.9, hallucinations=("made up",)),))


@pytest.mark.parametrize(
    ("of", "heard", "cap", "why"),
    [
        (trace(guarded="noted", violations=(Violation("r", "low", "x"),)), {}, 0.6, "rule r"),
        (trace(guarded="unchecked", violations=(Violation("r", "high", "x"),)), {}, 0.0, "rule r"),
        (trace(guarded="replaced"), {}, 0.0, "safe answer"),
        (trace(verdict=Verdict(best=NEEDS_IMPROVEMENT)), {}, 0.3, "critic"),
        (trace(verdict=VERDICT), {}, 0.4, "made up"),
        (trace(), {"corrected": "Adults are $55."}, 0.5, "anew"),
        (trace(status="incomplete"), {}, 0.0, "incomplete"),
    ],
)
def test_what_went_wrong_caps_it_however_it_was_liked(
    of: Trace, heard: dict[str, Any], cap: float, why: str
) -> None:
    found = score(of=of, ratings=[1.0], outcomes={"booking": 1.0}, **heard)
    assert found.cap == cap
    assert found.value <= cap
    assert why in found.capped


def test_a_draft_that_was_written_again_caps_nothing() -> None:
    mended = trace(guarded="regenerated", violations=(Violation("r", "high", "x", 1),))
    assert score(of=mended, ratings=[1.0]).cap == 1.0


def test_a_verdict_that_is_not_the_critics_own_caps_nothing() -> None:
    fallen = trace(verdict=Verdict(best=NEEDS_IMPROVEMENT, fallback="no JSON"))
    assert score(of=fallen).cap == 1.0


def test_a_trace_without_words_is_scored_by_the_rest() -> None:
    silent = trace().__class__(
        id="tr_1", tenant="a", key_id="k", started=0.0, asked="m", strategy="s", status="ok"
    )
    found = SCORER.score(Heard(trace=silent, ratings=[0.8]))
    assert found.part("coherence").value is None
    assert found.part("feedback").value == 0.8


VALUES = st.none() | st.floats(0, 1)


@given(st.lists(VALUES, min_size=5, max_size=5), st.floats(0, 1))
def test_a_score_lies_between_its_parts_and_under_its_cap(
    values: list[float | None], cap: float
) -> None:
    parts = [Part(name, value) for name, value in zip(PARTS, values, strict=True)]
    found = summed(parts, WEIGHTS, cap, "why")
    there = [each for each in values if each is not None]
    assert 0.0 <= found.value <= cap
    if there and cap == 1.0:
        assert min(there) - 1e-9 <= found.value <= max(there) + 1e-9
    assert sum(each.weight for each in found.parts) == pytest.approx(1.0 if there else 0.0)


@given(st.sampled_from(PARTS), st.floats(0, 1), st.floats(0, 1))
def test_a_better_part_never_makes_it_worse(name: PartName, low: float, high: float) -> None:
    def of(value: float) -> float:
        return summed([Part(each, value if each == name else 0.5) for each in PARTS], WEIGHTS).value

    assert of(min(low, high)) <= of(max(low, high))
