"""A distillation that is killed at any moment goes on where it was: no vendor is asked again for
what it answered, nothing is doubled, and the money of all its lives is counted once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import tomlkit

import distil_killed
from teppan.cli.demo import simulated_settings
from teppan.core.ids import LOCAL
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.store import Store
from teppan.store.distil import key_of

PACK = Path(__file__).parents[2] / "packs" / "myhibachi"
TASKS = [f"What is {first} times {second}?" for first in (3, 7) for second in (11, 12, 13)]
MODELS = {
    "demo/step": {
        "strategy": "cascade",
        "models": ["mistral/sim-mistral-small", "openai/sim-gpt-small", "xai/sim-grok"],
    },
    "demo/many": {"strategy": "critic"},
}
MOMENTS = ("begun 1", "noted 2", "paid 1", "kept 1", "written 1")

ALIVE = 6.0
"""A lease that a living process has time to renew."""


class Runs:
    """The program over a database and simulated vendors that count."""

    def __init__(self, folder: Path, fleet: Fleet) -> None:
        self.fleet = fleet
        self.database = folder / "demo.db"
        self.config, self.tasks = folder / "settings.json", folder / "tasks.txt"
        settings = simulated_settings(fleet, PACK, folder, 0)
        tables = settings.model_dump(mode="json", exclude_unset=True)
        tables["learn"] = {
            "terms": dict.fromkeys(tables["providers"], "free"),
            "distil": {"confidence": 0.0, "agreement": 0.0, "unjudged": True},
        }
        tables |= {"gateway": {}, "models": MODELS}  # no business: nothing to learn before it asks
        self.config.write_text(json.dumps(tables))
        self.tasks.write_text("\n".join(TASKS))

    async def started(
        self, model: str, concurrency: int, lease: float, *moments: str
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, distil_killed.__file__, str(self.config), str(self.tasks)),
            *(model, str(concurrency), str(lease), *moments),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "TEPPAN_SIMULATED_KEY": self.fleet.settings.keys[0]},
        )

    async def done(self, model: str, *moments: str) -> list[str]:
        """One question after the other. What was printed: each moment and how it ended."""
        process = await self.started(model, 1, 0.3, *moments)
        out, _ = await process.communicate()
        assert process.returncode == 0
        return out.decode().splitlines()

    def answered(self) -> Counter[tuple[str, bytes]]:
        """How often each vendor gave a whole answer to each question."""
        return Counter(
            (call.model, call.body)
            for call in self.fleet.calls
            if call.outcome == "completed" and call.status == 200 and call.operation != "models"
        )

    async def check(self) -> None:
        """Every task has one result, every kept one an example; the ledger has each call once."""
        store = await Store.open(self.database)
        try:
            results = await store.distil.results(LOCAL, "run")
            states = Counter(each.state for each in results)
            assert states["kept"] + states["dropped"] == len({each.task for each in results})
            assert len(results) >= len(TASKS)
            kept = {each.answered for each in results if each.state == "kept"}
            signals = await store.signals.list(LOCAL)
            assert len(signals) == len(kept)
            assert {each.trace_id for each in signals} == kept
            spent = await store.distil.spent(LOCAL, key_of("run"))
            assert spent >= sum(each.cost or 0 for each in results)
        finally:
            await store.close()


@asynccontextmanager
async def runs(folder: Path) -> AsyncIterator[Runs]:
    async with Fleet(FleetSettings(speed=0.0)) as fleet:
        yield Runs(folder, fleet)


@pytest.mark.timeout(600)
async def test_killed_at_every_moment_it_asks_no_vendor_again(tmp_path: Path) -> None:
    async with runs(tmp_path) as program:
        lived = await program.done("demo/step", *MOMENTS, "end 0")
        assert lived == [*(f"{moment} 9" for moment in MOMENTS), "end 0 lived"]
        assert set(program.answered().values()) == {1}
        await program.check()
        asked = program.fleet.calls.total
        assert await program.done("demo/step", "end 0") == ["end 0 lived"]
        assert program.fleet.calls.total == asked


@pytest.mark.timeout(600)
async def test_many_at_once_in_two_processes_pay_for_each_question_once(tmp_path: Path) -> None:
    async with runs(tmp_path) as program:
        dies = await program.started("demo/many", 4, ALIVE, "written 3")
        await dies.communicate()
        before = program.answered()
        both = [await program.started("demo/many", 4, ALIVE, "end 0") for _ in range(2)]
        assert [(await each.communicate())[0] for each in both] == [b"end 0 lived\n"] * 2
        repeated = sum(count - 1 for count in program.answered().values())
        lost = 4 * 4  # what was under way when it died: so many questions, of so many calls each
        assert repeated <= lost
        assert sum(program.answered().values()) - sum(before.values()) > 0
        await program.check()


@pytest.mark.timeout(300)
async def test_at_ctrl_c_it_ends_with_the_questions_under_way(tmp_path: Path) -> None:
    async with Fleet(FleetSettings(speed=0.2)) as fleet:
        program = Runs(tmp_path, fleet)
        tables = json.loads(program.config.read_text())
        (tmp_path / "teppan.toml").write_text(tomlkit.dumps(tables))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "teppan", "distill", "--tasks", str(program.tasks)),
            *("--model", "demo/many", "--name", "run", "--concurrency", "1"),
            stdout=asyncio.subprocess.PIPE,
            cwd=tmp_path,
            env={**os.environ, "TEPPAN_SIMULATED_KEY": fleet.settings.keys[0]},
        )
        async with asyncio.timeout(200):
            while fleet.calls.total < 2:
                await asyncio.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, _ = await process.communicate()
        assert process.returncode == 130
        assert "the same command goes on" in out.decode()
        assert {call.outcome for call in fleet.calls} == {"completed"}
        assert await program.done("demo/many", "end 0") == ["end 0 lived"]
        assert set(program.answered().values()) == {1}
        await program.check()
