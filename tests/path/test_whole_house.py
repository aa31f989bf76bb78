"""Official clients, the real gateway, the real ledger, simulated vendors of every dialect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from pydantic import BaseModel

from teppan.build import House
from teppan.cli.demo import packaged, simulated_settings
from teppan.core.ids import LOCAL
from teppan.server.process import running
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings

MODELS = (
    "openai/sim-gpt-small",
    "anthropic/sim-claude-small",
    "google/sim-gemini-flash",
    "mistral/sim-mistral-small",
)
QUESTION: Any = [{"role": "user", "content": "What is 6 times 7?"}]
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "price",
            "description": "The price for so many guests",
            "parameters": {
                "type": "object",
                "properties": {"guests": {"type": "integer"}},
                "required": ["guests"],
            },
        },
    }
]


class Sum(BaseModel):
    total: int


@pytest.fixture
async def fleet() -> AsyncIterator[Fleet]:
    async with Fleet(FleetSettings(speed=0)) as made:
        yield made


@pytest.fixture
async def house(fleet: Fleet, tmp_path: Path) -> AsyncIterator[tuple[House, str]]:
    async with running(simulated_settings(fleet, packaged(), tmp_path, 0)) as made:
        yield made


@pytest.fixture
async def client(house: tuple[House, str]) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        base_url=f"{house[1]}/v1", api_key="sk-any", max_retries=0
    ) as made:
        yield made


@pytest.mark.parametrize("model", MODELS)
async def test_any_vendor_answers_an_openai_client(
    client: openai.AsyncOpenAI, house: tuple[House, str], model: str
) -> None:
    raw = await client.chat.completions.with_raw_response.create(model=model, messages=QUESTION)
    answer = raw.parse()
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert answer.usage.completion_tokens > 0
    stream = await client.chat.completions.create(
        model=model, messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert chunks[-1].usage is not None
    row = await house[0].store.ledger.get(LOCAL, raw.headers["x-teppan-trace-id"] + "_0")
    assert row is not None
    assert str(row.cost) == raw.headers["x-teppan-cost-micros"]


@pytest.mark.parametrize("model", MODELS)
async def test_any_vendor_calls_tools_and_fills_schemas(
    client: openai.AsyncOpenAI, model: str
) -> None:
    answer = await client.chat.completions.create(
        model=model, messages=QUESTION, tools=TOOLS, tool_choice="required"
    )
    calls = answer.choices[0].message.tool_calls or []
    assert [call.function.name for call in calls if call.type == "function"] == ["price"]
    parsed = await client.chat.completions.parse(
        model=model, messages=QUESTION, response_format=Sum
    )
    assert isinstance(parsed.choices[0].message.parsed, Sum)


@pytest.mark.parametrize("model", MODELS)
async def test_any_vendor_answers_in_the_other_two_formats(
    client: openai.AsyncOpenAI, house: tuple[House, str], model: str
) -> None:
    response = await client.responses.create(model=model, input="What is 6 times 7?")
    assert response.output_text
    async with client.responses.stream(model=model, input="What is 6 times 7?") as stream:
        assert (await stream.get_final_response()).output_text == response.output_text
    async with anthropic.AsyncAnthropic(base_url=house[1], api_key="sk-any") as other:
        message = await other.messages.create(model=model, max_tokens=99, messages=QUESTION)
        assert message.content[0].type in ("text", "thinking")
        async with other.messages.stream(model=model, max_tokens=99, messages=QUESTION) as told:
            assert (await told.get_final_message()).usage.output_tokens > 0


async def test_an_ensemble_streams_and_tells_its_replies(client: openai.AsyncOpenAI) -> None:
    answer: Any = await client.chat.completions.create(
        model="teppan/consensus",
        messages=QUESTION,
        extra_body={"teppan": {"include": ["replies"]}},
    )
    assert len(answer.teppan["replies"]) > 1
    stream = await client.chat.completions.create(
        model="teppan/consensus", messages=QUESTION, stream=True
    )
    said = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
    assert "".join(said)


async def test_a_request_that_is_sent_twice_is_answered_once(
    client: openai.AsyncOpenAI, fleet: Fleet
) -> None:
    bodies = []
    for _ in range(2):
        raw = await client.chat.completions.with_raw_response.create(
            model=MODELS[0],
            messages=QUESTION,
            extra_headers={"Idempotency-Key": "booking-17"},
        )
        bodies.append(raw.http_response.content)
    assert bodies[0] == bodies[1]
    assert raw.headers["idempotent-replayed"] == "true"
    assert len(fleet.calls.select(vendor="openai")) == 1
    with pytest.raises(openai.ConflictError):
        await client.chat.completions.create(
            model=MODELS[1],
            messages=QUESTION,
            extra_headers={"Idempotency-Key": "booking-17"},
        )


async def test_with_a_key_made_strangers_stay_outside(
    client: openai.AsyncOpenAI, house: tuple[House, str]
) -> None:
    _, key = await house[0].store.keys.create("tenant", "test", models=("mistral/*",))
    with pytest.raises(openai.AuthenticationError):
        await client.models.list()
    inside = client.with_options(api_key=key.reveal())
    assert {model.id.split("/")[0] async for model in inside.models.list()} == {"mistral"}
    with pytest.raises(openai.PermissionDeniedError):
        await inside.chat.completions.create(model=MODELS[0], messages=QUESTION)
