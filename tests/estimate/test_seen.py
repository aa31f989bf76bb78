"""What is known of an answer before it is sent, and nothing that is known only later."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from teppan.core.chat import ChatRequest, Choice, Completion, Usage, say
from teppan.core.trace import ModelCall, Remembered, Said, Shortened, Source, ToolRun, Trace
from teppan.core.verdict import Confidence, Judgement, Verdict, Violation
from teppan.estimate.seen import Seen, features, probabilities_of, seen_of

KNOWN_BEFORE = {
    "request": "what was asked",
    "answer": "the words that would be sent",
    "served": "whose words they are",
    "strategy": "how they were found",
    "language": "heard before anybody was asked",
    "replies": "what the members said",
    "evidence": "how they voted",
    "confidence": "what the strategy says",
    "verdict": "what the critic says",
    "guarded": "whether it kept the rules",
    "violations": "what drafts broke",
    "cache": "whether it was remembered",
    "remembered": "from what",
    "context": "what was looked up for it",
    "tools": "what was done for it",
}
"""Fields of a trace that a feature may look at. Whoever adds one must be sure that it is there
before the last word of an answer leaves, in a stream too: latency, cost and calls are not; what
people said and what came of it never are."""


def answer(text: str = "It is $55 for each adult.", **more: object) -> Completion:
    return Completion("m", (Choice(say("assistant", text), "stop", **more),))


def trace(**more: object) -> Trace:
    made = Trace(
        id="tr_1",
        tenant="local",
        key_id="k",
        started=1.0,
        asked="support",
        strategy="single",
        status="ok",
        served="vendor/model",
        request=ChatRequest(model="support", messages=(say("user", "What do 20 adults pay?"),)),
        answer=answer(),
    )
    return replace(made, **more)


LATER = {
    "id": "tr_9",
    "tenant": "other",
    "key_id": "other",
    "started": 9e9,
    "asked": "another name for the same",
    "status": "failed",
    "endpoint": "messages",
    "stream": True,
    "episode": "ep_9",
    "task_type": "a copy of what the request says",
    "error": "boom",
    "latency": 99.0,
    "overhead": 9.0,
    "first_token": 3.0,
    "calls": (
        ModelCall(id="c", trace_id="tr_1", model="x/y", role="single", outcome="failed", cost=9),
    ),
    "route": None,
    "plain_input": 10**6,
    "plain_output": 10**6,
    "release": "rel_9",
    "dropped": ("seed",),
    "escalated": ("anger",),
    "lessons": ("les_1",),
    "withheld": ("les_2",),
    "assessed": 0.01,
}
"""What every other field of a trace may become without that a feature changes."""


def test_every_field_of_a_trace_is_known_before_or_never_looked_at():
    names = {each.name for each in fields(Trace)}
    unjudged = names - set(KNOWN_BEFORE) - set(LATER)
    assert not unjudged, f"say of {sorted(unjudged)} whether it is known before an answer is sent"


@pytest.mark.parametrize("name", sorted(LATER))
def test_what_is_known_only_later_changes_nothing(name):
    before = seen_of(trace())
    assert seen_of(trace(**{name: LATER[name]})) == before


def test_what_is_seen_names_no_thing_of_later():
    names = {each.name for each in fields(Seen)}
    later = ("rating", "feedback", "outcome", "after", "correct", "latency", "cost", "escalat")
    assert not [name for name in names for word in later if word in name]


def test_a_trace_without_words_shows_nothing():
    assert seen_of(trace(request=None)) is None
    assert seen_of(trace(answer=None)) is None


def test_figures_that_are_not_known_are_left_out():
    figures, _ = features(seen_of(trace()))
    assert "share" not in figures
    assert "alike" not in figures
    assert "log probability" not in figures
    assert "sure by trust" not in figures


def test_everything_that_is_there_is_seen():
    verdict = Verdict(
        best="A", judgements=(Judgement("A", 0.9, ("late",), ("made up",)),), confidence=0.8
    )
    said = (Said("a/b", "member", "It is $55 for each adult."), Said("c/d", "member", "$60 each"))
    full = trace(
        replies=said,
        evidence={"share": 0.5},
        confidence=Confidence(0.7, "trust of the last model", 0.7),
        verdict=verdict,
        violations=(Violation("price", "high", "no"),),
        guarded="regenerated",
        cache="semantic",
        remembered=Remembered("e", similarity=0.93),
        context=Shortened(10, 10, sources=(Source("p", "d"),)),
        tools=(ToolRun(agent="a", tool="t", arguments="", status="failed", result=""),),
        answer=answer(logprobs={"content": [{"logprob": -0.5}, {"logprob": -1.5}]}),
    )
    figures, marks = features(seen_of(full))
    assert figures["share"] == 0.5
    assert figures["sure by trust"] == pytest.approx(math.log(0.7 / 0.3))
    assert figures["judged"] == 0.9
    assert figures["made up"] == 1.0
    assert figures["similarity"] == 0.93
    assert figures["sources"] == pytest.approx(math.log(2))
    assert figures["tools that failed"] == 1.0
    assert figures["log probability"] == -1.0
    assert figures["least log probability"] == -1.5
    assert figures["members"] == pytest.approx(math.log(2))
    assert {"guarded=regenerated", "cache=semantic", "basis=trust"} <= set(marks)


def test_figures_that_nobody_gave_are_counted():
    asked = ChatRequest(model="m", messages=(say("user", "Is 1,100 right for 20?"),))
    known, _ = features(seen_of(trace(request=asked, answer=answer("1100 for 20"))))
    new, _ = features(seen_of(trace(request=asked, answer=answer("1150 for 20"))))
    assert known["new figures"] == 0.0
    assert new["new figures"] > 0.0


@pytest.mark.parametrize(
    "text",
    ["I'm not sure, perhaps 50.", "Quizás 50.", "Vielleicht 50.", "大概五十。", "たぶん50です。"],
)
def test_doubt_is_heard_in_five_languages(text):
    figures, _ = features(seen_of(trace(answer=answer(text))))
    assert figures["hedges"] >= 1.0


def test_marks_hold_no_words_of_the_question():
    _, marks = features(seen_of(trace()))
    assert not [mark for mark in marks if "adults" in mark]


wire = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(wire | st.fixed_dictionaries({"content": wire}))
def test_log_probabilities_of_any_shape_are_finite_or_none(told):
    assert all(map(math.isfinite, probabilities_of(answer(logprobs=told))))


@given(st.text(), st.text(), st.floats() | st.none(), st.lists(st.text(), max_size=3))
def test_features_of_any_trace_are_finite(question, text, share, said):
    made = trace(
        request=ChatRequest(model="m", messages=(say("user", question),)),
        answer=replace(answer(text), usage=Usage()),
        evidence={"share": share},
        confidence=None if share is None else Confidence(share, "vote share", share),
        replies=tuple(Said("a/b", "member", each) for each in said),
    )
    figures, _ = features(seen_of(made))
    assert all(map(math.isfinite, figures.values()))
