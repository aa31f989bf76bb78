"""A training set that is killed while it is built goes on, and has the hash it would have had."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from teppan.core.ids import LOCAL
from teppan.store import Store

TESTS = Path(__file__).parents[1]
SIGNALS = 40

BUILD = """
import asyncio, sys, time
from dataset_signals import signal
from teppan.build.datasets import open_dataset_desk
from teppan.config.schema import Settings
from teppan.core.ids import LOCAL
from teppan.learn.datasets import building
from teppan.store import Store

building.PAGE = 5
path, slow = sys.argv[1], float(sys.argv[2])

def report(done, total, what):
    print(what, done, flush=True)
    time.sleep(slow)

async def main():
    store = await Store.open(path)
    await store.signals.put(LOCAL, [signal(n) for n in range(int(sys.argv[3]))])
    settings = Settings.model_validate({"learn": {"terms": {"ollama": "free"}}})
    desk = open_dataset_desk(settings, None, store)
    built = await building.build_dataset(desk, LOCAL, 0.0, 1e9, report, "sets")
    print("built", built.id, built.hash, flush=True)
    await store.close()

asyncio.run(main())
"""


async def build(path: Path, seed: int, kill_at: str = "") -> list[str]:
    """The lines of a build in a process of its own, which is killed where it says `kill_at`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BUILD, str(path), "0.2" if kill_at else "0", str(SIGNALS)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(TESTS)},
    )
    assert process.stdout is not None
    lines = []
    async with asyncio.timeout(120):
        async for line in process.stdout:
            lines.append(line.decode().strip())
            if kill_at and lines[-1].startswith(kill_at):
                process.kill()
                break
        await process.wait()
    return lines


async def test_killed_at_every_stage_it_goes_on_to_the_same_hash(tmp_path: Path) -> None:
    whole = (await build(tmp_path / "whole.db", 1))[-1]
    path = tmp_path / "killed.db"
    for stage in ("scrubbed 15", "decided 10"):
        lines = await build(path, 2, kill_at=stage)
        assert lines[-1].startswith(stage)
        assert not any(line.startswith("built") for line in lines)
    assert (await build(path, 3))[-1] == whole
    store = await Store.open(path)
    [version] = await store.datasets.list(LOCAL)
    rows = await store.datasets.rows.list(LOCAL, version)
    await store.close()
    assert (version.id, version.state, len(rows)) == ("sets@1", "ready", SIGNALS)
