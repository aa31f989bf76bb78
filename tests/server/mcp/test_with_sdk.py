"""Our server driven by the official SDK's client, in the newer revision and in an older one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import httpx2
import pytest

pytest.importorskip("mcp")

from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextContent

from scripted_gateway import ScriptedGateway

MODES = ["auto", "2026-07-28", "legacy"]


@contextlib.asynccontextmanager
async def connected(address: str, mode: str = "auto", key: str = "anna") -> AsyncIterator[Client]:
    headers = {"authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(headers=headers) as http:
        transport = streamable_http_client(address, http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


@pytest.mark.parametrize("mode", MODES)
async def test_a_client_finds_pieces_asks_an_agent_and_reads_a_document(
    address: str, gateway: ScriptedGateway, mode: str
) -> None:
    async with connected(address, mode) as client:
        tools = {each.name: each for each in (await client.list_tools()).tools}
        assert list(tools)[:3] == ["search_knowledge", "ask_menu", "ask_support"]
        assert "answers customers" in (tools["ask_support"].description or "")

        found = await client.call_tool("search_knowledge", {"query": "how far is free"})
        assert not found.is_error
        assert found.structured_content["pieces"][0]["place"] == "facts.md › Prices › Travel"

        said = await client.call_tool(
            "ask_menu",
            {
                "question": "What is there?",
                "episode": "ep-1",
                "earlier": [{"role": "user", "text": "Hi"}, {"role": "assistant", "text": "Hello"}],
            },
        )
        assert said.content == [TextContent(text="Hello there")]
        assert said.structured_content["trace_id"] == "tr_1"

        [resource] = (await client.list_resources()).resources
        assert resource.uri == "knowledge:///knowledge/facts.md"
        [content] = (await client.read_resource(resource.uri)).contents
        assert "30 miles" in getattr(content, "text", "")

    [request] = gateway.requests
    assert (request.model, request.episode) == ("agent/menu", "ep-1")
    assert [(each.role, each.text) for each in request.messages] == [
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "What is there?"),
    ]
    assert gateway.scopes[0].key_id == "anna"


@pytest.mark.parametrize("mode", MODES)
async def test_an_answer_that_takes_time_arrives(address: str, mode: str) -> None:
    async with connected(address, mode) as client:
        said = await client.call_tool("ask_thinks", {"question": "Why?"})
        assert said.content == [TextContent(text="Hello there")]


async def test_a_key_sees_and_asks_only_what_it_may(address: str, gateway: ScriptedGateway) -> None:
    async with connected(address, key="small") as client:
        names = [each.name for each in (await client.list_tools()).tools]
        assert names == ["search_knowledge", "ask_menu"]
        with pytest.raises(MCPError, match="no tool"):
            await client.call_tool("ask_support", {"question": "Hello?"})
    assert gateway.requests == []


@pytest.mark.parametrize("mode", MODES)
async def test_what_the_gateway_refuses_is_told_to_the_asking_model(
    address: str, mode: str
) -> None:
    async with connected(address, mode) as client:
        said = await client.call_tool("ask_limited", {"question": "Hello?"})
        assert said.is_error
        assert said.content == [TextContent(text="too many requests; try again in 7 seconds")]
        said = await client.call_tool("ask_menu", {})
        assert said.is_error
        with pytest.raises(MCPError, match="did not foresee") as caught:
            await client.call_tool("ask_bug", {"question": "Hello?"})
        assert "secret" not in str(caught.value)


async def test_without_a_key_nobody_is_served(address: str) -> None:
    async with httpx2.AsyncClient() as http:
        with pytest.raises(BaseException):  # noqa: B017 - the SDK groups what it raises
            async with Client(streamable_http_client(address, http_client=http)):
                pass
