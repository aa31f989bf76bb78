"""Each dialect checks requests and reports errors the way its vendor does."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from teppan.simulate import Fleet

KEY = "simulated-key-1"
BEARER = {"authorization": f"Bearer {KEY}"}
CLAUDE = {"x-api-key": KEY, "anthropic-version": "2026-10-21"}
GEMINI = {"x-goog-api-key": KEY}
HELLO = [{"role": "user", "content": "hello"}]
TOOL = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
ASK = "What is the weather in Paris and Tokyo?"


async def post(
    http: aiohttp.ClientSession, url: str, body: Any, headers: dict[str, str]
) -> tuple[int, Any]:
    async with http.post(url, json=body, headers=headers) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("vendor", "path", "headers", "status"),
    [
        ("openai", "/v1/chat/completions", {}, 401),
        ("openai", "/v1/chat/completions", {"authorization": "Bearer wrong"}, 401),
        ("anthropic", "/v1/messages", {"x-api-key": "wrong"}, 401),
        ("google", "/v1beta/models/m:generateContent", {"x-goog-api-key": "wrong"}, 400),
        ("google", "/v1beta/models/m:generateContent", {}, 401),
    ],
)
async def test_a_wrong_key_is_refused(
    fleet: Fleet, http: aiohttp.ClientSession, vendor: str, path: str,
    headers: dict[str, str], status: int,
) -> None:  # fmt: skip
    got, body = await post(http, fleet.root(vendor) + path, {}, headers)
    assert got == status
    assert "simulated-key" not in str(body)


@pytest.mark.parametrize(
    ("vendor", "path", "body", "headers"),
    [
        ("openai", "/v1/chat/completions", {"model": "gpt-9", "messages": HELLO}, BEARER),
        ("openai", "/v1/responses", {"model": "gpt-9", "input": "hi"}, BEARER),
        ("anthropic", "/v1/messages", {"model": "c", "messages": HELLO, "max_tokens": 5}, CLAUDE),
        ("google", "/v1beta/models/g:generateContent", {"contents": [{"parts": []}]}, GEMINI),
        ("ollama", "/v1/chat/completions", {"model": "x", "messages": HELLO}, {}),
    ],
)
async def test_an_unknown_model_is_the_vendors_own_404(
    fleet: Fleet, http: aiohttp.ClientSession, vendor: str, path: str, body: Any,
    headers: dict[str, str],
) -> None:  # fmt: skip
    status, answer = await post(http, fleet.root(vendor) + path, body, headers)
    assert status == 404
    assert "error" in answer


@pytest.mark.parametrize("field", ["temperature", "top_p", "top_k", "novelty"])
async def test_the_new_messages_version_has_no_sampling_fields(
    fleet: Fleet, http: aiohttp.ClientSession, field: str
) -> None:
    body = {"model": "sim-claude-small", "messages": HELLO, "max_tokens": 50, field: 1}
    url = fleet.root("anthropic") + "/v1/messages"
    status, answer = await post(http, url, body, CLAUDE)
    assert status == 400
    assert answer["error"]["message"] == f"{field}: Extra inputs are not permitted"
    older = CLAUDE | {"anthropic-version": "2023-06-01"}
    status, _ = await post(http, url, body, older)
    assert status == (400 if field == "novelty" else 200)


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]}],
         "unexpected"),
        ([{"role": "assistant", "content": [{"type": "thinking", "thinking": "x",
          "signature": "forged"}]}], "Invalid `signature`"),
        ([{"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "n",
          "input": {}}]}, {"role": "user", "content": "so?"}], "without `tool_result`"),
        ([], "at least one message"),
    ],
)  # fmt: skip
async def test_messages_checks_calls_and_signatures(
    fleet: Fleet, http: aiohttp.ClientSession, messages: Any, complaint: str
) -> None:
    body = {"model": "sim-claude-large", "messages": messages, "max_tokens": 50}
    status, answer = await post(http, fleet.root("anthropic") + "/v1/messages", body, CLAUDE)
    assert status == 400
    assert complaint in answer["error"]["message"]


async def test_a_reasoning_model_refuses_what_its_vendor_refuses(
    fleet: Fleet, http: aiohttp.ClientSession
) -> None:
    body = {"model": "sim-gpt-reason", "messages": HELLO, "temperature": 0.5}
    status, answer = await post(http, fleet.address("openai") + "/chat/completions", body, BEARER)
    assert status == 400
    assert answer["error"]["param"] == "temperature"


async def test_too_long_a_prompt_is_an_error_here_and_cut_there(
    fleet: Fleet, http: aiohttp.ClientSession
) -> None:
    long = [{"role": "user", "content": "word " * 60_000}]
    body = {"model": "sim-mistral-small", "messages": long}
    status, answer = await post(http, fleet.address("mistral") + "/chat/completions", body, BEARER)
    assert (status, answer["error"]["code"]) == (400, "context_length_exceeded")
    body = {"model": "sim-llama:8b", "messages": long}
    status, answer = await post(http, fleet.address("ollama") + "/chat/completions", body, {})
    assert (status, answer["usage"]["prompt_tokens"]) == (200, 8192)


async def test_a_repeated_prefix_is_billed_as_cached(
    fleet: Fleet, http: aiohttp.ClientSession
) -> None:
    url = fleet.address("openai") + "/chat/completions"
    system = {"role": "system", "content": "rule " * 2000}
    body = {"model": "sim-gpt-large", "messages": [system, *HELLO]}
    cached = [
        (await post(http, url, body, BEARER))[1]["usage"]["prompt_tokens_details"]["cached_tokens"]
        for _ in range(2)
    ]
    assert cached[0] == 0
    assert cached[1] > 2000


async def test_messages_caches_only_a_marked_prefix(
    fleet: Fleet, http: aiohttp.ClientSession
) -> None:
    url = fleet.root("anthropic") + "/v1/messages"
    block: dict[str, Any] = {"type": "text", "text": "rule " * 2000}
    body = {"model": "sim-claude-small", "max_tokens": 50, "system": [block], "messages": HELLO}
    plain = (await post(http, url, body, CLAUDE))[1]["usage"]
    block["cache_control"] = {"type": "ephemeral"}
    first = (await post(http, url, body, CLAUDE))[1]["usage"]
    second = (await post(http, url, body, CLAUDE))[1]["usage"]
    assert plain["cache_creation_input_tokens"] == plain["cache_read_input_tokens"] == 0
    assert first["cache_creation_input_tokens"] > 2000
    assert second["cache_read_input_tokens"] > 2000
    total = plain["input_tokens"]
    assert sum(second[key] for key in ("input_tokens", "cache_read_input_tokens",
                                       "cache_creation_input_tokens")) == total  # fmt: skip


async def test_gemini_calls_tools_with_signatures_it_wants_back(
    fleet: Fleet, http: aiohttp.ClientSession
) -> None:
    url = fleet.address("google") + "/models/sim-gemini-pro:generateContent"
    schema = {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}
    function = {"name": "get_weather", "description": "Weather of a city", "parameters": schema}
    declared = [{"functionDeclarations": [function]}]
    asked = {"role": "user", "parts": [{"text": ASK}]}
    _, answer = await post(http, url, {"contents": [asked], "tools": declared}, GEMINI)
    parts = answer["candidates"][0]["content"]["parts"]
    assert [part["functionCall"]["args"]["city"] for part in parts] == ["Paris", "Tokyo"]
    result = {"functionResponse": {"name": "get_weather", "response": {"sky": "clear"}}}
    reply = {"role": "user", "parts": [result, result]}
    signed = {"contents": [asked, {"role": "model", "parts": parts}, reply], "tools": declared}
    status, answer = await post(http, url, signed, GEMINI)
    assert status == 200
    assert "sky clear" in answer["candidates"][0]["content"]["parts"][0]["text"]
    del parts[0]["thoughtSignature"]
    status, answer = await post(http, url, signed, GEMINI)
    assert status == 400
    assert "thought_signature" in answer["error"]["message"]


async def test_gemini_blocks_a_prompt_inside_a_200(
    fleet: Fleet, http: aiohttp.ClientSession
) -> None:
    url = fleet.address("google") + "/models/sim-gemini-pro:generateContent"
    headers = GEMINI | {"x-simulate-fault": "prompt_filter"}
    body = {"contents": [{"parts": [{"text": "hi"}]}]}
    status, answer = await post(http, url, body, headers)
    assert status == 200
    assert answer["promptFeedback"]["blockReason"] == "SAFETY"
    assert "candidates" not in answer


async def test_ollama_lists_its_models_natively(fleet: Fleet, http: aiohttp.ClientSession) -> None:
    tags = await (await http.get(fleet.root("ollama") + "/api/tags")).json()
    version = await (await http.get(fleet.root("ollama") + "/api/version")).json()
    assert [row["name"] for row in tags["models"]] == ["sim-llama:8b"]
    assert "simulated" in version["version"]


async def test_any_vendor_is_reached_by_prefix(fleet: Fleet, http: aiohttp.ClientSession) -> None:
    body = {"model": "sim-deepseek-reasoner", "messages": HELLO}
    url = fleet.root("openai") + "/deepseek/v1/chat/completions"
    status, answer = await post(http, url, body, BEARER)
    assert status == 200
    assert answer["choices"][0]["message"]["reasoning_content"]
    assert fleet.calls.select(vendor="deepseek")
