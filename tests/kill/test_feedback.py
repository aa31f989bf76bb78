"""Promise 1 for what people say: acknowledged feedback, outcomes and corrections survive `kill -9`,
each once, and what is sent again after it changes nothing."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from teppan.core.ids import LOCAL
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.store import Store

MODEL = "openai/sim-gpt-small"
CLIENTS = 12
CYCLES = 3

Acked = tuple[str, str, dict[str, Any]]
"""What was answered: the path, the id, and what had been sent."""


async def start(config: Path) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "teppan", "serve", "--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(120):
        line = (await process.stdout.readline()).decode()
    return process, line.split()[-1]


async def ask(http: aiohttp.ClientSession) -> str:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "What is 6 times 7?"}]}
    async with http.post("/v1/chat/completions", json=body) as got:
        assert got.status == 200, await got.text()
        return got.headers["x-teppan-trace-id"]


def said(trace: str, n: int) -> tuple[str, dict[str, Any]]:
    return (
        ("feedback", {"trace_id": trace, "stars": 1 + n % 5, "user": f"u{n}"}),
        ("outcomes", {"trace_id": trace, "metric": "booking", "amount": "9.99", "id": f"b{n}"}),
        ("corrections", {"trace_id": trace, "text": f"text {n}", "user": f"u{n}"}),
    )[n % 3]


async def talk(
    http: aiohttp.ClientSession, trace: str, numbers: itertools.count[int], acked: list[Acked]
) -> None:
    """Speaks until the gateway is dead; notes what was acknowledged."""
    try:
        while True:
            path, body = said(trace, next(numbers))
            async with http.post(f"/v1/{path}", json=body) as got:
                told = json.loads(await got.read())
                assert got.status == 200, told
            acked.append((path, told["ids"][0] if path == "feedback" else told["id"], body))
    except aiohttp.ClientError:
        return


async def live_and_die(config: Path, numbers: itertools.count[int], acks: int) -> list[Acked]:
    process, address = await start(config)
    acked: list[Acked] = []
    try:
        async with aiohttp.ClientSession(address) as http:
            trace = await ask(http)
            clients = [
                asyncio.create_task(talk(http, trace, numbers, acked)) for _ in range(CLIENTS)
            ]
            async with asyncio.timeout(120):
                while len(acked) < acks:
                    await asyncio.sleep(0.001)
            process.kill()
            await asyncio.gather(*clients)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    return acked


async def kept(database: Path) -> Counter[str]:
    store = await Store.open(database)
    try:
        found = [each.id for each in await store.feedback.counting(LOCAL)]
        found += [each.id for each in await store.outcomes.counting(LOCAL)]
        found += [each.id for each in await store.corrections.counting(LOCAL)]
    finally:
        await store.close()
    return Counter(found)


@pytest.mark.timeout(600)
async def test_what_was_acknowledged_is_there_once_after_kill_9(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, config = tmp_path / "teppan.db", tmp_path / "teppan.toml"
    dice, numbers = random.Random(7), itertools.count()
    acked: list[Acked] = []
    async with Fleet(FleetSettings(speed=0.0)) as fleet:
        monkeypatch.setenv("SIMULATED_KEY", fleet.settings.keys[0])
        config.write_text(
            f'[server]\nport = 0\n[store]\nurl = "sqlite:///{database}"\n'
            f'[providers.openai]\nurl = "{fleet.address("openai")}"\n'
            'keys = ["env:SIMULATED_KEY"]\nmodels = ["sim-gpt-small"]\n'
        )
        for _ in range(CYCLES):
            acked += await live_and_die(config, numbers, dice.randint(20, 90))
        found = await kept(database)
        assert len(acked) > 3 * 20
        assert [id for _, id, _ in acked if found[id] != 1] == []
        again = await once_more(config, acked[-20:])
    assert again == [id for _, id, _ in acked[-20:]]
    assert await kept(database) == found


async def once_more(config: Path, acked: list[Acked]) -> list[str]:
    """The ids that are answered when the same is sent again, to the next process."""
    process, address = await start(config)
    try:
        ids = []
        async with aiohttp.ClientSession(address) as http:
            for path, _, body in acked:
                async with http.post(f"/v1/{path}", json=body) as got:
                    told = await got.json()
                ids.append(told["ids"][0] if path == "feedback" else told["id"])
        return ids
    finally:
        process.kill()
        await process.wait()
