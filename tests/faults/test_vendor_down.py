"""With any single vendor down, not one request of a thousand fails: asked over HTTP."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from fault_arena import MODELS
from teppan.config.schema import Settings
from teppan.core.ids import LOCAL
from teppan.providers.sse import SseParser
from teppan.server.process import running
from teppan.simulate.keys import DEFAULT_KEYS
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings

CHAIN = tuple(MODELS.values())


def settings(fleet: Fleet, folder: Path) -> Settings:
    vendors = {model.partition("/")[0]: model.partition("/")[2] for model in CHAIN}
    return Settings(
        server={"port": 0},
        store={"url": f"sqlite:///{folder / 'teppan.db'}", "durability": "process"},
        gateway={"fallback": CHAIN},
        retry={"first_wait": 0.01},
        providers={
            vendor: {
                "url": fleet.address(vendor),
                "keys": ("env:SIMULATED_KEY",),
                "models": (name,),
            }
            for vendor, name in vendors.items()
        },
    )


async def ask(http: aiohttp.ClientSession, address: str, number: int) -> str:
    """One question to one of the models in turn; every second one is streamed."""
    body = {
        "model": CHAIN[number % len(CHAIN)],
        "messages": [{"role": "user", "content": f"What is {number} + 25?"}],
        "stream": number % 2 == 1,
    }
    async with http.post(f"{address}/v1/chat/completions", json=body) as answer:
        assert answer.status == 200, await answer.text()
        if not body["stream"]:
            return str((await answer.json())["choices"][0]["message"]["content"])
        parser, events = SseParser(), []
        async for piece in answer.content.iter_any():
            events += parser.feed(piece)
    assert events.pop().data == b"[DONE]"
    deltas = [each["delta"] for event in events for each in json.loads(event.data)["choices"]]
    return "".join(each.get("content") or "" for each in deltas)


@pytest.mark.parametrize("down", ["refused port", "503", "401", "reset_head", "429:600"])
async def test_with_any_vendor_down_every_request_is_answered(
    tmp_path: Path, down: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five kinds of trouble, four vendors, 50 requests for each pair: 1,000 in all."""
    monkeypatch.setenv("SIMULATED_KEY", DEFAULT_KEYS[0])
    async with Fleet(FleetSettings(speed=0.0)) as fleet, aiohttp.ClientSession() as http:
        for model in CHAIN:
            vendor = model.partition("/")[0]
            folder = tmp_path / vendor
            folder.mkdir()
            async with running(settings(fleet, folder)) as (house, address):
                if down == "refused port":
                    await fleet.refuse(vendor)
                else:
                    fleet.faults.add(down, vendor=vendor)
                texts: list[str] = []
                for start in range(0, 50, 10):
                    batch = (ask(http, address, start + each) for each in range(10))
                    texts += await asyncio.gather(*batch)
                assert len(texts) == 50
                assert all(texts)
                rows = await house.store.costs.summary(LOCAL, by="model", since=0.0)
                assert sum(row.calls for row in rows) >= 50
                if down == "refused port":
                    await fleet.restore(vendor)
                fleet.reset()
