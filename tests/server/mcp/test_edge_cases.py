"""Messages that no good client sends, and clients that leave."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import orjson
import pytest

from scripted_gateway import ScriptedGateway

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
OLD = {"mcp-protocol-version": "2025-11-25"}


def asked(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": {"_meta": META, **params}}


def headers_of(message: dict[str, Any]) -> dict[str, str]:
    named = message["params"].get("name") or message["params"].get("uri")
    return {
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": message["method"],
        **({"mcp-name": named} if named else {}),
    }


async def post(
    address: str, body: Any, headers: dict[str, str] | None = None, *, method: str = "POST"
) -> tuple[int, Any, Any]:
    """Status, headers and the body, decoded where it is JSON."""
    told = {"authorization": "Bearer anna", "content-type": "application/json", **(headers or {})}
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, address, data=raw, headers=told) as response,
    ):
        said = await response.read()
        is_json = response.content_type == "application/json"
        return response.status, response.headers, orjson.loads(said) if is_json and said else said


async def test_a_request_of_the_newer_revision_needs_no_session(address: str) -> None:
    message = asked("tools/list")
    status, headers, told = await post(address, message, headers_of(message))
    assert status == 200
    assert told["id"] == 7
    assert told["result"]["resultType"] == "complete"
    assert told["result"]["cacheScope"] == "private"
    assert "mcp-session-id" not in headers


async def test_the_server_says_what_it_speaks(address: str) -> None:
    message = asked("server/discover")
    _, _, told = await post(address, message, headers_of(message))
    assert told["result"]["supportedVersions"] == ["2026-07-28", "2025-11-25", "2025-06-18"]
    assert told["result"]["instructions"] == "Ask me."


@pytest.mark.parametrize(
    ("wanted", "given"),
    [("2025-06-18", "2025-06-18"), ("2024-11-05", "2025-11-25"), ("2026-07-28", "2025-11-25")],
)
async def test_an_older_client_is_greeted_in_a_revision_of_its_kind(
    address: str, wanted: str, given: str
) -> None:
    params = {"protocolVersion": wanted, "capabilities": {}, "clientInfo": {"name": "c"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    status, _, told = await post(address, message)
    assert (status, told["result"]["protocolVersion"]) == (200, given)
    status, _, said = await post(
        address, {"jsonrpc": "2.0", "method": "notifications/initialized"}, OLD
    )
    assert (status, said) == (202, b"")
    status, _, told = await post(address, {"jsonrpc": "2.0", "id": 2, "method": "ping"}, OLD)
    assert told == {"jsonrpc": "2.0", "id": 2, "result": {}}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b'{"jsonrpc": "2.0", "jsonrpc": "2.0"}', -32700),
        (b'{"a": NaN}', -32700),
        (b"7", -32700),
        (b"[]", -32600),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', -32600),
        (b'{"id": 1, "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "result": {}}', -32600),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": true, "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 2}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}', -32602),
    ],
)
async def test_what_is_no_message_is_refused(address: str, body: bytes, code: int) -> None:
    status, _, told = await post(address, body, OLD)
    assert (status, told["error"]["code"]) == (400, code)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"mcp-method": "tools/call"}, -32020),
        ({"mcp-method": None}, -32020),
        ({"mcp-name": "ask_menu"}, -32020),
        ({"mcp-name": None}, -32020),
        ({"mcp-name": "=?base64?!!?="}, -32020),
        ({"mcp-protocol-version": "2025-11-25"}, -32020),
        ({"mcp-protocol-version": None}, -32020),
    ],
)
async def test_headers_must_say_what_the_body_says(
    address: str, change: dict[str, str | None], code: int
) -> None:
    message = asked("resources/read", uri="knowledge:///knowledge/facts.md")
    headers = {k: v for k, v in (headers_of(message) | change).items() if v is not None}
    status, _, told = await post(address, message, headers)
    assert (status, told["error"]["code"], told["id"]) == (400, code, 7)


async def test_a_wrapped_name_is_unwrapped_before_it_is_compared(address: str) -> None:
    message = asked("resources/read", uri="knowledge:///knowledge/facts.md")
    wrapped = "=?base64?a25vd2xlZGdlOi8vL2tub3dsZWRnZS9mYWN0cy5tZA==?="
    status, _, _ = await post(address, message, headers_of(message) | {"mcp-name": wrapped})
    assert status == 200


async def test_a_revision_that_is_not_spoken_is_answered_with_those_that_are(address: str) -> None:
    version = "io.modelcontextprotocol/protocolVersion"
    message = asked("tools/list", _meta=META | {version: "2099-01-01"})
    headers = headers_of(message) | {"mcp-protocol-version": "2099-01-01"}
    for said in (headers, {"mcp-protocol-version": "2024-11-05"}):
        body = message if said is headers else {"jsonrpc": "2.0", "id": 7, "method": "tools/list"}
        status, _, told = await post(address, body, said)
        assert (status, told["error"]["code"]) == (400, -32022)
        assert told["error"]["data"]["supported"][0] == "2026-07-28"


@pytest.mark.parametrize("meta", [{}, {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}])
async def test_what_every_request_must_say_is_missed(address: str, meta: dict[str, Any]) -> None:
    message = asked("tools/list", _meta=meta)
    status, _, told = await post(address, message, headers_of(message))
    assert (status, told["error"]["code"]) == (400, -32602)


async def test_a_method_that_is_not_there_has_its_status(address: str) -> None:
    for method in ("prompts/list", "subscriptions/listen", "ping", "initialize"):
        message = asked(method)
        status, _, told = await post(address, message, headers_of(message))
        assert (status, told["error"]["code"]) == (404, -32601)
    old = {"jsonrpc": "2.0", "id": 1, "method": "prompts/list"}
    status, _, told = await post(address, old, OLD)
    assert (status, told["error"]["code"]) == (200, -32601)


@pytest.mark.parametrize(
    "params",
    [
        {"name": "drop_tables"},
        {"name": 5},
        {"name": "ask_menu", "arguments": []},
    ],
)
async def test_a_call_of_no_tool_is_an_error(address: str, params: dict[str, Any]) -> None:
    old = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    _, _, told = await post(address, old, OLD)
    assert told["error"]["code"] == -32602


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"query": ""},
        {"query": 5},
        {"query": "a", "most": 0},
        {"query": "a", "most": 21},
        {"query": "a", "tenant": "other"},
        {"query": "a" * 2001},
    ],
)
async def test_arguments_that_cannot_be_meant_are_told_to_the_model(
    address: str, arguments: dict[str, Any]
) -> None:
    params = {"name": "search_knowledge", "arguments": arguments}
    old = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    status, _, told = await post(address, old, OLD)
    assert status == 200
    assert told["result"]["isError"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost:8080"}, 200),
        ({"origin": "https://shop.example"}, 200),
        ({"authorization": "Bearer nobody"}, 401),
        ({"content-type": "text/plain"}, 400),
        ({"content-encoding": "gzip"}, 400),
    ],
)
async def test_who_asks_and_how_is_looked_at_first(
    address: str, headers: dict[str, str], status: int
) -> None:
    old = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    got, _, told = await post(address, old, OLD | headers)
    assert got == status
    assert ("error" in told) == (status != 200)
    assert told["jsonrpc"] == "2.0"


async def test_a_body_that_is_too_large_is_not_read(address: str) -> None:
    status, _, told = await post(address, b'{"a": "' + b"x" * 20_000 + b'"}', OLD)
    assert (status, told["error"]["code"]) == (413, 413)


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
async def test_other_methods_are_not_taken(address: str, method: str) -> None:
    status, headers, _ = await post(address, b"", method=method)
    assert (status, headers["allow"]) == (405, "POST")


async def test_an_answer_that_takes_time_becomes_a_stream_that_breathes(address: str) -> None:
    message = asked("tools/call", name="ask_thinks", arguments={"question": "Why?"})
    accept = {"accept": "application/json, text/event-stream"}
    status, headers, said = await post(address, message, headers_of(message) | accept)
    assert status == 200
    assert headers["content-type"].startswith("text/event-stream")
    assert said.startswith(b": being answered\n\n")
    data = said.rpartition(b"data: ")[2]
    assert orjson.loads(data)["result"]["structuredContent"]["answer"] == "Hello there"


async def test_a_client_that_takes_no_stream_gets_none(address: str) -> None:
    message = asked("tools/call", name="ask_thinks", arguments={"question": "Why?"})
    accept = {"accept": "application/json"}
    _, headers, told = await post(address, message, headers_of(message) | accept)
    assert headers["content-type"] == "application/json"
    assert told["result"]["content"][0]["text"] == "Hello there"


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_the_work_for_a_client_that_left_is_cancelled(
    address: str, gateway: ScriptedGateway, accept: str
) -> None:
    message = asked("tools/call", name="ask_slow", arguments={"question": "Why?"})
    asking = asyncio.create_task(post(address, message, headers_of(message) | {"accept": accept}))
    await gateway.until(lambda: gateway.said == 2)
    asking.cancel()
    await gateway.until(lambda: gateway.cancelled == ["tr_1"])
