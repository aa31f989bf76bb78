"""`single`, `fallback` and `specialist` pass one model's answer through, live."""

import pytest

from teppan.core.chat import ChatRequest, say
from teppan.core.errors import (
    AllFailed,
    ProviderBadRequest,
    ProviderContextTooLong,
    ProviderOverloaded,
    ProviderRateLimited,
)
from teppan.core.fold import Fold
from teppan.serve.strategies.fallback import Fallback, FallbackSettings
from teppan.serve.strategies.scripted import ScriptedCall
from teppan.serve.strategies.single import Single, SingleSettings
from teppan.serve.strategies.specialist import Specialist, SpecialistSettings

REQUEST = ChatRequest(model="virtual", messages=(say("user", "hello?"),))
LIVE = ChatRequest(model="virtual", messages=(say("user", "hello?"),), stream=True, n=3)


async def test_single_streams_what_the_model_says_and_lets_n_through():
    call = ScriptedCall({"m": "one two"}, trusts={"m": 0.9})
    outcome = await Single(SingleSettings(model="m")).run(LIVE, call)
    folded = Fold()
    async for delta in outcome.reply.deltas():
        folded.add(delta)
    assert folded.completion().text == "one two"
    assert call.asked("m")[0].request.n == 3
    assert outcome.confidence.value == 0.9
    assert outcome.replies == ()


async def test_fallback_goes_down_the_list_until_one_answers():
    script = {"a": ProviderOverloaded("a down"), "b": ProviderRateLimited("b"), "c": "here"}
    strategy = Fallback(FallbackSettings(models=("a", "b", "c", "d")))
    call = ScriptedCall(script)
    outcome = await strategy.run(REQUEST, call)
    assert outcome.reply.text == "here"
    assert [(each.model, each.role) for each in call.calls] == [
        ("a", "single"),
        ("b", "fallback"),
        ("c", "fallback"),
    ]
    assert [each["model"] for each in outcome.evidence["failed"]] == ["a", "b"]


async def test_a_request_that_is_invalid_everywhere_is_not_tried_elsewhere():
    call = ScriptedCall({"a": ProviderBadRequest("no such field"), "b": "never"})
    with pytest.raises(ProviderBadRequest):
        await Fallback(FallbackSettings(models=("a", "b"))).run(REQUEST, call)
    assert call.asked("b") == []


async def test_a_context_too_long_for_one_model_is_tried_on_the_next():
    call = ScriptedCall({"small": ProviderContextTooLong(), "large": "fits"})
    outcome = await Fallback(FallbackSettings(models=("small", "large"))).run(REQUEST, call)
    assert outcome.reply.text == "fits"


async def test_when_all_fail_the_error_names_every_cause_and_takes_the_last_status():
    script = {"a": ProviderOverloaded("a down"), "b": ProviderRateLimited("b", retry_after=3)}
    with pytest.raises(AllFailed, match="a down; b") as caught:
        await Fallback(FallbackSettings(models=("a", "b"))).run(REQUEST, ScriptedCall(script))
    assert [error.message for error in caught.value.causes] == ["a down", "b"]
    assert (caught.value.status, caught.value.retry_after) == (429, 3)


SPECIALISTS = SpecialistSettings(specialists={"code": "coder"}, default="all-round")


async def test_the_specialist_of_the_task_answers():
    call = ScriptedCall({"coder": "def f", "all-round": "hm"})
    request = ChatRequest(model="v", messages=(say("user", "?"),), task_type="code")
    outcome = await Specialist(SPECIALISTS).run(request, call)
    assert outcome.reply.text == "def f"
    assert outcome.reason == "coder is the specialist for code"


async def test_the_default_answers_other_tasks_and_stands_in_for_the_specialist():
    call = ScriptedCall({"coder": ProviderOverloaded(), "all-round": "hm"})
    request = ChatRequest(model="v", messages=(say("user", "?"),), task_type="code")
    assert (await Specialist(SPECIALISTS).run(request, call)).reply.text == "hm"
    assert (await Specialist(SPECIALISTS).run(REQUEST, call)).reply.text == "hm"
    assert [each.model for each in call.calls] == ["coder", "all-round", "all-round"]
