"""Whatever a critic writes, reading it never fails: it is a verdict, or the critic abstained."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teppan.core.verdict import NEEDS_IMPROVEMENT
from teppan.serve.strategies.verdict_json import read_verdict, verdict_format

NAMES = {"KV": "A", "QX": "B"}


def verdict(**more):
    whole = {
        "reason": "KV is right, QX is not",
        "responses": [
            {"label": "KV", "score": 0.9, "issues": []},
            {"label": "QX", "score": 0.2, "issues": ["wrong price"], "rule_violations": ["r1"]},
        ],
        "best": "KV",
        "consensus_score": 0.3,
        "agreement": "conflicting",
        "confidence": 0.8,
        "improvement": "",
    }
    return {**whole, **more}


def test_a_valid_verdict_is_read_whole_and_speaks_of_a_and_b():
    read = read_verdict(json.dumps(verdict()), NAMES)
    assert (read.best, read.consensus_score, read.agreement) == ("A", 0.3, "conflicting")
    assert [(each.label, each.score) for each in read.judgements] == [("A", 0.9), ("B", 0.2)]
    assert read.violations == ("r1",)
    assert read.reason == "A is right, B is not"


GOOD = json.dumps(verdict())


@pytest.mark.parametrize(
    "text",
    [
        f"Here is my verdict:\n```json\n{GOOD}\n```\nI hope it helps.",
        GOOD[:-1] + ",}",
        "Sure! " + GOOD,
        GOOD.replace('"', "'"),
        GOOD[:-1],
        GOOD.replace('"KV"', '"kv"'),
        GOOD.replace('"best": "KV"', '"best": "Answer KV"'),
        GOOD.replace("0.8", "NaN").replace("0.3", '"high"'),
    ],
)
def test_almost_json_is_mended_once(text):
    assert read_verdict(text, NAMES).best == "A"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I prefer the first answer.",
        "[]",
        "null",
        "{}",
        json.dumps(verdict(best="ZZ", responses=[])),
        json.dumps(verdict(best="A", responses=[])),
        json.dumps(verdict(best="KV or QX", responses=[])),
        json.dumps(verdict(best=None, responses=[{"label": "KV", "score": 0.9}])),
        '{"best": ' * 5000,
    ],
)
def test_a_verdict_without_a_winner_is_an_abstention(text):
    assert read_verdict(text, NAMES) is None


@pytest.mark.parametrize("score", [11, -1, float("nan"), "high", None, True, 10**400, [1]])
def test_a_score_that_is_no_share_says_nothing(score):
    rows = [{"label": "KV", "score": score}, {"label": "QX", "score": 0.4}]
    read = read_verdict(json.dumps(verdict(responses=rows, confidence=score)), NAMES)
    assert [each.label for each in read.judgements] == ["B"]
    assert read.confidence == 0.0


def test_without_a_named_best_the_highest_score_decides():
    assert read_verdict(json.dumps(verdict(best=7)), NAMES).best == "A"


def test_an_improvement_may_be_asked_for():
    told = verdict(best="needs improvement", improvement="Name the price KV gives")
    read = read_verdict(json.dumps(told), NAMES)
    assert (read.best, read.improvement) == (NEEDS_IMPROVEMENT, "Name the price A gives")


def test_the_schema_asks_for_exactly_the_labels_that_are_shown():
    form = verdict_format(["KV", "QX"])
    assert form.name == "verdict"
    assert form.schema["properties"]["best"]["enum"] == ["KV", "QX", NEEDS_IMPROVEMENT]
    assert set(form.schema["required"]) == set(form.schema["properties"])


words = st.sampled_from(
    ["KV", "QX", "A", "best", "NEEDS_IMPROVEMENT", "high", "", "0.5", "{", "```json", '"', "\ud800"]
) | st.text(max_size=12)
scalars = words | st.integers() | st.floats() | st.booleans() | st.none()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
FIELDS = [*verdict(), "label", "score"]
objects = st.dictionaries(st.sampled_from(FIELDS), values, max_size=8)


@st.composite
def bad_critics(draw):
    """Prose, fences, objects with any field of any type, cut and spoilt anywhere."""
    text = json.dumps(draw(objects | values | st.just(verdict())))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(words) + text[at + draw(st.integers(0, 3)) :]
    around = draw(st.sampled_from(["{}", "Well: {}.", "```json\n{}\n```", "{}{}", "{} ,]"]))
    return around.replace("{}", text)[: draw(st.integers(0, 3000))]


@settings(max_examples=100, deadline=None)
@given(bad_critics() | st.text(max_size=300))
def test_no_critic_can_break_the_reader(text):
    read = read_verdict(text, NAMES)
    if read is not None:
        assert read.best in {"A", "B", NEEDS_IMPROVEMENT}
        assert 0.0 <= read.confidence <= 1.0
        assert 0.0 <= read.consensus_score <= 1.0
        assert all(0.0 <= each.score <= 1.0 for each in read.judgements)
