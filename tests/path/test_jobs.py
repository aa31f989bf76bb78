"""A house does all its jobs: traffic becomes examples, what was found is told, old rows go."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from teppan.build import House, open_house
from teppan.build.jobs import ABOUT, file_now, open_kinds, stages_of
from teppan.config.schema import Settings
from teppan.core.chat import ChatRequest, say
from teppan.core.clock import SystemClock
from teppan.core.errors import ConfigError, NotFound
from teppan.core.ids import LOCAL
from teppan.learn.loop import NIGHT
from teppan.simulate.keys import DEFAULT_KEYS
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.worker import open_worker, working

MODEL = "openai/sim-gpt-small"
PACK = "packs/myhibachi"


def settings(fleet: Fleet, folder: Path, **more: Any) -> Settings:
    vendor = {
        "url": fleet.address("openai"), "keys": ("env:KEY",), "models": (MODEL.partition("/")[2],)
    }  # fmt: skip
    return Settings(
        store={"url": f"sqlite:///{folder / 'teppan.db'}", "durability": "process"},
        providers={"openai": vendor},
        **more,
    )


async def asked(house: House, question: str) -> None:
    request = ChatRequest(model=MODEL, messages=(say("user", question),))
    await house.gateway.answer(request, LOCAL)
    while await house.store.jobs.tenants(0.0, time.time() + 60) != ["local"]:
        await asyncio.sleep(0.01)


async def test_every_kind_of_job_is_done(tmp_path: Path) -> None:
    learn = {"collect": 0.0, "jobs": {"night": "", "check": "", "improve": "", "sweep": ""}}
    async with Fleet(FleetSettings(speed=0.0)) as fleet:
        wanted = settings(fleet, tmp_path, learn=learn)
        async with open_house(wanted, environment={"KEY": DEFAULT_KEYS[0]}) as house:
            await asked(house, "What is 6 times 7?")
            for kind in ABOUT:
                await file_now(house.store, kind, LOCAL, time.time() + 1)
            await asyncio.sleep(1)
            await open_worker(house, "worker").once()
            done = await house.store.jobs.list(LOCAL, everyone=True)
            signals = await house.store.signals.totals(LOCAL)
    assert {(each.kind, each.status, each.error) for each in done} == {
        (kind, "done", "") for kind in ABOUT
    }
    found = {
        each.kind: {name: got["counts"] for name, got in each.results.items()} for each in done
    }
    assert list(found["night"]) == ["signals", "pairs", "confidence", "review"]
    assert found["night"]["signals"]["new"] == signals.signals == 1
    assert found["check"]["enough"]["told"] == "0 of 1,000 examples that may train: not enough"
    assert found["check"]["confidence"]["stale"] is False
    assert "not enough" in found["improve"]["dataset"]["told"]


async def test_a_pack_brings_the_whole_night(tmp_path: Path) -> None:
    async with Fleet(FleetSettings(speed=0.0)) as fleet:
        wanted = settings(fleet, tmp_path, gateway={"pack": PACK})
        async with open_house(wanted, environment={"KEY": DEFAULT_KEYS[0]}) as house:
            assert set(stages_of(house, SystemClock())) == {name for name, _ in NIGHT}
            [night] = [each for each in open_kinds(house) if each.name == "night"]
            assert [each.name for each in night.stages] == [name for name, _ in NIGHT]


async def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    async with Fleet(FleetSettings(speed=0.0)) as fleet:
        wanted = settings(fleet, tmp_path, learn={"jobs": {"timezone": "Europe/Atlantis"}})
        async with open_house(wanted, environment={"KEY": DEFAULT_KEYS[0]}) as house:
            with pytest.raises(NotFound, match="dream"):
                await file_now(house.store, "dream", LOCAL, 0.0)
            with pytest.raises(ConfigError, match=r"learn\.jobs\.night.*Atlantis"):
                async with working(house, "serve"):
                    pass
