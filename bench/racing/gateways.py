"""Real gateways over one database and one Redis: `teppan serve`, twice; vendors are simulated."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

import aiohttp
import tomlkit

from racing.places import STARTING_SECONDS
from teppan.core.chat import ChatRequest, say
from teppan.core.secret import Secret
from teppan.cost.bound import Output, cost_of, of_request
from teppan.cost.prices import Rates, Tier
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.store import Store

MODEL = "openai/sim-gpt-small"
KEY, PEPPER = "TEPPAN_SIMULATED_KEY", "TEPPAN_PEPPER"
QUESTION = "What is 6 times 7?"
MOST_TOKENS = 50
PEPPER_TEXT = "a pepper for races, long enough to be one"
ALLOWED = 20
"""Requests of the limited key that all gateways together admit."""


def one_call() -> int:
    """What is set aside for one call, in micro-dollars."""
    request = ChatRequest(model=MODEL, messages=(say("user", QUESTION),), max_tokens=MOST_TOKENS)
    rates = Rates((Tier(0, 3_000_000, 15_000_000),), "")
    return cost_of(of_request(request, Output(MOST_TOKENS)), rates)


class Gateways:
    """Several `teppan serve` over one database; `keys` have a budget for one call each.

    The last key has no budget, but a limit of `ALLOWED` requests an hour.
    """

    def __init__(self, folder: Path, database: str, redis: str | None, keys: int) -> None:
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.processes: list[asyncio.subprocess.Process] = []
        self.fleet = Fleet(FleetSettings(speed=0.0))
        self._secrets: list[Secret] = []
        self._folder = folder
        self._database = database
        self._redis = redis
        self._count = keys
        self._stack = AsyncExitStack()

    async def open_store(self, ahead: float = 0.0) -> Store:
        """The same database, `ahead` seconds later."""
        return await Store.open(
            self._database, pepper=Secret(PEPPER_TEXT), clock=Later(ahead) if ahead else None
        )

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.fleet)
        os.environ[KEY], os.environ[PEPPER] = self.fleet.settings.keys[0], PEPPER_TEXT
        if self._redis:
            os.environ["TEPPAN_RACE_REDIS"] = self._redis
        store = await self.open_store()
        for number in range(self._count + 1):
            record, secret = await store.keys.create("racers", f"key {number}")
            self.ids.append(record.id)
            self._secrets.append(secret)
        await store.close()
        config = self._folder / "gateways.toml"
        config.write_text(tomlkit.dumps(self._tables()))
        self._stack.push_async_callback(self._end)
        for _ in range(2):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "teppan", "serve", "--config", str(config)),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            self.processes.append(process)
        for process in self.processes:
            assert process.stdout is not None
            async with asyncio.timeout(STARTING_SECONDS):
                self.addresses.append((await process.stdout.readline()).decode().split()[-1])
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def race(self, key: int, times: int) -> list[int]:
        """The statuses of so many questions at once, spread over the gateways."""
        headers = {"authorization": f"Bearer {self._secrets[key].reveal()}"}
        body = {
            "model": MODEL,
            "messages": [{"role": "user", "content": QUESTION}],
            "max_tokens": MOST_TOKENS,
        }
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

            async def ask(number: int) -> int:
                address = self.addresses[number % len(self.addresses)]
                try:
                    async with session.post(f"{address}/v1/chat/completions", json=body) as got:
                        await got.read()
                        return got.status
                except aiohttp.ClientError:
                    return 0  # the gateway was killed

            return await asyncio.gather(*map(ask, range(times)))

    async def kill(self) -> None:
        """`kill -9` to all of them."""
        for process in self.processes:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _end(self) -> None:
        await self.kill()

    def _tables(self) -> dict[str, object]:
        vendor, _, model = MODEL.partition("/")
        # a starved machine is no dead Redis: what is raced is whether the count is exact
        cluster = {"redis": "env:TEPPAN_RACE_REDIS", "patience": 30.0} if self._redis else None
        dollars = f"{one_call() * 1.05 / 1_000_000:.6f}"
        return {
            **({"cluster": cluster} if cluster else {}),
            "server": {"port": 0},
            "store": {"url": self._database},
            "cache": {"exact": False},
            "providers": {
                vendor: {
                    "url": self.fleet.address(vendor),
                    "keys": [f"env:{KEY}"],
                    "models": [model],
                    "capabilities": {model: {"max_output": MOST_TOKENS}},
                }
            },
            "prices": [{"model": MODEL, "input": "3", "output": "15", "since": "2025-01-01"}],
            "budgets": _budgets(self.ids[:-1], dollars),
            "limits": [{"whose": "key", "only": self.ids[-1], "requests": ALLOWED, "per": "hour"}],
        }


def _budgets(ids: Sequence[str], dollars: str) -> list[dict[str, str]]:
    return [
        {"name": f"race {number}", "whose": "key", "only": id, "dollars": dollars}
        for number, id in enumerate(ids)
    ]


class Later:
    """The machine's clock, so many seconds ahead: leases of the dead have ended by then."""

    def __init__(self, ahead: float) -> None:
        self._ahead = ahead

    def now(self) -> float:
        return time.time() + self._ahead

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
