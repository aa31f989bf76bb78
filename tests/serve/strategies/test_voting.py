"""`consensus`, `weighted` and `sample`: what is grouped, what is weighed, when it stops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teppan.core.chat import ChatRequest, Message, ResponseFormat, Tool, ToolCall, say
from teppan.core.errors import AllFailed, ProviderOverloaded, Refused, UnsupportedRequest
from teppan.estimate.voters import VoterWeights
from teppan.serve.strategies.consensus import Consensus, ConsensusSettings
from teppan.serve.strategies.sample import Sample, SampleSettings
from teppan.serve.strategies.scripted import Says, ScriptedCall
from teppan.serve.strategies.weighted import Weighted, WeightedSettings

MATHS = ChatRequest(model="v", messages=(say("user", "6 x 7?"),), task_type="math")
OPEN = ChatRequest(model="v", messages=(say("user", "Why?"),), task_type="open")


async def by_first_word(texts):
    """An embedder for which texts with the same first word mean the same."""
    rows = np.zeros((len(texts), 256), dtype=np.float32)
    for at, text in enumerate(texts):
        rows[at, sum(text.split()[0].encode()) % 256] = 1.0
    return rows


def consensus(*models, **more):
    return Consensus(ConsensusSettings(models=models, **more), by_first_word)


async def test_equal_answers_in_other_words_are_one_vote():
    script = {"a": "The answer is 42.", "b": r"So \boxed{42}", "c": "The answer is 41."}
    outcome = await consensus("a", "b", "c").run(MATHS, ScriptedCall(script))
    assert outcome.reply.model == "a"
    assert outcome.evidence["groups"][0]["models"] == ["a", "b"]
    assert outcome.confidence.raw == pytest.approx(2 / 3)


async def test_open_answers_are_grouped_by_meaning_and_the_medoid_is_shown():
    script = {"a": "Rain fell", "b": "Sun shone long", "c": "Sun was out"}
    outcome = await consensus("a", "b", "c").run(OPEN, ScriptedCall(script))
    assert outcome.reply.model == "b"
    assert outcome.evidence["similarity"]["medoid"] in {"b", "c"}
    assert outcome.evidence["similarity"]["pairs"][1][2] == 1.0


async def test_weighted_follows_trust_not_heads():
    script = {"a": "The answer is 1", "b": "The answer is 1", "c": "The answer is 2"}
    call = ScriptedCall(script, trusts={"a": 0.2, "b": 0.2, "c": 0.9})
    outcome = await Weighted(WeightedSettings(models=("a", "b", "c"))).run(MATHS, call)
    assert outcome.reply.model == "c"


async def test_tool_calls_with_equal_arguments_are_one_vote():
    def calls(arguments):
        return Says(message=Message("assistant", (ToolCall("x", "quote", arguments),)))

    script = {"a": calls('{"n": 1, "d": 2}'), "b": calls('{"n": 3}'), "c": calls('{"d":2,"n":1.0}')}
    request = ChatRequest(model="v", messages=(say("user", "?"),), tools=(Tool("quote"),))
    outcome = await consensus("a", "b", "c").run(request, ScriptedCall(script))
    assert outcome.reply.completion.message.tool_calls[0].arguments == '{"n": 1, "d": 2}'
    assert len(outcome.evidence["groups"]) == 2


async def test_json_that_was_asked_for_is_compared_as_json():
    script = {"a": '{"x": 2}', "b": '{"x":1,"y":[1]}', "c": '{"y": [1], "x": 1}'}
    request = ChatRequest(
        model="v", messages=(say("user", "?"),), response_format=ResponseFormat("json_schema")
    )
    outcome = await consensus("a", "b", "c").run(request, ScriptedCall(script))
    assert outcome.reply.model == "b"


async def test_an_unreadable_answer_does_not_vote():
    script = {"a": "I cannot say, sorry, there is no telling", "b": "The answer is 7"}
    call = ScriptedCall(script, trusts={"a": 0.9, "b": 0.1})
    outcome = await consensus("a", "b").run(MATHS, call)
    assert outcome.reply.model == "b"


async def test_a_vote_can_speak_against_its_answer_but_never_for_silence():
    weights = VoterWeights(1.0, {"a": 0.5, "b": 0.4, "c": -0.3, "d": -0.2}, {}, 9)
    script = {"a": "1", "b": "2", "c": "1", "d": "no idea, there is nothing to say"}
    call = ScriptedCall(script, states={"voters": weights})
    outcome = await consensus("a", "b", "c", "d").run(MATHS, call)
    assert outcome.reply.text == "2"
    call = ScriptedCall({"c": "1", "d": script["d"]}, states={"voters": weights})
    assert (await consensus("c", "d").run(MATHS, call)).reply.text == "1"


async def test_the_straggler_is_cancelled_once_two_of_three_agree():
    script = {"a": "4", "b": "4", "c": Says("5", beats=99, cost=6)}
    call = ScriptedCall(script)
    outcome = await consensus("a", "b", "c").run(MATHS, call)
    assert outcome.reply.text == "4"
    assert call.asked("c")[0].outcome == "cancelled"
    assert outcome.evidence["cancelled"] == 1


async def test_a_quorum_is_enough():
    script = {"a": "4", "b": "5", "c": Says("5", beats=99)}
    call = ScriptedCall(script, trusts={"a": 0.6})
    outcome = await consensus("a", "b", "c", quorum=2).run(MATHS, call)
    assert outcome.reply.model == "a"


async def test_below_the_agreement_it_refuses_escalates_or_serves_as_told():
    script = {"a": "1", "b": "2", "c": "3", "expert": "4"}
    bar = {"min_agreement": 0.6}
    with pytest.raises(Refused, match="below the 60% that are required"):
        await consensus("a", "b", "c", below="refuse", **bar).run(MATHS, ScriptedCall(script))
    asking = consensus("a", "b", "c", below="escalate", escalate_to="expert", **bar)
    assert (await asking.run(MATHS, ScriptedCall(script))).reply.text == "4"
    served = await consensus("a", "b", "c", **bar).run(MATHS, ScriptedCall(script))
    assert served.reply.text == "1"


async def test_an_escalation_that_fails_leaves_the_best_there_is():
    script = {"a": "1", "b": "2", "expert": ProviderOverloaded("away")}
    asking = consensus("a", "b", below="escalate", escalate_to="expert", min_agreement=0.9)
    outcome = await asking.run(MATHS, ScriptedCall(script))
    assert outcome.reply.text == "1"
    assert "could not help: away" in outcome.reason


async def test_one_reply_left_is_served_with_lowered_confidence():
    down = ProviderOverloaded()
    whole = await consensus("a", "b", "c").run(MATHS, ScriptedCall(dict.fromkeys("abc", "4")))
    two = await consensus("a", "b", "c").run(MATHS, ScriptedCall({"a": "4", "b": "4", "c": down}))
    one = await consensus("a", "b", "c").run(MATHS, ScriptedCall({"a": "4", "b": down, "c": down}))
    assert one.reply.text == "4"
    assert one.confidence.value < two.confidence.value < whole.confidence.value
    assert len(one.evidence["failed"]) == 2


async def test_with_none_left_the_fallback_chain_runs():
    script = {"a": ProviderOverloaded("a"), "b": ProviderOverloaded("b"), "local": "still here"}
    settings = {"models": ("a", "b"), "fallback": ("local",)}
    outcome = await Consensus(ConsensusSettings(**settings)).run(MATHS, ScriptedCall(script))
    assert outcome.reply.text == "still here"
    with pytest.raises(AllFailed) as caught:
        await consensus("a", "b").run(MATHS, ScriptedCall(script))
    assert len(caught.value.causes) == 2


async def test_sample_asks_one_model_with_other_seeds_and_serves_the_most_frequent():
    answers = iter(["7", "8", "8"])
    call = ScriptedCall({"m": lambda request: Says(next(answers), beats=1)})
    outcome = await Sample(SampleSettings(model="m", n=3)).run(MATHS, call)
    assert outcome.reply.text == "8"
    assert len({each.request.seed for each in call.calls}) == 3
    assert {each.request.temperature for each in call.calls} == {0.8}
    assert {each.role for each in call.calls} == {"sample"}


async def test_an_ensemble_can_be_a_member_of_another():
    inner = consensus("a", "b", "c")
    script = {"inner": inner, "a": "1", "b": "2", "c": "2", "d": "2", "e": "1"}
    call = ScriptedCall(script, trusts={"inner": 0.9})
    outcome = await consensus("inner", "d", "e").run(MATHS, call)
    assert outcome.reply.text == "2"
    assert outcome.reply.model == "inner"


async def test_several_choices_are_refused_by_name():
    request = ChatRequest(model="v", messages=(say("user", "?"),), n=2)
    with pytest.raises(UnsupportedRequest) as caught:
        await consensus("a", "b").run(request, ScriptedCall({}))
    assert caught.value.param == "n"


MODELS = tuple("abcde")
panels = st.fixed_dictionaries(
    {
        model: st.tuples(
            st.sampled_from(["1", "2", "3", "Rain x", "Sun y", "down"]),
            st.integers(1, 12),
            st.sampled_from([-0.4, 0.0, 0.2, 0.5, 0.55, 0.9, 1.0]),
        )
        for model in MODELS
    }
)


@settings(max_examples=60, deadline=None)
@given(panels, st.sampled_from(["math", "open", None]), st.sampled_from([0.0, 0.5, 0.7]))
async def test_stopping_early_never_changes_the_outcome(panel, task, bar):
    """The same panel, asked so that all answer at once, comes to the same answer."""

    def script(beats):
        return {
            model: ProviderOverloaded("down") if says == "down" else Says(says, beats=beats or late)
            for model, (says, late, _) in panel.items()
        }

    request = ChatRequest(model="v", messages=(say("user", "6 x 7?"),), task_type=task)
    weights = {model: weight for model, (_, _, weight) in panel.items()}
    states = {"voters": VoterWeights(1.0, weights, {}, 9)}
    strategy = consensus(*MODELS, min_agreement=bar, below="refuse")
    ends = []
    for beats in (None, 1):
        try:
            outcome = await strategy.run(request, ScriptedCall(script(beats), states=states))
            ends.append(outcome.reply.text)
        except (Refused, AllFailed) as error:
            ends.append(type(error).__name__)
    assert ends[0] == ends[1]
