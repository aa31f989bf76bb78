"""The official `openai` package as a black-box client; its own types are the judge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response
from pydantic import BaseModel

from scripted_gateway import ScriptedGateway, make_edge, serving
from teppan.core.chat import (
    ChatRequest,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolDelta,
    Usage,
    UsageSeen,
)
from teppan.core.errors import Forbidden, ProviderOverloaded, RateLimited, StreamIncomplete

USED = UsageSeen(Usage(20, 9, 4, 2, 3))
QUESTION: Any = [{"role": "user", "content": "How much for ten?"}]
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": "x",
            "parameters": {
                "type": "object",
                "properties": {"guests": {"type": "integer"}},
                "required": ["guests"],
                "additionalProperties": False,
            },
            "strict": True,
        },
    }
    for name in ("price", "dates")
]
FLAT_TOOLS: Any = [{"type": "function", **tool["function"]} for tool in TOOLS]


class Quote(BaseModel):
    dollars: int


def script(request: ChatRequest) -> list[Any]:
    """What the model does: calls tools when it has some, fills a schema when it must."""
    begin = [Started("vendor-model", "up-1", {"system_fingerprint": "fp_1"})]
    by_name = {
        "limited": [RateLimited(retry_after=3)],
        "forbidden": [Forbidden()],
        "down": [ProviderOverloaded(provider="sim", upstream_status=529)],
        "breaks": [*begin, TextDelta("half"), StreamIncomplete()],
        "refuses": [
            *begin,
            RefusalDelta("I will "),
            RefusalDelta("not"),
            Finished("refusal"),
            USED,
        ],
    }
    if request.model in by_name:
        return by_name[request.model]
    if request.tools:
        return [
            *begin,
            ReasoningDelta("two things", dialect="openai_chat"),
            ToolDelta(0, '{"guests"', "call_a", "price"),
            ToolDelta(0, ":10}"),
            ToolDelta(1, '{"guests":10}', "call_b", "dates"),
            Finished("tool_calls"),
            USED,
        ]
    if request.response_format is not None:
        return [*begin, TextDelta('{"dollars"'), TextDelta(":600}"), Finished("stop"), USED]
    return [*begin, TextDelta("Six "), TextDelta("hundred."), Finished("stop"), USED]


@pytest.fixture
def gateway() -> ScriptedGateway:
    return ScriptedGateway(script)


@pytest.fixture
async def client(gateway: ScriptedGateway) -> AsyncIterator[openai.AsyncOpenAI]:
    async with (
        serving(make_edge(gateway)) as address,
        openai.AsyncOpenAI(
            base_url=f"{address}/v1",
            api_key="sk-any",
            max_retries=0,
            _strict_response_validation=True,
        ) as made,
    ):
        yield made


async def test_a_whole_answer(client: openai.AsyncOpenAI, gateway: ScriptedGateway) -> None:
    answer = await client.chat.completions.create(model="m", messages=QUESTION)
    ChatCompletion.model_validate(answer.model_dump(), strict=True)
    assert answer.choices[0].message.content == "Six hundred."
    assert answer.system_fingerprint == "fp_1"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 29
    assert answer.id == "chatcmpl-1"
    assert gateway.requests[0].question == "How much for ten?"


async def test_a_streamed_answer_with_its_usage(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="m", messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk.model_dump(), strict=True)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    said = [chunk.choices[0].delta.content or "" for chunk in chunks[:-1]]
    assert "".join(said) == "Six hundred."


@pytest.mark.parametrize("streamed", [False, True])
async def test_parallel_tool_calls(client: openai.AsyncOpenAI, streamed: bool) -> None:
    if streamed:
        async with client.chat.completions.stream(
            model="m", messages=QUESTION, tools=TOOLS
        ) as stream:
            answer: Any = await stream.get_final_completion()
    else:
        answer = await client.chat.completions.create(model="m", messages=QUESTION, tools=TOOLS)
    calls = answer.choices[0].message.tool_calls
    assert answer.choices[0].finish_reason == "tool_calls"
    assert [call.function.name for call in calls] == ["price", "dates"]
    assert {call.function.arguments for call in calls} == {'{"guests":10}'}


async def test_tool_results_and_the_calls_before_them_come_back(
    client: openai.AsyncOpenAI, gateway: ScriptedGateway
) -> None:
    first = await client.chat.completions.create(model="m", messages=QUESTION, tools=TOOLS)
    said = first.choices[0].message.model_dump(exclude_none=True)
    results: Any = [
        {"role": "tool", "tool_call_id": call.id, "content": "600"}
        for call in first.choices[0].message.tool_calls or ()
    ]
    await client.chat.completions.create(model="m", messages=[*QUESTION, said, *results])
    told = gateway.requests[1].messages
    assert [call.id for call in told[1].tool_calls] == ["call_a", "call_b"]
    assert [message.role for message in told] == ["user", "assistant", "tool", "tool"]


async def test_structured_output(client: openai.AsyncOpenAI, gateway: ScriptedGateway) -> None:
    answer = await client.chat.completions.parse(
        model="m", messages=QUESTION, response_format=Quote
    )
    assert answer.choices[0].message.parsed == Quote(dollars=600)
    wanted = gateway.requests[0].response_format
    assert wanted is not None
    assert (wanted.kind, wanted.name, wanted.strict) == ("json_schema", "Quote", True)


async def test_a_refusal(client: openai.AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="refuses", messages=QUESTION)
    assert answer.choices[0].message.refusal == "I will not"
    response = await client.responses.create(model="refuses", input="x")
    part: Any = response.output[0]
    assert part.content[0].refusal == "I will not"


async def test_a_response(client: openai.AsyncOpenAI, gateway: ScriptedGateway) -> None:
    response = await client.responses.create(
        model="m", input="How much?", instructions="Be brief", temperature=0.5
    )
    Response.model_validate(response.model_dump())
    assert response.output_text == "Six hundred."
    assert (response.status, response.instructions) == ("completed", "Be brief")
    assert response.usage is not None
    assert response.usage.output_tokens_details.reasoning_tokens == 3
    assert [message.role for message in gateway.requests[0].messages] == ["system", "user"]


@pytest.mark.parametrize("streamed", [False, True])
async def test_tools_of_a_response_and_their_results(
    client: openai.AsyncOpenAI, gateway: ScriptedGateway, streamed: bool
) -> None:
    if streamed:
        async with client.responses.stream(model="m", input="x", tools=FLAT_TOOLS) as stream:
            kinds = [event.type async for event in stream]
            response: Any = await stream.get_final_response()
        assert kinds[:2] == ["response.created", "response.in_progress"]
        assert kinds[-1] == "response.completed"
    else:
        response = await client.responses.create(model="m", input="x", tools=FLAT_TOOLS)
    calls = [item for item in response.output if item.type == "function_call"]
    assert [(call.name, call.arguments) for call in calls] == [
        ("price", '{"guests":10}'),
        ("dates", '{"guests":10}'),
    ]
    items = [item.model_dump(exclude_none=True) for item in response.output]
    results: Any = [
        {"type": "function_call_output", "call_id": call.call_id, "output": "600"} for call in calls
    ]
    await client.responses.create(model="m", input=[*items, *results])
    told = gateway.requests[-1].messages
    assert [message.role for message in told] == ["assistant", "tool", "tool"]
    assert [call.id for call in told[0].tool_calls] == ["call_a", "call_b"]


async def test_structured_output_of_a_response(client: openai.AsyncOpenAI) -> None:
    response = await client.responses.parse(model="m", input="x", text_format=Quote)
    assert response.output_parsed == Quote(dollars=600)


async def test_what_needs_kept_conversations_is_refused_in_words(
    client: openai.AsyncOpenAI,
) -> None:
    with pytest.raises(openai.BadRequestError, match="send the whole input") as caught:
        await client.responses.create(model="m", input="x", previous_response_id="resp_1")
    assert caught.value.param == "previous_response_id"


async def test_embeddings_as_numbers_and_by_default_as_base64(
    client: openai.AsyncOpenAI,
) -> None:
    found = await client.embeddings.create(
        model="sim/embed", input=["a", "bb"], encoding_format="float"
    )
    assert [each.embedding for each in found.data] == [[1.0, 0.5, -1.0], [2.0, 0.5, -1.0]]
    async with openai.AsyncOpenAI(base_url=client.base_url, api_key="x", max_retries=0) as lenient:
        by_default = await lenient.embeddings.create(model="sim/embed", input="abc")
    assert list(by_default.data[0].embedding) == [3.0, 0.5, -1.0]


async def test_models(client: openai.AsyncOpenAI) -> None:
    names = [model.id async for model in client.models.list()]
    assert names == ["support", "sim/one", "sim/org/two"]
    assert (await client.models.retrieve("sim/org/two")).owned_by == "sim"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("sim/none")


@pytest.mark.parametrize(
    ("model", "kind", "code"),
    [
        ("nowhere", openai.NotFoundError, "model_not_found"),
        ("limited", openai.RateLimitError, "rate_limit_exceeded"),
        ("forbidden", openai.PermissionDeniedError, "forbidden"),
        ("down", openai.InternalServerError, "provider_overloaded"),
    ],
)
async def test_errors_are_of_the_class_a_client_catches(
    client: openai.AsyncOpenAI, model: str, kind: type[openai.APIStatusError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        await client.chat.completions.create(model=model, messages=QUESTION)
    assert caught.value.code == code
    assert caught.value.request_id


async def test_a_stream_that_breaks_raises(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(model="breaks", messages=QUESTION, stream=True)
    first = [await anext(stream) for _ in range(2)]
    assert [chunk.choices[0].delta.content for chunk in first] == ["", "half"]
    with pytest.raises(openai.APIError, match="cut off"):
        await anext(stream)
