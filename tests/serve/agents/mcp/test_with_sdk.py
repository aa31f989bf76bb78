"""Our client against servers made with the official SDK, over both ways, new and old."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvicorn

pytest.importorskip("mcp")

from serve.agents.mcp import sdk_server
from teppan.config.mcp import McpServer
from teppan.serve.agents.mcp.link import McpTimeout
from teppan.serve.agents.mcp.tools import McpResult, McpTools

SCRIPT = str(Path(sdk_server.__file__))
TOOLS = ("guest", "find", "add", "picture", "region", "around", "sleep")
ASGI = Callable[[Any, Any, Any], Awaitable[None]]


@contextlib.asynccontextmanager
async def opened(folder: Path, **server: Any) -> AsyncIterator[McpTools]:
    told: dict[str, Any] = {"tools": TOOLS, "confirm": frozenset({"add"}), "seconds": 30.0}
    servers = {"crm": McpServer(**{**told, **server})}
    tools = McpTools(servers, folder, {"PATH": "/bin", "TOKEN": "t", "SECRET": "s"})
    try:
        yield tools
    finally:
        await tools.close()


@contextlib.asynccontextmanager
async def serving(app: ASGI) -> AsyncIterator[str]:
    config = uvicorn.Config(app, port=0, log_level="error", lifespan="on")
    server = uvicorn.Server(config)
    sock = config.bind_socket()
    task = asyncio.create_task(server.serve([sock]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}/mcp"
    finally:
        server.should_exit = True
        await task
        sock.close()


async def test_a_program_s_tools_are_those_that_the_pack_allows(tmp_path: Path) -> None:
    async with opened(tmp_path, command=(sys.executable, SCRIPT), env=("TOKEN",)) as mcp:
        tools = {each.reference: each for each in await mcp.tools()}
        assert list(tools) == [f"crm.{name}" for name in TOOLS]
        assert [each for each in tools if tools[each].confirms] == ["crm.add"]
        find = tools["crm.find"]
        assert (find.name, find.description) == ("crm_find", "Finds guests by name.")
        assert find.schema["required"] == ["name"]

        called = await mcp.call("crm_find", {"name": "Ada"}, 30)
        assert called == McpResult("3 guests are called Ada")
        assert json.loads((await mcp.call("crm.guest", {"name": "Ada"}, 30)).text) == {
            "name": "Ada",
            "visits": 2,
        }
        assert (await mcp.call("crm_picture", {}, 30)).text == "(image, image/png, not shown)"
        failed = await mcp.call("crm_add", {"name": "Ada"}, 30)
        assert failed.is_error
        around = json.loads((await mcp.call("crm_around", {}, 30)).text)
        assert around["folder"] == str(tmp_path)
        assert set(around["names"]) <= {"TOKEN", "LC_CTYPE"}


async def test_arguments_that_do_not_fit_are_refused_before_they_are_sent(tmp_path: Path) -> None:
    async with opened(tmp_path, command=(sys.executable, SCRIPT)) as mcp:
        for arguments in ({}, {"name": 7}, {"name": "Ada", "most": 0}):
            told = await mcp.call("crm_find", arguments, 30)
            assert told.is_error
            assert told.text.startswith("the arguments are not usable: ")


async def test_a_program_that_knows_only_the_older_revisions_is_understood(tmp_path: Path) -> None:
    async with opened(tmp_path, command=(sys.executable, SCRIPT, "--old")) as mcp:
        assert len(await mcp.tools()) == len(TOOLS)
        assert (await mcp.call("crm_find", {"name": "Ada"}, 30)).text == "3 guests are called Ada"


@pytest.mark.parametrize("as_json", [True, False])
async def test_a_service_is_understood_however_it_answers(tmp_path: Path, as_json: bool) -> None:
    app = sdk_server.build().streamable_http_app(json_response=as_json)
    async with serving(app) as url, opened(tmp_path, url=url) as mcp:
        assert len(await mcp.tools()) == len(TOOLS)
        told = await mcp.call("crm_find", {"name": "José"}, 30)
        assert told == McpResult("3 guests are called José")
        assert (await mcp.call("crm_add", {"name": "Ada"}, 30)).is_error


async def test_a_call_that_took_too_long_ends_at_the_service_too(tmp_path: Path) -> None:
    app = sdk_server.build().streamable_http_app()
    async with serving(app) as url, opened(tmp_path, url=url) as mcp:
        await mcp.tools()
        with pytest.raises(McpTimeout):
            await mcp.call("crm_sleep", {}, 0.2)
        # `serving` waits for what still runs: it would not end


async def test_an_argument_is_repeated_in_the_header_that_the_service_wants(tmp_path: Path) -> None:
    app = sdk_server.build().streamable_http_app()
    async with serving(app) as url, opened(tmp_path, url=url) as mcp:
        told = await mcp.call("crm_region", {"place": "São Paulo"}, 30)
        assert told == McpResult("all live in São Paulo")


class Old:
    """An app as SDKs before 2026-07-28 answer; `methods` are those it was called with."""

    def __init__(self, app: ASGI) -> None:
        self.app = app
        self.methods: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.methods.append(scope["method"])
            if dict(scope["headers"]).get(b"mcp-protocol-version") == b"2026-07-28":
                error = {"code": -32600, "message": "Bad Request: Unsupported protocol version"}
                body = json.dumps({"jsonrpc": "2.0", "id": "server-error", "error": error})
                head = [(b"content-type", b"application/json")]
                await send({"type": "http.response.start", "status": 400, "headers": head})
                await send({"type": "http.response.body", "body": body.encode()})
                return
        await self.app(scope, receive, send)


async def test_a_service_of_an_older_revision_has_its_session_begun_and_ended(
    tmp_path: Path,
) -> None:
    app = Old(sdk_server.build().streamable_http_app())
    async with serving(app) as url, opened(tmp_path, url=url) as mcp:
        assert len(await mcp.tools()) == len(TOOLS)
        assert (await mcp.call("crm_find", {"name": "Ada"}, 30)).text == "3 guests are called Ada"
        await mcp.close()
        assert app.methods[-1] == "DELETE"
