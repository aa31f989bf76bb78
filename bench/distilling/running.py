"""Kills at random moments, speed by concurrency, and budgets: over simulated vendors that count."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from teppan.build.distil import Wish, open_distillery
from teppan.cli.demo import simulated_settings
from teppan.config.schema import Settings
from teppan.core.ids import LOCAL
from teppan.learn.distil.run import distil
from teppan.learn.distil.tasks import Task, read_tasks
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.store import Store

HERE = Path(__file__).parent
MODEL = "bench/critic"
LONGEST = 300.0
"""Seconds one child may take."""


def tasks(count: int) -> list[str]:
    return [f"What is {3 + at // 40} times {11 + at % 40}?" for at in range(count)]


def settings_of(fleet: Fleet, folder: Path, name: str) -> Settings:
    """A house of vendors alone, in a database of its own."""
    settings = simulated_settings(fleet, HERE.parents[1] / "packs" / "myhibachi", folder, 0)
    tables = settings.model_dump(mode="json", exclude_unset=True)
    tables |= {
        "gateway": {},
        "models": {MODEL: {"strategy": "critic"}},
        "store": {"url": f"sqlite:///{folder / name}.db"},
        "learn": {"terms": dict.fromkeys(tables["providers"], "free")},
    }
    return Settings(**tables)


async def kills(
    cycles: int, count: int, concurrency: int, seed: int, folder: Path
) -> dict[str, Any]:
    """Kills `cycles` children at random moments, then lets one come to its end.

    An answer that the vendor has sent and the dead process had not made durable is lost, and asked
    for again; one that was durable must not be.
    """
    dice, at_death, lost, found = random.Random(seed), 0, 0, ""
    async with Fleet(FleetSettings(speed=0.02)) as fleet:
        settings = settings_of(fleet, folder, "kills")
        config, listed = folder / "settings.json", folder / "tasks.txt"
        config.write_text(json.dumps(settings.model_dump(mode="json", exclude_unset=True)))
        listed.write_text("\n".join(tasks(count)))
        share = 4 * count // (cycles + 1)
        for cycle in range(cycles + 1):
            async with _child(config, listed, concurrency, fleet) as child:
                if cycle == cycles:
                    found = (await child.stdout.read()).decode()  # type: ignore[union-attr]
                    continue
                wanted = fleet.calls.total + dice.randint(share // 2, share)
                async with asyncio.timeout(LONGEST):
                    while fleet.calls.total < wanted and child.returncode is None:
                        await asyncio.sleep(dice.random() * 0.01)
            if cycle < cycles:
                await fleet.calls.settled()
                at_death += sum(_answered(fleet).values())
                lost = sum(_answered(fleet).values()) - _durable(folder / "kills.db")
        answered = _answered(fleet)
    store = await Store.open(folder / "kills.db")
    try:
        results = await store.distil.results(LOCAL, "run")
        signals = await store.signals.list(LOCAL)
    finally:
        await store.close()
    kept = {each.answered for each in results if each.state == "kept"}
    repeated = sum(many - 1 for many in answered.values())
    return {
        "kills": cycles,
        "questions": count,
        "concurrency": concurrency,
        "calls_answered": sum(answered.values()),
        "calls_lost_in_flight": lost,
        "calls_repeated": repeated,
        "durable_calls_repeated": max(0, repeated - lost),
        "calls_repeated_by_starting_over": at_death,
        "results": len(results),
        "results_missing": count - len(results),
        "examples_doubled": len(signals) - len({each.trace_id for each in signals} & kept),
        "ended": bool(found),
    }


async def speeds(levels: list[int], count: int, speed: float, folder: Path) -> dict[str, Any]:
    """Questions a second by how many are asked at once, with vendors at `speed` of their usual
    latency; `linear` is what so many times one at a time would give."""
    rates: dict[str, Any] = {}
    alone = 0.0
    for level in levels:
        async with Fleet(FleetSettings(speed=speed)) as fleet:
            settings = settings_of(fleet, folder, f"speed{level}")
            async with _opened(settings, count, level, 1_000_000_000) as (desk, job):
                began = time.perf_counter()
                await distil(desk, LOCAL, job, lambda *_: None)
                seconds = time.perf_counter() - began
        alone = alone or count / seconds / level
        rates[str(level)] = {"per_second": count / seconds, "linear": level * alone}
    return rates


async def budgets(levels: list[int], count: int, folder: Path) -> dict[str, Any]:
    """Runs whose budget ends them: how much they overshot, and how much they left."""
    found: dict[str, Any] = {}
    for level in levels:
        budget = 700_000 + 100_000 * level
        async with Fleet(FleetSettings(speed=0.0)) as fleet:
            settings = settings_of(fleet, folder, f"budget{level}")
            async with _opened(settings, count, level, budget) as (desk, job):
                tally = await distil(desk, LOCAL, job, lambda *_: None)
        over = max(0, tally.spent - budget)
        used = tally.spent / budget
        found[str(level)] = {"overshot": over, "used": used, "stopped": bool(tally.stopped)}
    return found


@asynccontextmanager
async def _opened(
    settings: Settings, count: int, concurrency: int, budget: int
) -> AsyncIterator[tuple[Any, Any]]:
    listed: tuple[Task, ...] = tuple(read_tasks("\n".join(tasks(count)).encode(), ".txt"))
    wish = Wish(model=MODEL, tasks=listed, listed="bench", concurrency=concurrency, budget=budget)
    async with open_distillery(settings, wish, LOCAL) as found:
        yield found.desk, found.job


@asynccontextmanager
async def _child(
    config: Path, listed: Path, concurrency: int, fleet: Fleet
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A run in a process of its own; it is killed at the end of the block."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "distilling.child", str(config), str(listed), MODEL),
        *(str(concurrency), "1000000000"),
        stdout=asyncio.subprocess.PIPE,
        cwd=HERE.parent,
        env={**os.environ, "TEPPAN_SIMULATED_KEY": fleet.settings.keys[0]},
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


def _durable(database: Path) -> int:
    """Answered calls that the database knows: booked, or noted under a step that was cut."""
    if not database.exists():
        return 0
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        known = {row[0] for row in db.execute("SELECT id FROM ledger WHERE outcome = 'ok'")}
        for (body,) in db.execute("SELECT body FROM paid WHERE key LIKE '%#%'"):
            known |= {each["id"] for each in json.loads(body)["calls"] if each["outcome"] == "ok"}
    return len(known)


def _answered(fleet: Fleet) -> Counter[tuple[str, bytes]]:
    """Whole answers by model and question."""
    return Counter(
        (call.model, call.body)
        for call in fleet.calls
        if call.outcome == "completed" and call.status == 200 and call.model
    )
