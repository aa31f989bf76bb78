"""An answer is kept when it is whole, keeps the rules and somebody vouches for it; else it is told
why not."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from distil_desk import ENGLISH, Scores, task, trace
from teppan.core.chat import Choice, Completion, say
from teppan.core.signal import Score
from teppan.core.trace import ModelCall, Said, Trace
from teppan.core.verdict import Confidence, Judgement, Verdict, Violation
from teppan.learn.distil import same
from teppan.learn.distil.examples import example, valued
from teppan.learn.distil.sieve import Judged, Sieve, Wanted, authors
from teppan.learn.signals import terms_by
from teppan.routing.language import Languages

QUESTION = "What do 12 adults pay?"
RIGHT = "12 adults pay $660."
FINE = trace(QUESTION, RIGHT)
VERDICT = Verdict(best="A", judgements=(Judgement("A", 0.95), Judgement("B", 0.4)), critic="c/c")


def sieve(languages: Languages = ENGLISH, **wanted: Any) -> Sieve:
    terms = terms_by({"a": "free", "b": "own", "c": "restricted"})
    return Sieve(Wanted(**wanted), terms, languages)


def kinds(made: Trace, reference: str = "", **wanted: Any) -> list[str]:
    judged = sieve(**wanted).judge(task(QUESTION, reference=reference), made)
    assert judged.kept == (not judged.reasons)
    return [kind for kind, _ in judged.reasons]


def said(*texts: str) -> tuple[Said, ...]:
    return tuple(Said(f"b/{at}", "member", text) for at, text in enumerate(texts))


def ended(reason: Any, text: str = RIGHT, refusal: str | None = None) -> Trace:
    message = replace(say("assistant", text), refusal=refusal)
    return replace(FINE, answer=Completion("large", (Choice(message, reason),)))


def test_a_whole_answer_that_the_ensemble_is_sure_of_is_kept() -> None:
    judged = sieve().judge(task(QUESTION), replace(FINE, verdict=VERDICT))
    assert (judged.kept, judged.sure, judged.terms) == (True, 0.95, "free")


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (ended("length"), "cut"),
        (ended("tool_calls"), "cut"),
        (ended("stop", "  "), "cut"),
        (ended("refusal"), "refused"),
        (ended("content_filter"), "refused"),
        (ended("stop", refusal="No."), "refused"),
        (replace(FINE, status="incomplete"), "cut"),
        (replace(FINE, answer=None), "cut"),
        (replace(FINE, guarded="replaced"), "rules"),
        (replace(FINE, guarded="noted", violations=(Violation("r", "low", "x"),)), "rules"),
        (replace(FINE, escalated=("allergy",)), "rules"),
        (replace(FINE, confidence=Confidence(0.5, "critic", 0.5)), "confidence"),
        (replace(FINE, verdict=replace(VERDICT, best="NEEDS_IMPROVEMENT")), "critic"),
        (replace(FINE, verdict=replace(VERDICT, consistent=False)), "critic"),
        (replace(FINE, verdict=Verdict(best="A", judgements=(Judgement("A", 0.6),))), "critic"),
        (
            replace(
                FINE,
                verdict=Verdict(best="A", judgements=(Judgement("A", 0.9, (), ("a free gift",)),)),
            ),
            "critic",
        ),
        (replace(FINE, served="c/large"), "terms"),
        (replace(FINE, served="unheard/of"), "terms"),
        (replace(FINE, confidence=None), "unjudged"),
        (replace(FINE, replies=said(RIGHT, "It is $550.", "It is $600.")), "agreement"),
    ],
)
def test_what_is_wrong_with_an_answer_is_told(made: Trace, kind: str) -> None:
    assert kinds(made) == [kind]


def test_members_are_not_counted_where_a_critic_has_judged() -> None:
    assert kinds(replace(FINE, verdict=VERDICT, replies=said(RIGHT, "It is $550."))) == []
    failed = replace(VERDICT, fallback="no JSON")
    assert kinds(replace(FINE, verdict=failed, replies=said(RIGHT, "It is $550."))) == ["agreement"]


def test_a_reference_alone_decides_what_is_right() -> None:
    unsure = replace(FINE, confidence=Confidence(0.2, "critic", 0.2))
    assert kinds(unsure, reference="$660") == []
    assert kinds(FINE, reference="$605") == ["reference"]
    assert kinds(replace(unsure, guarded="replaced"), reference="$660") == ["rules"]


def test_one_model_alone_is_kept_only_where_that_is_wanted() -> None:
    trusted = replace(FINE, confidence=Confidence(0.95, "trust of the only reply", 0.95))
    assert kinds(trusted) == ["unjudged"]
    assert kinds(replace(FINE, confidence=None), unjudged=True) == []


def test_an_answer_in_another_language_is_not_kept() -> None:
    both = Languages(("en", "es"))
    both.load()
    spanish = trace(QUESTION, "Los 12 adultos pagan 660 dólares en total, con arroz y verduras.")
    reasons = sieve(both).judge(task(QUESTION), spanish).reasons
    assert [kind for kind, _ in reasons] == ["language"]


def test_an_answer_is_by_all_who_wrote_in_it_and_the_strictest_terms_hold() -> None:
    def call(model: str, role: Any) -> ModelCall:
        return ModelCall(id=model, trace_id="tr", model=model, role=role, outcome="ok")

    mixed = replace(
        FINE,
        calls=(call("a/large", "aggregator"), call("c/x", "critic")),
        replies=said("one", "two"),
    )
    assert authors(mixed) == ("a/large", "b/0", "b/1")
    assert sieve().judge(task(QUESTION), mixed).terms == "own"
    told = replace(FINE, calls=(call("c/x", "translation"),))
    assert "terms" in [kind for kind, _ in sieve().judge(task(QUESTION), told).reasons]


@pytest.mark.parametrize(
    ("one", "other", "alike", "against"),
    [
        ("12 adults at $55 each are $660.", "It comes to $660.", True, False),
        ("It is $660.", "It is $605.", False, True),
        ("That is $780: 12 x $55 and 4 x $30.", "$660 and $120, so $780 in all", False, False),
        ("Yes, we come to Davis.", "We do come to Davis.", True, False),
        ("We come to Davis.", "We do not come to Davis.", False, False),
        ("$1,100.00", "1100", True, False),
    ],
)
def test_whether_two_answers_say_the_same_or_contradict(
    one: str, other: str, alike: bool, against: bool
) -> None:
    assert same.same(QUESTION, one, other) == same.same(QUESTION, other, one) == alike
    assert same.against(QUESTION, one, other) == same.against(QUESTION, other, one) == against


@pytest.mark.parametrize(
    ("answer", "reference", "right"),
    [
        ("It is $660 with tax of $50.", "$660", True),
        ("It is $66.", "$660", False),
        ("Our menu has gyoza and edamame.", "gyoza", True),
        ("Our menu has edamame.", "gyoza", False),
    ],
)
def test_an_answer_agrees_with_a_reference_when_it_says_that_or_more(
    answer: str, reference: str, right: bool
) -> None:
    assert same.agrees(QUESTION, answer, reference) == right


def test_a_kept_answer_becomes_an_example_of_its_own_trace() -> None:
    made = replace(
        FINE,
        verdict=VERDICT,
        replies=said(RIGHT, "It is $605.", "They pay $660."),
        release="rel_1",
        language="en",
    )
    seed = task(QUESTION, intent="pricing", user="u1", episode="ep", trace_id="tr_seed")
    signal = example(seed, made, sieve().judge(seed, made), Scores())
    assert (signal.trace_id, signal.user, signal.episode) == (made.id, "u1", "ep")
    assert (signal.chosen, signal.rejected) == (RIGHT, ("It is $605.",))
    assert (signal.quality, signal.trains, signal.truth) == (0.95, True, None)
    assert (signal.provenance.source, signal.provenance.terms) == ("distilled", "free")
    assert (signal.provenance.model, signal.provenance.release) == ("a/large", "rel_1")
    assert (signal.intent, signal.language, signal.task_type) == ("pricing", "en", None)


def test_what_a_person_said_is_right_is_worth_all_that_the_caps_allow() -> None:
    judged = Judged((), 0.3)
    assert valued(Score(0.4), judged, true=True).value == 1.0
    assert valued(Score(0.4), judged, true=False).value == 0.3
    assert valued(Score(0.2, cap=0.25, capped="rule"), judged, true=True).value == 0.25
    assert valued(Score(0.4), Judged(), true=False).value == 0.4
