"""The official `anthropic` package as a black-box client; its own types are the judge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anthropic
import pytest
from anthropic.types import Message

from scripted_gateway import ScriptedGateway, make_edge, serving
from teppan.core.chat import (
    ChatRequest,
    Finished,
    Reasoning,
    ReasoningDelta,
    Started,
    Text,
    TextDelta,
    ToolDelta,
    ToolResult,
    Usage,
    UsageSeen,
)
from teppan.core.errors import ProviderOverloaded, RateLimited, StreamIncomplete

QUESTION: Any = [{"role": "user", "content": "How much for ten?"}]
TOOLS: Any = [
    {
        "name": name,
        "description": "x",
        "input_schema": {"type": "object", "properties": {"guests": {"type": "integer"}}},
    }
    for name in ("price", "dates")
]
THOUGHT = [
    ReasoningDelta("two ", dialect="anthropic"),
    ReasoningDelta("things", dialect="anthropic"),
    ReasoningDelta(signature="proof", dialect="anthropic"),
]


def script(request: ChatRequest) -> list[Any]:
    begin = [Started("vendor-model"), UsageSeen(Usage(20, 1, 4, 2))]
    end = UsageSeen(Usage(20, 9, 4, 2, 3))
    by_name = {
        "limited": [RateLimited(retry_after=3)],
        "down": [ProviderOverloaded(provider="sim", upstream_status=529)],
        "breaks": [*begin, TextDelta("half"), StreamIncomplete()],
    }
    if request.model in by_name:
        return by_name[request.model]
    if request.tools:
        return [
            *begin,
            *THOUGHT,
            TextDelta("Let me see."),
            ToolDelta(0, '{"guests"', "call_a", "price"),
            ToolDelta(0, ":10}"),
            ToolDelta(1, '{"guests":10}', "call_b", "dates", "gs"),
            Finished("tool_calls"),
            end,
        ]
    return [*begin, TextDelta("Six "), TextDelta("hundred."), Finished("stop"), end]


@pytest.fixture
def gateway() -> ScriptedGateway:
    return ScriptedGateway(script)


@pytest.fixture(params=["2023-06-01", "2026-10-21"])
async def client(
    gateway: ScriptedGateway, request: pytest.FixtureRequest
) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with (
        serving(make_edge(gateway, keep_alive=0.05)) as address,
        anthropic.AsyncAnthropic(
            base_url=address,
            api_key="sk-any",
            max_retries=0,
            default_headers={"anthropic-version": request.param},
            _strict_response_validation=True,
        ) as made,
    ):
        yield made


async def test_a_whole_message(client: anthropic.AsyncAnthropic, gateway: ScriptedGateway) -> None:
    message = await client.messages.create(
        model="m", max_tokens=50, system="Be brief", messages=QUESTION, stop_sequences=["END"]
    )
    Message.model_validate(message.model_dump(), strict=True)
    assert message.content[0].text == "Six hundred."  # type: ignore[union-attr]
    assert (message.stop_reason, message.usage.input_tokens) == ("end_turn", 14)
    assert message.usage.cache_read_input_tokens == 4
    asked = gateway.requests[0]
    assert [each.role for each in asked.messages] == ["system", "user"]
    assert (asked.max_tokens, asked.stop) == (50, ("END",))


async def test_a_streamed_message(client: anthropic.AsyncAnthropic) -> None:
    async with client.messages.stream(model="m", max_tokens=50, messages=QUESTION) as stream:
        said = [text async for text in stream.text_stream]
        message = await stream.get_final_message()
    assert said == ["Six ", "hundred."]
    assert (message.stop_reason, message.usage.output_tokens) == ("end_turn", 9)


@pytest.mark.parametrize("streamed", [False, True])
async def test_thoughts_and_parallel_tools_survive_the_round_trip(
    client: anthropic.AsyncAnthropic, gateway: ScriptedGateway, streamed: bool
) -> None:
    asked: Any = {"model": "m", "max_tokens": 50, "messages": QUESTION, "tools": TOOLS}
    if streamed:
        async with client.messages.stream(**asked) as stream:
            message = await stream.get_final_message()
    else:
        message = await client.messages.create(**asked)
    assert [block.type for block in message.content] == [
        "thinking",
        "text",
        "tool_use",
        "tool_use",
    ]
    blocks: Any = [block.model_dump(exclude_none=True) for block in message.content]
    results: Any = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": "600"}
        for block in blocks
        if block["type"] == "tool_use"
    ]
    await client.messages.create(
        model="m",
        max_tokens=50,
        messages=[
            *QUESTION,
            {"role": "assistant", "content": blocks},
            {"role": "user", "content": [*results, {"type": "text", "text": "and?"}]},
        ],
    )
    _, turn, told, words = gateway.requests[1].messages
    assert turn.parts[0] == Reasoning("two things", "proof", dialect="anthropic")
    assert [(call.id, call.signature) for call in turn.tool_calls] == [
        ("call_a", None),
        ("call_b", "gs"),
    ]
    assert told.role == "tool"
    assert told.parts[1] == ToolResult("call_b", (Text("600"),))
    assert words.text == "and?"


async def test_tokens_are_counted(client: anthropic.AsyncAnthropic) -> None:
    few = await client.messages.count_tokens(model="m", messages=QUESTION)
    more = await client.messages.count_tokens(model="m", messages=QUESTION, tools=TOOLS)
    assert 0 < few.input_tokens < more.input_tokens


async def test_models_in_this_formats_shapes(client: anthropic.AsyncAnthropic) -> None:
    names = [model.id async for model in client.models.list()]
    assert names == ["support", "sim/one", "sim/org/two"]
    assert (await client.models.retrieve("support")).type == "model"
    with pytest.raises(anthropic.NotFoundError):
        await client.models.retrieve("none")


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("nowhere", anthropic.NotFoundError),
        ("limited", anthropic.RateLimitError),
        ("down", anthropic.InternalServerError),
    ],
)
async def test_errors_are_of_the_class_a_client_catches(
    client: anthropic.AsyncAnthropic, model: str, kind: type[anthropic.APIStatusError]
) -> None:
    with pytest.raises(kind) as caught:
        await client.messages.create(model=model, max_tokens=5, messages=QUESTION)
    assert caught.value.request_id


async def test_a_stream_that_breaks_raises(client: anthropic.AsyncAnthropic) -> None:
    with pytest.raises(anthropic.APIStatusError, match="cut off"):
        async with client.messages.stream(
            model="breaks", max_tokens=5, messages=QUESTION
        ) as stream:
            await stream.get_final_message()


async def test_a_limit_of_words_is_needed(client: anthropic.AsyncAnthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
        await client.post(
            "/v1/messages", body={"model": "m", "messages": QUESTION}, cast_to=Message
        )
