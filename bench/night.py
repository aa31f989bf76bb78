"""Kill -9 at random moments of a night: is everything done once, and paid for once?

    python bench/night.py [--kills 40] [--seed 7] [--quick] [--json]

A worker does nights of four stages over the real house and a simulated vendor: each stage asks
questions and keeps an example of every answer. This program kills it at random moments, starts the
next one, and at the end compares what the vendor saw with what is kept.

`repeats` are questions asked again although the job had their answer when it was killed: the goal
is 0. `unheard` are answers that the vendor had sent, or was sending, when the job was killed before
it had them: nobody can know of those, and they are asked again. `naive` is what a night that begins
anew after each kill would have repeated of the same answers. `wait` is how long after a kill the
next worker went on: its own start, then the lease.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from teppan.build import House, open_house
from teppan.config.schema import Settings
from teppan.core.chat import say
from teppan.core.clock import SystemClock
from teppan.core.ids import LOCAL, Scope
from teppan.core.signal import Provenance, Score, Signal
from teppan.learn.loop import Counted, Kind, Report, Stage
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.store import Store
from teppan.store.jobs import Job
from teppan.worker.dbos import DbosBackend, place
from teppan.worker.opening import policy_of
from teppan.worker.worker import Records, Worker, new_worker

MODEL = "openai/sim-gpt-small"
STAGES = ("find", "write", "try", "retire")
QUESTIONS = 12
AT_ONCE = 3
LEASE = 1.0
KILLS, QUICK_KILLS = 40, 8
LONGEST = 14
"""A worker is killed after between 0 and so many answers, and a moment more."""
MOMENT = 0.1


@dataclass
class Figures:
    """What came of all nights."""

    kills: int = 0
    nights: int = 0
    answers: int = 0
    calls: int = 0
    repeats: int = 0
    unheard: int = 0
    doubled: int = 0
    missing: int = 0
    money_differs: int = 0
    not_done: int = 0
    stages_again: int = 0
    naive_repeats: int = 0
    wait: float = 0.0
    seconds: float = 0.0


def name_of(night: int) -> str:
    return f"night/local/{night:03d}"


def question(night: int, stage: str, number: int) -> str:
    return f"night {night} {stage} {number}: What is 17 + 25?"


# --- the worker, a process of its own ---------------------------------------------------------


class Desk:
    """The stages; says on stdout what it has been answered, as soon as it has it."""

    def __init__(self, house: House) -> None:
        self.store = house.store
        self.ask = Counted(house.ask)

    def stage(self, name: str) -> Stage:
        async def run(scope: Scope, since: float, until: float, report: Report) -> dict[str, int]:
            night, gate, done = int(since), asyncio.Semaphore(AT_ONCE), 0
            tell({"stage": name, "night": night})

            async def one(number: int) -> None:
                nonlocal done
                words = question(night, name, number)
                key = f"{name_of(night)}/{name}/{number}"
                async with gate:
                    asked = await self.ask(scope, MODEL, [say("user", words)], key=key)
                tell({"answered": words})
                await self.store.signals.put(scope, [example(key, asked.text)])
                done += 1
                report(done, QUESTIONS, "questions")

            await asyncio.gather(*map(one, range(QUESTIONS)))
            return {"answers": done}

        return Stage(name, run)


def example(key: str, text: str) -> Signal:
    return Signal(
        id=f"sig_{key}", tenant="local", trace_id=f"tr_{key}", episode=None,
        messages=(say("user", key),), chosen=text or "nothing", score=Score(0.9),
        provenance=Provenance(MODEL),
    )  # fmt: skip


def tell(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


async def work(settings: Settings) -> None:
    async with open_house(settings) as house:
        desk, name = Desk(house), new_worker()
        night = Kind(name="night", about="", stages=tuple(map(desk.stage, STAGES)))
        records = Records(house.store.jobs, house.store.job_workers)
        backend, policy = DbosBackend(place(settings.store.url), name), settings.learn.jobs
        worker = Worker(
            name, "worker", records, (night,), backend, policy_of(policy), SystemClock()
        )
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        await worker.run()


# --- who kills it -----------------------------------------------------------------------------


class Killer:
    def __init__(self, folder: Path, fleet: Fleet, seed: int) -> None:
        self.database = folder / "teppan.db"
        self.config = folder / "settings.json"
        self.fleet = fleet
        self.dice = random.Random(seed)
        self.figures = Figures()
        self.waits: list[float] = []
        self.answered: Counter[str] = Counter()
        self.known: dict[str, float] = {}
        """When each answer was known to the job, on the fleet's clock."""
        self.kills: list[float] = []
        self.begun: Counter[tuple[int, str]] = Counter()
        self.config.write_text(
            json.dumps(
                {
                    "store": {"url": f"sqlite:///{self.database}", "durability": "process"},
                    "log": {"level": "error"},
                    "learn": {"jobs": {"lease": LEASE, "poll": 0.1, "grace": 1.0}},
                    "providers": {
                        "openai": {
                            "url": fleet.address("openai"),
                            "keys": ["env:SIMULATED_KEY"],
                            "models": [MODEL.partition("/")[2]],
                        }
                    },
                    "prices": [
                        {"model": MODEL, "input": "3", "output": "15", "since": "2026-01-01"}
                    ],
                }
            )
        )

    async def run(self, kills: int) -> Figures:
        began = time.monotonic()
        store = await Store.open(self.database)
        try:
            while self.figures.kills < kills:
                await self.night(store, kills)
            await self.compare(store)
        finally:
            await store.close()
        figures = self.figures
        figures.wait = round(statistics.median(self.waits), 2) if self.waits else 0.0
        figures.seconds = round(time.monotonic() - began, 1)
        return figures

    async def night(self, store: Store, kills: int) -> None:
        """One night, with as many kills as come in it."""
        night = self.figures.nights
        self.figures.nights += 1
        await store.jobs.file(
            Job(tenant="local", id=name_of(night), kind="night", day=f"{night}",
                since=float(night), until=night + 1.0)
        )  # fmt: skip
        while True:
            mortal = self.figures.kills < kills
            if await self.live(store, night, self.dice.randint(0, LONGEST) if mortal else None):
                return

    async def live(self, store: Store, night: int, answers: int | None) -> bool:
        """One worker's life: killed after so many answers; whether the night was done before."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, __file__, "--worker", str(self.config)),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "SIMULATED_KEY": self.fleet.settings.keys[0]},
        )
        assert process.stdout is not None
        reading = asyncio.create_task(self.read(process.stdout))
        before = sum(self.answered.values())
        try:
            while await self.status(store, night) != "done":
                heard = sum(self.answered.values()) - before
                if answers is not None and heard >= answers and self.seen(night):
                    await asyncio.sleep(self.dice.random() * MOMENT)
                    process.kill()
                    self.kills.append(self.fleet.clock.monotonic())
                    self.figures.kills += 1
                    self.figures.naive_repeats += self.of_night(night)
                    return False
                await asyncio.sleep(0.005)
            process.terminate()
            return True
        finally:
            await process.wait()
            await reading

    async def status(self, store: Store, night: int) -> str:
        job = await store.jobs.get(LOCAL, name_of(night))
        return "" if job is None else job.status

    def seen(self, night: int) -> bool:
        return any(found == night for found, _ in self.begun)

    def of_night(self, night: int) -> int:
        """Answers of this night that were known: what beginning anew would ask again."""
        return sum(words.startswith(f"night {night} ") for words in self.known)

    async def read(self, stream: asyncio.StreamReader) -> None:
        first = True
        async for line in stream:
            told, now = json.loads(line), self.fleet.clock.monotonic()
            if "stage" in told:
                self.begun[told["night"], told["stage"]] += 1
                if first and self.kills:
                    self.waits.append(now - self.kills[-1])
                first = False
            else:
                self.answered[told["answered"]] += 1
                self.known.setdefault(told["answered"], now)

    async def compare(self, store: Store) -> None:
        figures = self.figures
        calls: dict[str, list[float]] = {}
        for call in self.fleet.calls:
            calls.setdefault(call.json["messages"][-1]["content"], []).append(call.started)
        wanted = [
            question(night, stage, number)
            for night in range(figures.nights)
            for stage in STAGES
            for number in range(QUESTIONS)
        ]
        figures.answers = len(wanted)
        figures.calls = sum(map(len, calls.values()))
        for words in wanted:
            late = [at for at in calls.get(words, []) if at > self.known.get(words, float("inf"))]
            figures.repeats += len(late)
            figures.unheard += len(calls.get(words, [])) - 1 - len(late)
        figures.stages_again = sum(self.begun.values()) - figures.nights * len(STAGES)
        kept = await store.signals.list(LOCAL, limit=len(wanted) * 2)
        figures.missing = len(wanted) - len({each.id for each in kept})
        figures.doubled = len(kept) - len({each.id for each in kept})
        rows = await store.ledger.list(LOCAL, limit=len(wanted) * 2)
        figures.doubled += len(rows) - len({each.trace_id for each in rows})
        nights = [await store.jobs.get(LOCAL, name_of(each)) for each in range(figures.nights)]
        figures.not_done = sum(each is None or each.status != "done" for each in nights)
        spent = sum(each.cost or 0 for each in rows)
        figures.money_differs = abs(spent - sum(each.cost for each in nights if each is not None))


def goals(figures: Figures) -> dict[str, dict[str, Any]]:
    names = ("repeats", "doubled", "missing", "money_differs", "not_done")
    return {
        name: {"value": getattr(figures, name), "goal": 0, "met": getattr(figures, name) == 0}
        for name in names
    }


async def measure(kills: int, seed: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="teppan-night-") as folder:
        async with Fleet(FleetSettings(speed=0.2, keep_calls=1_000_000)) as fleet:
            return await Killer(Path(folder), fleet, seed).run(kills)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=None)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", metavar="SETTINGS", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.worker:
        asyncio.run(work(Settings(**json.loads(Path(chosen.worker).read_text()))))
        return
    kills = chosen.kills or (QUICK_KILLS if chosen.quick else KILLS)
    figures = asyncio.run(measure(kills, chosen.seed))
    report = {"figures": asdict(figures), "goals": goals(figures)}
    if chosen.json:
        print(json.dumps(report, indent=2))
        return
    print(f"{figures.kills} kills in {figures.nights} nights, {figures.seconds} s")
    print(f"  answers wanted             {figures.answers:>6}")
    print(f"  calls the vendor saw       {figures.calls:>6}")
    print(
        f"  repeats                    {figures.repeats:>6}   goal 0; naive {figures.naive_repeats}"
    )
    print(f"  unheard, asked again       {figures.unheard:>6}   cannot be known of")
    print(f"  examples or money doubled  {figures.doubled:>6}   goal 0")
    print(f"  examples missing           {figures.missing:>6}   goal 0")
    print(f"  ledger less jobs' cost     {figures.money_differs:>6}   goal 0, micro-dollars")
    print(f"  stages begun again         {figures.stages_again:>6}")
    print(f"  seconds from kill to going on {figures.wait:>5}   lease {LEASE:g} s")


if __name__ == "__main__":
    main()
