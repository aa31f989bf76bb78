"""With any single vendor down, not one request of a thousand fails."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fault_arena import MODELS
from teppan.build import House, open_house
from teppan.config.schema import Settings
from teppan.core.chat import ChatRequest, say
from teppan.core.ids import LOCAL
from teppan.simulate.keys import DEFAULT_KEYS
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings

CHAIN = tuple(MODELS.values())
ENVIRONMENT = {"SIMULATED_KEY": DEFAULT_KEYS[0]}


def settings(fleet: Fleet, folder: Path) -> Settings:
    vendors = {model.partition("/")[0]: model.partition("/")[2] for model in CHAIN}
    return Settings(
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


async def ask(house: House, number: int) -> str:
    """One question to one of the models in turn; every second one is streamed."""
    request = ChatRequest(
        model=CHAIN[number % len(CHAIN)],
        messages=(say("user", f"What is {number} + 25?"),),
        stream=number % 2 == 1,
    )
    answer = await house.gateway.answer(request, LOCAL)
    if not request.stream:
        assert answer.completion is not None
        return answer.completion.text
    text = ""
    async for delta in answer.deltas():
        text += getattr(delta, "text", "")
    return text


@pytest.mark.parametrize("down", ["refused port", "503", "401", "reset_head", "429:600"])
async def test_with_any_vendor_down_every_request_is_answered(tmp_path: Path, down: str) -> None:
    """Five kinds of trouble, four vendors, 50 requests for each pair: 1,000 in all."""
    async with Fleet(FleetSettings(speed=0.0)) as fleet:
        for model in CHAIN:
            vendor = model.partition("/")[0]
            folder = tmp_path / vendor
            folder.mkdir()
            async with open_house(settings(fleet, folder), environment=ENVIRONMENT) as house:
                if down == "refused port":
                    await fleet.refuse(vendor)
                else:
                    fleet.faults.add(down, vendor=vendor)
                texts = []
                for start in range(0, 50, 10):
                    texts += await asyncio.gather(*(ask(house, start + each) for each in range(10)))
                assert len(texts) == 50
                assert all(texts)
                if down == "refused port":
                    await fleet.restore(vendor)
                fleet.reset()
