"""`serve` and `simulate` as processes, ended by real signals."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from teppan.simulate.server import Fleet

PATIENCE = 300.0


@asynccontextmanager
async def started(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "teppan", *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def address(process: asyncio.subprocess.Process) -> str:
    """Where the gateway listens: the first line it prints."""
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
    assert "http://" in line, line
    return line.rpartition(" ")[2].strip()


def question(*, stream: bool = False) -> dict[str, object]:
    return {
        "model": "openai/sim-gpt-small",
        "stream": stream,
        "messages": [{"role": "user", "content": "What is 6 times 7?"}],
    }


async def test_sigterm_lets_a_stream_end_and_refuses_new_work(folder: Path, fleet: Fleet) -> None:
    fleet.faults.add("slow_events:0.2", vendor="openai")
    async with started("serve", "--port", "0") as process, aiohttp.ClientSession() as http:
        url = f"{await address(process)}/v1/chat/completions"
        async with http.post(url, json=question(stream=True)) as answer:
            first = await answer.content.readany()
            assert answer.status == 200
            process.send_signal(signal.SIGTERM)
            rest = await answer.content.read()
            assert (first + rest).rstrip().endswith(b"[DONE]")
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
        with pytest.raises(aiohttp.ClientError):
            await http.post(url, json=question())


async def test_a_gateway_started_again_knows_what_it_spent(folder: Path) -> None:
    for expected in (1, 2):
        async with started("serve", "--port", "0") as process, aiohttp.ClientSession() as http:
            url = f"{await address(process)}/v1/chat/completions"
            async with http.post(url, json=question()) as answer:
                assert answer.status == 200
            process.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
        async with started("costs", "--json") as costs:
            out, _ = await asyncio.wait_for(costs.communicate(), PATIENCE)
        assert [row["calls"] for row in json.loads(out)["rows"]] == [expected]


async def test_a_public_bind_without_a_key_is_refused_before_anything_listens(folder: Path) -> None:
    async with started("serve", "--host", "0.0.0.0", "--port", "0") as process:
        _, error = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 2
    assert b"teppan keys create" in error


async def test_simulated_vendors_say_that_they_are_simulated(tmp_path: Path) -> None:
    async with started("simulate", "--port", "0", "--speed", "0", "--json") as process:
        assert process.stdout is not None
        text = b""
        while not text.rstrip().endswith(b"\n}"):
            text += await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        vendors = json.loads(text)
        assert vendors["simulated"] is True
        async with aiohttp.ClientSession() as http:
            headers = {"authorization": f"Bearer {vendors['key']}"}
            url = f"{vendors['vendors']['openai']}/chat/completions"
            asked = {**question(), "model": "sim-gpt-small"}
            async with http.post(url, json=asked, headers=headers) as answer:
                assert answer.status == 200, await answer.text()
                assert "simulated" in json.dumps(dict(answer.headers)).lower()
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
