"""The official SDKs accept what the simulator says, as their own types, streamed and whole."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion
from openai.types.responses import Response
from pydantic import BaseModel

from teppan.simulate import Fleet

KEY = "simulated-key-1"
ASK = "What is the weather in Paris and Tokyo?"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SUM = "What is 17*23?"


class Total(BaseModel):
    answer: int


@pytest.fixture
async def openai(fleet: Fleet) -> AsyncIterator[AsyncOpenAI]:
    url = fleet.address("openai")
    async with AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture
async def anthropic(fleet: Fleet) -> AsyncIterator[AsyncAnthropic]:
    url = fleet.address("anthropic")
    async with AsyncAnthropic(base_url=url, api_key=KEY, max_retries=0) as client:
        yield client


async def test_chat_completions_are_valid_whole_and_streamed(openai: AsyncOpenAI) -> None:
    asked = [{"role": "user", "content": SUM}]
    whole = await openai.chat.completions.create(model="sim-gpt-large", messages=asked)
    ChatCompletion.model_validate(whole.model_dump())
    assert "391" in whole.choices[0].message.content
    assert whole.system_fingerprint == "simulated"
    stream = await openai.chat.completions.create(
        model="sim-gpt-large", messages=asked, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage


async def test_chat_tools_and_structured_output(openai: AsyncOpenAI) -> None:
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": CITY}}
    asked = [{"role": "user", "content": ASK}]
    async with openai.chat.completions.stream(
        model="sim-gpt-large", messages=asked, tools=[tool]
    ) as stream:
        async for _ in stream:
            pass
        message = (await stream.get_final_completion()).choices[0].message
    assert [call.function.arguments for call in message.tool_calls] == [
        '{"city":"Paris"}',
        '{"city":"Tokyo"}',
    ]
    parsed = await openai.chat.completions.parse(
        model="sim-gpt-large", messages=[{"role": "user", "content": SUM}], response_format=Total
    )
    assert parsed.choices[0].message.parsed == Total(answer=391)


async def test_responses_are_valid_whole_and_streamed(openai: AsyncOpenAI) -> None:
    asked = {"model": "sim-gpt-reason", "input": SUM, "include": ["reasoning.encrypted_content"]}
    whole = await openai.responses.create(**asked)
    Response.model_validate(whole.model_dump())
    assert "391" in whole.output_text
    assert whole.output[0].encrypted_content
    async with openai.responses.stream(**asked, reasoning={"summary": "auto"}) as stream:
        events = [event async for event in stream]
        final = await stream.get_final_response()
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert final.output_text == whole.output_text
    again = [{"role": "user", "content": SUM}, *(item.to_dict() for item in whole.output),
             {"role": "user", "content": "Repeat after me: thanks"}]  # fmt: skip
    assert (await openai.responses.create(model="sim-gpt-reason", input=again)).output_text


async def test_responses_call_tools(openai: AsyncOpenAI) -> None:
    tool = {"type": "function", "name": "get_weather", "parameters": CITY, "strict": False}
    first = await openai.responses.create(model="sim-gpt-reason", input=ASK, tools=[tool])
    calls = [item for item in first.output if item.type == "function_call"]
    assert len(calls) == 2
    results = [
        {"type": "function_call_output", "call_id": call.call_id, "output": '{"sky": "clear"}'}
        for call in calls
    ]
    items = [{"role": "user", "content": ASK}, *(o.to_dict() for o in first.output), *results]
    second = await openai.responses.create(model="sim-gpt-reason", input=items, tools=[tool])
    assert "sky clear" in second.output_text


async def test_messages_are_valid_whole_and_streamed(anthropic: AsyncAnthropic) -> None:
    asked = {
        "model": "sim-claude-large",
        "max_tokens": 500,
        "messages": [{"role": "user", "content": SUM}],
        "thinking": {"type": "adaptive"},
    }
    whole = await anthropic.messages.create(**asked)
    assert [block.type for block in whole.content] == ["thinking", "text"]
    assert "391" in whole.content[1].text
    async with anthropic.messages.stream(**asked) as stream:
        final = await stream.get_final_message()
    assert [block.to_dict() for block in final.content] == [b.to_dict() for b in whole.content]
    assert final.usage.output_tokens == whole.usage.output_tokens
    again = [*asked["messages"], {"role": "assistant", "content": final.content},
             {"role": "user", "content": "Repeat after me: thanks"}]  # fmt: skip
    assert (
        await anthropic.messages.create(**{**asked, "messages": again})
    ).stop_reason == "end_turn"


async def test_messages_call_tools_and_count_tokens(anthropic: AsyncAnthropic) -> None:
    tool = {"name": "get_weather", "description": "Weather of a city", "input_schema": CITY}
    asked = [{"role": "user", "content": ASK}]
    fields = {"model": "sim-claude-large", "tools": [tool]}
    async with anthropic.messages.stream(**fields, max_tokens=500, messages=asked) as stream:
        first = await stream.get_final_message()
    assert first.stop_reason == "tool_use"
    assert [block.input for block in first.content] == [{"city": "Paris"}, {"city": "Tokyo"}]
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": "clear"}
        for block in first.content
    ]
    more = [*asked, {"role": "assistant", "content": first.content},
            {"role": "user", "content": results}]  # fmt: skip
    second = await anthropic.messages.create(**fields, max_tokens=500, messages=more)
    assert "clear" in second.content[0].text
    counted = await anthropic.messages.count_tokens(**fields, messages=more)
    assert counted.input_tokens == second.usage.input_tokens


async def test_models_and_embeddings(openai: AsyncOpenAI, anthropic: AsyncAnthropic) -> None:
    assert {model.owned_by async for model in openai.models.list()} == {"simulated"}
    assert "sim-claude-large" in {model.id async for model in anthropic.models.list()}
    default = await openai.embeddings.create(model="sim-embed", input=["hello", "world"])
    plain = await openai.embeddings.create(
        model="sim-embed", input=["hello", "world"], encoding_format="float"
    )
    for left, right in zip(default.data, plain.data, strict=True):
        assert left.embedding == pytest.approx(right.embedding, abs=1e-6)
