"""The real gateway as the child: `teppan serve`, simulated vendors, clients over HTTP.

An answer is acknowledged when its client has read it to the end: a whole answer's headers give
its trace and its cost, a stream's last comment line the cost.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import aiohttp
import tomlkit

from killing.children import STARTING_SECONDS, Ack
from teppan.core.ids import LOCAL
from teppan.core.money import MICROS_PER_DOLLAR
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.store import Store

MODEL = "openai/sim-gpt-small"
KEY = "TEPPAN_SIMULATED_KEY"
IN_FLIGHT = 16
_COST = re.compile(rb"cost=(\d+)\.(\d{6})")


class ServingGateway:
    """`teppan serve` in front of vendors that live in this process and outlast it."""

    name = "gateway"

    def __init__(self, folder: Path) -> None:
        self.database = folder / "teppan.db"
        self._config = folder / "teppan.toml"
        self._fleet: Fleet | None = None

    async def live_and_die(self, cycle: int, acks: int, moment: float) -> list[Ack]:
        await self._prepare()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "teppan", "serve", "--config", str(self._config)),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        seen: list[Ack] = []
        enough = asyncio.Event()
        try:
            async with asyncio.timeout(STARTING_SECONDS):
                address = (await process.stdout.readline()).decode().split()[-1]
                async with aiohttp.ClientSession(address) as session:
                    clients = [
                        asyncio.create_task(_client(session, number % 2 == 1, seen, acks, enough))
                        for number in range(IN_FLIGHT)
                    ]
                    await enough.wait()
                    await asyncio.sleep(moment)
                    process.kill()
                    await asyncio.gather(*clients)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
        return seen

    async def recorded(self) -> list[Ack]:
        if self._fleet is not None:
            await self._fleet.__aexit__(None, None, None)
        store = await Store.open(self.database)
        try:
            calls = await store.ledger.list(LOCAL, limit=10_000_000)
        finally:
            await store.close()
        return [(call.trace_id, call.cost) for call in calls]

    async def _prepare(self) -> None:
        if self._fleet is not None:
            return
        self._fleet = await Fleet(FleetSettings(speed=0.0)).__aenter__()
        os.environ[KEY] = self._fleet.settings.keys[0]
        vendor, _, model = MODEL.partition("/")
        tables = {
            "server": {"port": 0},
            "store": {"url": f"sqlite:///{self.database}"},
            "cache": {"exact": False},  # every answer shall cost something
            "providers": {
                vendor: {
                    "url": self._fleet.address(vendor),
                    "keys": [f"env:{KEY}"],
                    "models": [model],
                }
            },
            "prices": [
                {"model": MODEL, "input": "3", "output": "15", "since": "2026-01-01"},
            ],
        }
        self._config.write_text(tomlkit.dumps(tables))


async def _client(
    session: aiohttp.ClientSession,
    streamed: bool,
    seen: list[Ack],
    acks: int,
    enough: asyncio.Event,
) -> None:
    """Asks until the gateway is dead; notes what it read to the end."""
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "What is 6 times 7?"}],
        "stream": streamed,
    }
    try:
        while True:
            async with session.post("/v1/chat/completions", json=body) as response:
                told = await response.read()
                assert response.status == 200, told
                trace = response.headers["x-teppan-trace-id"]
                cost = _streamed_cost(told) if streamed else _micros(response)
            seen.append((trace, cost))
            if len(seen) >= acks:
                enough.set()
    except aiohttp.ClientError:
        enough.set()


def _micros(response: aiohttp.ClientResponse) -> int:
    return int(response.headers["x-teppan-cost-micros"])


def _streamed_cost(told: bytes) -> int:
    found = _COST.search(told)
    assert found is not None, told[-300:]
    return int(found[1]) * MICROS_PER_DOLLAR + int(found[2])
