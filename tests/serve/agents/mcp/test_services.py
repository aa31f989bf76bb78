"""Services that redirect, break off, forget and flood: nothing of it leaves this machine."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from teppan.config.mcp import McpServer
from teppan.core.clock import FixedClock
from teppan.serve.agents.mcp.link import McpFailed
from teppan.serve.agents.mcp.tools import McpResult, McpTools

DONE = {"content": [{"type": "text", "text": "done"}]}


class Service:
    """Speaks the protocol until it is told to `misbehave`; `asked` is what came in."""

    def __init__(self) -> None:
        self.misbehave = ""
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.sessions = 0
        self.old = False

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read() or b"{}")
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append((f"{request.method} {request.path}", headers, body))
        method = body.get("method", "")
        if method == "tools/call" and self.misbehave:
            return self.bad(body["id"])
        if self.old:
            return self.older(method, headers, body)
        results: dict[str, Any] = {
            "server/discover": {"supportedVersions": ["2026-07-28"]},
            "tools/list": {"tools": [{"name": "do", "inputSchema": {"type": "object"}}]},
            "tools/call": DONE,
        }
        return web.json_response({"jsonrpc": "2.0", "id": body["id"], "result": results[method]})

    def older(self, method: str, headers: dict[str, str], body: Any) -> web.StreamResponse:
        """Sessions end when `misbehave` was set in between."""
        if method == "initialize":
            self.sessions += 1
            result: Any = {"protocolVersion": "2025-06-18", "capabilities": {}}
            said = {"jsonrpc": "2.0", "id": body["id"], "result": result}
            return web.json_response(said, headers={"mcp-session-id": f"s{self.sessions}"})
        if method == "server/discover":
            return web.Response(status=404)
        if headers.get("mcp-session-id") != f"s{self.sessions}":
            return web.Response(status=404)
        if "id" not in body:
            return web.Response(status=202)
        result = {"tools": [{"name": "do"}]} if method == "tools/list" else DONE
        return web.json_response({"jsonrpc": "2.0", "id": body["id"], "result": result})

    def bad(self, id: int) -> web.StreamResponse:
        match self.misbehave:
            case "redirects":
                return web.Response(status=307, headers={"location": "/elsewhere"})
            case "floods":
                return web.Response(body=b'"' + b"x" * 5_000_000 + b'"')
            case "rambles":
                return web.Response(text="<html>", content_type="text/html")
            case "fails":
                return web.Response(status=500, text="secret stack")
            case "other":
                return web.json_response({"jsonrpc": "2.0", "id": id + 1, "result": DONE})
            case "empty stream":
                return web.Response(text=": nothing\n\n", content_type="text/event-stream")
        said = {"jsonrpc": "2.0", "id": id, "result": {"resultType": self.misbehave, **DONE}}
        return web.json_response(said)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def url(service: Service) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", service.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/mcp"
    await runner.cleanup()


@contextlib.asynccontextmanager
async def opened(url: str, clock: FixedClock | None = None) -> AsyncIterator[McpTools]:
    server = McpServer(url=url, tools=("do",), seconds=20.0)
    tools = McpTools({"far": server}, Path("/"), {"HTTP_PROXY": "http://127.0.0.1:9"}, clock=clock)
    try:
        yield tools
    finally:
        await tools.close()


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("redirects", "not followed"),
        ("floods", "broke off"),
        ("rambles", "something else"),
        ("other", "something else"),
        ("empty stream", "without an answer"),
        ("input_required", "more than a tool call can give"),
        ("task", "not known here"),
    ],
)
async def test_what_is_no_answer_is_a_failure(
    service: Service, url: str, how: str, told: str
) -> None:
    async with opened(url) as mcp:
        assert await mcp.call("far_do", {}) == McpResult("done")
        service.misbehave = how
        with pytest.raises(McpFailed, match=told):
            await mcp.call("far_do", {})
    assert {path for path, _, _ in service.asked} == {"POST /mcp"}


async def test_a_status_that_says_no_is_told_without_what_it_came_with(
    service: Service, url: str
) -> None:
    service.misbehave = "fails"
    async with opened(url) as mcp:
        told = await mcp.call("far_do", {})
        assert told == McpResult("the server `far` answered with HTTP 500", is_error=True)


async def test_a_request_says_in_headers_what_it_says_in_the_body(
    service: Service, url: str
) -> None:
    async with opened(url) as mcp:
        await mcp.call("far_do", {"a": 1})
    _, headers, body = service.asked[-1]
    assert headers["mcp-protocol-version"] == "2026-07-28"
    assert (headers["mcp-method"], headers["mcp-name"]) == ("tools/call", "do")
    assert body["params"]["_meta"]["io.modelcontextprotocol/clientInfo"]["name"] == "teppan"
    assert "authorization" not in headers


async def test_a_session_that_was_forgotten_is_begun_anew(service: Service, url: str) -> None:
    clock = FixedClock()
    service.old = True
    async with opened(url, clock) as mcp:
        assert await mcp.call("far_do", {}) == McpResult("done")
        service.sessions += 1
        with pytest.raises(McpFailed, match="forgotten"):
            await mcp.call("far_do", {})
        clock.advance(1)
        assert await mcp.call("far_do", {}) == McpResult("done")
    assert service.sessions == 3


async def test_a_service_that_is_not_there_has_no_tools_and_rests() -> None:
    async with opened("http://127.0.0.1:9/mcp") as mcp:
        assert await mcp.tools() == []
        with pytest.raises(McpFailed, match="rests"):
            await mcp.call("far_do", {})
