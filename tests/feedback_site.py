"""A running gateway with a key for a shop's server, one for its pages, and a stranger's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from teppan.build import House
from teppan.config.schema import Settings
from teppan.core.ids import Scope
from teppan.server.process import running
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings

MODEL = "openai/sim-gpt-small"
SHOP = "https://shop.example"
SHOPS = Scope("shop", "")
"""Whoever looks into the shop's records."""


class Site:
    """A client of a running gateway: with its keys, from its pages."""

    def __init__(self, house: House, address: str, http: aiohttp.ClientSession) -> None:
        self.house, self.address, self.http = house, address, http
        self.key = self.page = self.stranger = ""

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        **headers: str,
    ) -> tuple[int, Any, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["authorization"] = f"Bearer {self.key if key is None else key}"
        async with self.http.request(
            method, f"{self.address}/v1/{path}", json=body, headers=named
        ) as got:
            return got.status, await got.json(content_type=None), got.headers

    async def post(self, path: str, *, key: str | None = None, **body: Any) -> tuple[int, Any]:
        status, told, _ = await self.send("POST", path, body, key=key)
        return status, told

    async def browse(self, path: str, origin: str = SHOP, **body: Any) -> tuple[int, Any, Any]:
        return await self.send("POST", path, body, key=self.page, origin=origin)

    async def ask(self, question: str = "What is 17 + 25?", episode: str | None = None) -> str:
        """The id of the trace of an answer."""
        body: dict[str, Any] = {
            "model": MODEL,
            "messages": [{"role": "user", "content": question}],
        }
        if episode:
            body["teppan"] = {"episode": episode}
        status, told, headers = await self.send("POST", "chat/completions", body)
        assert status == 200, told
        return str(headers["x-teppan-trace-id"])


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Site]:
    async with Fleet(FleetSettings(speed=0.0)) as fleet, aiohttp.ClientSession() as http:
        settings = Settings(
            server={"port": 0},
            store={"url": f"sqlite:///{folder / 'teppan.db'}", "durability": "process"},
            providers={
                "openai": {
                    "url": fleet.address("openai"),
                    "keys": ("env:SIMULATED_KEY",),
                    "models": (MODEL.partition("/")[2],),
                }
            },
        )
        async with running(settings) as (house, address):
            site = Site(house, address, http)
            keys = house.store.keys
            site.key = (await keys.create("shop", "server"))[1].reveal()
            page = await keys.create("shop", "page", role="feedback", origins=(SHOP,))
            site.page = page[1].reveal()
            site.stranger = (await keys.create("other", "server"))[1].reveal()
            yield site
