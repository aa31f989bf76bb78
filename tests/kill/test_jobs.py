"""A night that is killed at any moment is taken up where it was: nothing is doubled, and no
answered call of a vendor is repeated; of two workers one does it, and who dies is replaced."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import night_desk
from night_desk import ASKS, NIGHT, STAGES, moments, question
from teppan.core.ids import LOCAL
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.store import Store
from teppan.store.job_workers import Worker
from teppan.store.jobs import Job

LEASE = 1.0
PATIENCE = 120.0


class Nights:
    """The night's program over a database and a simulated vendor that counts."""

    def __init__(self, folder: Path, database: str, fleet: Fleet, lease: float) -> None:
        self.database = database
        self.fleet = fleet
        self.config = folder / "settings.json"
        self.config.write_text(
            json.dumps(
                {
                    "store": {"url": database, "durability": "process"},
                    "log": {"level": "error"},
                    "learn": {"jobs": {"lease": lease, "poll": 0.1, "grace": 0.1}},
                    "providers": {
                        "openai": {
                            "url": fleet.address("openai"),
                            "keys": ["env:SIMULATED_KEY"],
                            "models": ["sim-gpt-small"],
                        }
                    },
                }
            )
        )

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        opened = await Store.open(self.database)
        yield opened
        await opened.close()

    async def job(self) -> Job:
        async with self.store() as store:
            found = await store.jobs.get(LOCAL, NIGHT)
        assert found is not None
        return found

    async def workers(self) -> Sequence[Worker]:
        async with self.store() as store:
            return await store.job_workers.list(LEASE)

    @asynccontextmanager
    async def started(self, *moments: str) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, night_desk.__file__, str(self.config), *moments),
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "SIMULATED_KEY": self.fleet.settings.keys[0]},
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    def asked(self) -> Counter[str]:
        """How often the vendor answered each question."""
        return Counter(each.json["messages"][-1]["content"] for each in self.fleet.calls)

    async def proven(self) -> None:
        """Everything was done, and paid for, once."""
        job = await self.job()
        assert (job.status, job.error) == ("done", "")
        assert {name: each["counts"] for name, each in job.results.items()} == {
            name: {"answers": ASKS} for name in STAGES
        }
        once = {question(name, number): 1 for name in STAGES for number in range(ASKS)}
        assert self.asked() == once
        async with self.store() as store:
            paid = await store.ledger.list(LOCAL)
            assert len(await store.signals.list(LOCAL)) == len(STAGES)
        assert len(paid) == len(once)
        assert job.cost == sum(each.cost or 0 for each in paid)


@asynccontextmanager
async def nights(folder: Path, database: str, lease: float = LEASE) -> AsyncIterator[Nights]:
    async with Fleet(FleetSettings(speed=0.0)) as fleet:
        made = Nights(folder, database, fleet, lease)
        async with made.store() as store:
            await night_desk.file_night(store)
        yield made


async def lines(process: asyncio.subprocess.Process) -> list[Any]:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        return [json.loads(line) async for line in process.stdout]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_killed_at_every_moment_the_night_ends_with_nothing_doubled(
    tmp_path: Path, database: str
) -> None:
    async with nights(tmp_path, database, lease=0.5) as night:
        async with night.started(*moments(), "") as process:
            told = await lines(process)
        assert told == [[moment, -signal.SIGKILL] for moment in moments()] + [["", 0]]
        await night.proven()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_one_of_two_workers_does_it_and_a_frozen_one_is_replaced_and_does_nothing_more(
    tmp_path: Path, database: str
) -> None:
    async with nights(tmp_path, database) as night:
        async with night.started("stand write asked 0") as first, second_to(night, first) as second:
            await held(night)
            os.killpg(first.pid, signal.SIGSTOP)
            assert await lines(second) == [["", 0]]
            assert (await night.job()).fence == 2
            await night.proven()
            os.killpg(first.pid, signal.SIGCONT)
            assert await lines(first) == [["stand write asked 0", 0]]
        await night.proven()


@asynccontextmanager
async def second_to(
    night: Nights, first: asyncio.subprocess.Process
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another worker, started when the first one stands where it was told."""
    assert first.stdout is not None
    async with asyncio.timeout(PATIENCE):
        await first.stdout.readline()
    async with night.started("") as second:
        yield second


async def held(night: Nights) -> None:
    """The first one keeps its job past what a lease lasts, with another worker beside it."""
    async with asyncio.timeout(PATIENCE):
        while len(await night.workers()) < 2:
            await asyncio.sleep(0.05)
    await asyncio.sleep(1.5 * LEASE)
    job = await night.job()
    assert (job.status, job.fence, job.stage, job.done) == ("running", 1, "write", 1)
