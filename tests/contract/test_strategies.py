"""What every strategy keeps, whatever it does."""

import asyncio
import json

import pytest

from teppan.core.chat import ChatRequest, say
from teppan.core.errors import AllFailed, ProviderOverloaded
from teppan.core.reply import Reply
from teppan.serve.strategies.registry import STRATEGIES, build
from teppan.serve.strategies.scripted import HANGS, Live, ScriptedCall

SETTINGS = {
    "single": {"model": "a", "fallback": ["last"]},
    "fallback": {"models": ["a", "b", "last"]},
    "specialist": {"specialists": {"code": "a"}, "default": "b", "fallback": ["last"]},
    "best_of_n": {"models": ["a", "b", "c"], "judge": "judge", "fallback": ["last"]},
    "weighted": {"models": ["a", "b", "c"], "fallback": ["last"]},
    "consensus": {"models": ["a", "b", "c"], "fallback": ["last"]},
    "critic": {"teacher": "a", "student": "b", "critic": "judge", "fallback": ["last"]},
    "cascade": {"models": ["a", "b", "c"], "critic": "judge", "fallback": ["last"]},
    "mixture": {"models": ["a", "b", "c"], "aggregator": "top", "fallback": ["last"]},
    "sample": {"model": "a", "n": 3, "fallback": ["last"]},
    "auto": {"simple": "a", "medium": "b", "complex": "c", "fallback": ["last"]},
}
ANSWERS = {"a": "one", "b": "two", "c": "three", "judge": "none", "top": "all", "last": "still"}
MEMBERS = ("a", "b", "c", "top")
REQUEST = ChatRequest(model="v", messages=(say("user", "Why?"),))
DOWN = ProviderOverloaded("down")

every_strategy = pytest.mark.parametrize("name", STRATEGIES)


@every_strategy
async def test_an_answer_comes_with_its_reason_and_a_confidence_between_0_and_1(name):
    outcome = await build(name, SETTINGS[name]).run(REQUEST, ScriptedCall(ANSWERS))
    assert outcome.reply.text in ANSWERS.values()
    assert outcome.reason
    assert 0.0 <= outcome.confidence.value <= 1.0
    assert outcome.confidence.basis


@every_strategy
async def test_the_evidence_is_json(name):
    outcome = await build(name, SETTINGS[name]).run(REQUEST, ScriptedCall(ANSWERS))
    json.dumps(outcome.evidence, allow_nan=False)


@every_strategy
async def test_the_chosen_whole_reply_is_among_the_replies(name):
    outcome = await build(name, SETTINGS[name]).run(REQUEST, ScriptedCall(ANSWERS))
    assert outcome.reply in outcome.replies


@every_strategy
async def test_no_single_member_that_fails_fails_the_request(name):
    for member in MEMBERS:
        call = ScriptedCall({**ANSWERS, member: DOWN})
        assert (await build(name, SETTINGS[name]).run(REQUEST, call)).reply.text


@every_strategy
async def test_when_every_member_fails_the_fallback_answers(name):
    call = ScriptedCall({**dict.fromkeys(MEMBERS, DOWN), "judge": DOWN, "last": "still"})
    assert (await build(name, SETTINGS[name]).run(REQUEST, call)).reply.text == "still"


@every_strategy
async def test_when_all_fail_every_cause_is_told(name):
    call = ScriptedCall(dict.fromkeys(ANSWERS, DOWN))
    with pytest.raises(AllFailed) as caught:
        await build(name, SETTINGS[name]).run(REQUEST, call)
    assert len(caught.value.causes) == len(call.calls)
    assert caught.value.status == DOWN.status


@every_strategy
async def test_when_the_client_leaves_every_call_is_cancelled_and_nothing_runs_on(name):
    call = ScriptedCall({**ANSWERS, **dict.fromkeys(MEMBERS, HANGS)})
    run = asyncio.create_task(build(name, SETTINGS[name]).run(REQUEST, call))
    await asyncio.sleep(0.01)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert {each.outcome for each in call.calls} == {"cancelled"}
    assert len(asyncio.all_tasks()) == 1


@every_strategy
async def test_one_strategy_serves_many_requests_at_once(name):
    strategy = build(name, SETTINGS[name])
    calls = [ScriptedCall({key: f"{key} {n}" for key in ANSWERS}) for n in range(8)]
    outcomes = await asyncio.gather(*(strategy.run(REQUEST, call) for call in calls))
    assert [outcome.reply.text.split()[1] for outcome in outcomes] == [str(n) for n in range(8)]


@every_strategy
async def test_it_can_be_a_member_of_another_strategy(name):
    inner = build(name, SETTINGS[name])
    outer = build("consensus", {"models": ["inner", "x"], "alike": 0.9})
    call = ScriptedCall({**ANSWERS, "inner": inner, "x": "none of them"}, trusts={"inner": 0.9})
    outcome = await outer.run(REQUEST, call)
    assert (outcome.reply.model, isinstance(outcome.reply, Reply)) == ("inner", True)


@every_strategy
async def test_a_streaming_client_gets_a_whole_reply_or_a_live_one(name):
    request = ChatRequest(model="v", messages=REQUEST.messages, stream=True)
    outcome = await build(name, SETTINGS[name]).run(request, ScriptedCall(ANSWERS))
    live = name in {"single", "fallback", "specialist", "mixture", "auto"}
    assert isinstance(outcome.reply, Live if live else Reply)
