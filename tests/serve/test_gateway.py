"""One request, one trace, durable money; whatever goes wrong is told and recorded."""

from __future__ import annotations

import asyncio

import pytest

from serve.conftest import Opening
from teppan.core.chat import ChatRequest, TextDelta, say
from teppan.core.errors import (
    AllFailed,
    BadRequest,
    Forbidden,
    ModelNotFound,
    ProviderOverloaded,
    StoreError,
    StreamIncomplete,
    UnsupportedRequest,
)
from teppan.core.ids import LOCAL, Scope

ASKED = (say("user", "What is 6 * 7?"),)


def request(model: str, *, stream: bool = False) -> ChatRequest:
    return ChatRequest(model=model, messages=ASKED, stream=stream)


async def test_what_was_served_is_what_was_recorded(opening: Opening) -> None:
    setting = opening({"a": {"x": "42"}})
    answer = await setting.gateway.answer(request("a/x"), LOCAL)
    (trace,) = setting.memory.traces
    assert answer.completion is not None
    assert answer.completion.text == "42"
    assert (trace.status, trace.served, trace.release) == ("ok", "a/x", "rel_1")
    assert trace.answer == answer.completion
    assert answer.facts.cost == trace.cost == 20


async def test_the_sum_of_the_ledger_is_the_sum_of_the_calls(opening: Opening) -> None:
    setting = opening(
        {"a": {"x": "42", "y": "41"}, "b": {"z": "42"}},
        {"vote": {"strategy": "consensus", "models": ["a/x", "a/y", "b/z"]}},
    )
    answer = await setting.gateway.answer(request("vote"), LOCAL)
    rows = [call.cost for _, call in setting.memory.rows.values()]
    assert sum(cost or 0 for cost in rows) == answer.facts.cost == setting.memory.traces[0].cost


async def test_an_unknown_price_makes_the_cost_unknown_not_zero(opening: Opening) -> None:
    setting = opening({"unpriced": {"x": "42"}})
    answer = await setting.gateway.answer(request("unpriced/x"), LOCAL)
    assert answer.facts.cost is None


async def test_an_answer_whose_money_cannot_be_written_is_not_given(opening: Opening) -> None:
    setting = opening({"a": {"x": "42"}})
    setting.memory.broken = True
    with pytest.raises(StoreError):
        await setting.gateway.answer(request("a/x"), LOCAL)


async def test_money_is_durable_before_a_stream_ends(opening: Opening) -> None:
    setting = opening({"a": {"x": "forty two"}})
    answer = await setting.gateway.answer(request("a/x", stream=True), LOCAL)
    told = [delta async for delta in answer.deltas()]
    assert "".join(delta.text for delta in told if isinstance(delta, TextDelta)) == "forty two"
    assert len(setting.memory.rows) == 1
    assert setting.memory.traces[0].stream


async def test_a_cut_stream_is_an_error_and_recorded_as_incomplete(opening: Opening) -> None:
    setting = opening({"a": {"x": "forty two"}}, cut=True)
    answer = await setting.gateway.answer(request("a/x", stream=True), LOCAL)
    with pytest.raises(StreamIncomplete):
        [delta async for delta in answer.deltas()]
    await setting.gateway.recorder.drain()
    (trace,) = setting.memory.traces
    assert (trace.status, trace.answer) == ("incomplete", None)


async def test_a_failing_vendor_is_replaced_by_the_fallback_chain(opening: Opening) -> None:
    setting = opening({"a": {"x": ProviderOverloaded()}, "b": {"y": "42"}}, fallback=("b/y",))
    answer = await setting.gateway.answer(request("a/x"), LOCAL)
    assert answer.facts.model == "b/y"
    assert answer.facts.attempts == 2
    assert {call.outcome for _, call in setting.memory.rows.values()} == {"ok", "failed"}


async def test_a_failed_request_still_leaves_its_trace_and_its_money(opening: Opening) -> None:
    setting = opening({"a": {"x": ProviderOverloaded()}})
    with pytest.raises((AllFailed, ProviderOverloaded)):
        await setting.gateway.answer(request("a/x"), LOCAL)
    await setting.gateway.recorder.drain()
    assert setting.memory.traces[0].status == "failed"
    assert len(setting.memory.rows) == 1


async def test_a_client_that_leaves_cancels_the_upstream_call(opening: Opening) -> None:
    setting = opening({"a": {"x": 30.0}})
    asking = asyncio.create_task(setting.gateway.answer(request("a/x"), LOCAL))
    while not setting.vendors["a"].asked:
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await setting.gateway.recorder.drain()
    assert setting.vendors["a"].cancelled == 1
    assert setting.memory.traces[0].status == "cancelled"
    assert [call.outcome for _, call in setting.memory.rows.values()] == ["cancelled"]


async def test_a_client_that_leaves_a_stream_is_recorded_once(opening: Opening) -> None:
    setting = opening({"a": {"x": "forty two"}})
    answer = await setting.gateway.answer(request("a/x", stream=True), LOCAL)
    await answer.aclose()
    await answer.aclose()
    await setting.gateway.recorder.drain()
    assert [trace.status for trace in setting.memory.traces] == ["cancelled"]


async def test_a_key_reaches_only_its_models(opening: Opening) -> None:
    setting = opening({"a": {"x": "42"}})
    with pytest.raises(Forbidden, match="may not use"):
        await setting.gateway.answer(request("a/x"), Scope("t", "k", ("b/*",)))
    assert setting.vendors["a"].asked == []


async def test_an_unknown_model_names_the_nearest(opening: Opening) -> None:
    setting = opening({"alpha": {"great-model": "42"}})
    with pytest.raises(ModelNotFound, match="alpha/great-model"):
        await setting.gateway.answer(request("alpha/grate-model".replace("alpha/", "")), LOCAL)


async def test_an_empty_conversation_is_refused(opening: Opening) -> None:
    setting = opening({"a": {"x": "42"}})
    with pytest.raises(BadRequest) as caught:
        await setting.gateway.answer(ChatRequest(model="a/x", messages=()), LOCAL)
    assert caught.value.param == "messages"


async def test_a_virtual_model_speaks_under_its_prompt(opening: Opening) -> None:
    setting = opening(
        {"a": {"x": "42"}},
        {"helper": {"strategy": "single", "model": "a/x", "prompt": "main"}},
        prompts={"main": "You are kind."},
    )
    await setting.gateway.answer(request("helper"), LOCAL)
    ((_, seen),) = setting.vendors["a"].asked
    assert seen.messages[0] == say("system", "You are kind.")


async def test_virtual_models_nest_but_not_for_ever(opening: Opening) -> None:
    setting = opening(
        {"a": {"x": "42"}},
        {
            "one": {"strategy": "single", "model": "two"},
            "two": {"strategy": "single", "model": "a/x"},
            "loop": {"strategy": "single", "model": "loop"},
        },
    )
    answer = await setting.gateway.answer(request("one"), LOCAL)
    assert answer.completion is not None
    with pytest.raises((UnsupportedRequest, AllFailed)):
        await setting.gateway.answer(request("loop"), LOCAL)


async def test_embeddings_are_recorded_too(opening: Opening) -> None:
    setting = opening({"a": {"x": "unused"}})
    vectors, answer = await setting.gateway.embed(["one", "two"], request("a/x"), LOCAL)
    assert len(vectors.vectors) == 2
    assert answer.facts.model == "a/x"
    assert setting.memory.traces[0].endpoint == "embeddings"
