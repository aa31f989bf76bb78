"""The protocol line by line: several at once, taken back, and nothing left when the lines end."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from scripted_gateway import ScriptedGateway
from server.edge_bench import script
from teppan.core.ids import LOCAL, new_id
from teppan.server.mcp.desk import Desk
from teppan.server.mcp.stdio import Lines
from teppan.server.mcp.tools import asking
from teppan.simulate.keys import DEFAULT_KEYS
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.store import Store

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


class Client:
    """Writes lines, reads what comes back."""

    def __init__(self, gateway: ScriptedGateway) -> None:
        desk = Desk(asking(gateway, ["agent/menu", "slow", "bug"]))  # type: ignore[arg-type]
        self.reader = asyncio.StreamReader(limit=100_000)
        self.said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.serving = asyncio.create_task(
            Lines(desk, LOCAL, self._take, new_id).serve(self.reader)
        )

    async def _take(self, line: bytes) -> None:
        assert line.count(b"\n") == 1
        self.said.put_nowait(json.loads(line))

    def say(self, message: Any) -> None:
        raw = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.reader.feed_data(raw + b"\n")

    def ask(self, id: int, tool: str) -> None:
        params = {"name": tool, "arguments": {"question": "Why?"}, "_meta": META}
        self.say({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})

    async def hear(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.said.get(), 20)


@pytest.fixture
def gateway() -> ScriptedGateway:
    return ScriptedGateway(script)


@pytest.fixture
async def client(gateway: ScriptedGateway) -> AsyncIterator[Client]:
    made = Client(gateway)
    yield made
    made.reader.feed_eof()
    await asyncio.wait_for(made.serving, 20)


async def test_a_quick_request_does_not_wait_for_a_slow_one(client: Client) -> None:
    client.ask(1, "ask_slow")
    client.ask(2, "ask_menu")
    told = await client.hear()
    assert (told["id"], told["result"]["content"][0]["text"]) == (2, "Hello there")


async def test_a_request_that_is_taken_back_is_not_answered(
    client: Client, gateway: ScriptedGateway
) -> None:
    client.ask(1, "ask_slow")
    await gateway.until(lambda: gateway.said == 2)
    params: dict[str, Any] = {"requestId": 1}
    client.say({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
    await gateway.until(lambda: gateway.cancelled == ["tr_1"])
    client.ask(2, "ask_menu")
    assert (await client.hear())["id"] == 2
    assert client.said.empty()


async def test_the_end_of_the_lines_ends_the_work(client: Client, gateway: ScriptedGateway) -> None:
    client.ask(1, "ask_slow")
    await gateway.until(lambda: gateway.said == 2)
    client.reader.feed_eof()
    await asyncio.wait_for(client.serving, 20)
    assert gateway.cancelled == ["tr_1"]
    assert client.said.empty()


async def test_what_is_no_message_is_answered_and_passed(client: Client) -> None:
    client.say(b"{")
    assert (await client.hear())["error"]["code"] == -32700
    client.say([])
    assert "error" in await client.hear()
    client.say({"jsonrpc": "2.0", "id": 1, "method": "server/discover"})
    assert (await client.hear())["error"]["code"] == -32601
    client.ask(2, "ask_bug")
    told = await client.hear()
    assert (told["id"], told["error"]["code"]) == (2, -32603)
    assert "secret" not in str(told)


async def test_an_id_in_use_is_refused(client: Client) -> None:
    client.ask(1, "ask_slow")
    client.ask(1, "ask_menu")
    assert (await client.hear())["error"]["code"] == -32600


async def test_the_verb_serves_a_desktop_program_and_the_money_is_written(tmp_path: Path) -> None:
    """The official SDK starts it, asks the pack's model, and the trace and its cost are there."""
    pytest.importorskip("mcp")
    from mcp import Client as SdkClient
    from mcp import StdioServerParameters

    (tmp_path / "facts.md").write_text("# Prices\n\nThe first 30 miles are free.\n")
    (tmp_path / "prompt.md").write_text("You answer for the shop. {facts}")
    (tmp_path / "pack.toml").write_text(
        'name = "shop"\nabout = "A small shop."\nfacts = "facts.md"\nknowledge = ["facts.md"]\n'
        '[prompts]\nhelper = "prompt.md"\n[models."shop/helper"]\nstrategy = "single"\n'
        'model = "openai/sim-gpt-small"\nprompt = "helper"\n'
    )
    async with Fleet(FleetSettings(speed=0.0)) as fleet:
        (tmp_path / "teppan.toml").write_text(
            f'[store]\nurl = "sqlite:///{tmp_path / "teppan.db"}"\n'
            f'[providers.openai]\nurl = "{fleet.address("openai")}"\n'
            'keys = ["env:SIMULATED_KEY"]\nmodels = ["sim-gpt-small"]\n'
        )
        program = "import typer; from teppan.cli.mcp import mcp; typer.run(mcp)"
        server = StdioServerParameters(
            command=sys.executable,
            args=["-c", program, "--pack", str(tmp_path)],
            cwd=tmp_path,
            env={"SIMULATED_KEY": DEFAULT_KEYS[0], "PATH": os.environ["PATH"]},
        )
        async with SdkClient(server) as client:
            names = [each.name for each in (await client.list_tools()).tools]
            assert names == ["search_knowledge", "ask_shop_helper"]
            found = await client.call_tool("search_knowledge", {"query": "free miles"})
            assert "30 miles" in found.content[0].text  # type: ignore[union-attr]
            said = await client.call_tool("ask_shop_helper", {"question": "How far is free?"})
            assert not said.is_error
            trace_id, cost = (said.structured_content[key] for key in ("trace_id", "cost_micros"))
    store = await Store.open(tmp_path / "teppan.db")
    trace = await store.traces.get(LOCAL, trace_id)
    await store.close()
    assert trace is not None
    assert (trace.endpoint, trace.cost) == ("mcp", cost)
