"""What a router learns from: traces whose worth is known, and recorded answers with scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from teppan.core.chat import ChatRequest, say
from teppan.core.trace import Remembered, Route, Trace
from teppan.core.verdict import Confidence, Judgement, Verdict
from teppan.learn.evals.routing import embedded, joined, of_recordings, of_traces
from teppan.providers.replay import Prompt, Recorded, gather
from teppan.routing.asked import Asked


def trace(id: str, **fields: object) -> Trace:
    request = ChatRequest(model="teppan/auto", messages=(say("user", f"question {id}"),))
    given = {
        "tenant": "local",
        "key_id": "local",
        "started": 0.0,
        "asked": "teppan/auto",
        "strategy": "auto",
        "status": "ok",
        "served": "a/x",
        "request": request,
        "route": Route("a/x", "auto", "because", 0.25, {"served": "a/x"}),
    }
    return Trace(id=id, **{**given, **fields})


def test_what_people_said_goes_before_what_the_trace_says_of_itself() -> None:
    judged = Verdict(best="A", judgements=(Judgement("A", 0.9),))
    found = of_traces([trace("1", verdict=judged), trace("2", verdict=judged)], {"1": 0.25})
    assert [each.qualities for each in found.asked] == [{"a/x": 0.25}, {"a/x": 0.9}]
    assert (found.rated, found.judged) == (1, 1)
    assert found.asked[0].probability == 0.25
    assert found.asked[0].weight == 4.0


def test_traces_of_unknown_worth_teach_nothing() -> None:
    silent = [
        trace("1"),
        trace("2", confidence=Confidence(0.9, "trust", 0.9)),
        trace("3", status="failed"),
        trace("4", request=None),
        trace("5", remembered=Remembered("entry")),
    ]
    said = {each.id: 1.0 for each in silent if each.id in {"3", "4", "5"}}
    assert of_traces(silent, said).asked == ()


def test_the_answer_of_an_ensemble_is_the_ensembles() -> None:
    alone = Route("a/x", "single", "asked by name")
    panel = Route("teppan/consensus", "consensus", "asked by name")
    found = of_traces(
        [
            trace("1", route=alone, strategy="single"),
            trace("2", route=panel, asked="teppan/consensus", strategy="consensus"),
        ],
        {"1": 1.0, "2": 1.0},
    )
    assert [list(each.qualities) for each in found.asked] == [["a/x"], ["teppan/consensus"]]


def test_recorded_answers_with_scores_are_questions_with_every_model() -> None:
    rows = [
        Recorded("p1", "x", response="1", score=1.0, cost_usd=0.002),
        Recorded("p1", "y", response="2", score=0.0),
        Recorded("p2", "x", response="3"),
    ]
    prompts = {"p1": Prompt("p1", prompt="one?"), "p2": Prompt("p2", prompt="two?")}
    found = of_recordings([gather("mine", rows, prompts)])
    (only,) = found.asked
    assert (only.text, only.qualities, only.costs) == ("one?", {"x": 1.0, "y": 0.0}, {"x": 2000.0})
    assert joined(found, found).recorded == 2


async def test_questions_are_given_their_embeddings_in_order() -> None:
    async def embed(texts: Sequence[str]) -> np.ndarray:
        return np.array([[len(text), 1.0] for text in texts], np.float32)

    asked = [Asked("x" * size, {}) for size in range(150)]
    assert [int(each.vector[0]) for each in await embedded(asked, embed)] == list(range(150))
