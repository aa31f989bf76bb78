"""A worker whose night asks a model, as a program: it dies, or stands still, when it is told.

    python night_desk.py SETTINGS.json MOMENT...

Runs one child for each moment, the next when the last one is dead, and one for the empty moment
that ends the job. A moment that begins with `stand ` prints a line and waits there, alive.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import dbos  # noqa: F401 - before children are made, so that it is loaded once

from teppan.build import House, open_house
from teppan.config.schema import Settings
from teppan.core.chat import say
from teppan.core.clock import SystemClock
from teppan.core.ids import LOCAL, Scope
from teppan.core.signal import Provenance, Score, Signal
from teppan.learn.loop import Counted, Kind, Report, Stage
from teppan.store.jobs import ENDED, Job
from teppan.worker.dbos import DbosBackend, place
from teppan.worker.opening import policy_of
from teppan.worker.worker import Records, Worker, new_worker

MODEL = "openai/sim-gpt-small"
NIGHT = "night/local/2026-11-28"
STAGES = ("find", "write")
ASKS = 2


def moments() -> Iterator[str]:
    """Every boundary of the night, and inside of each stage."""
    for name in STAGES:
        yield f"{name} begins"
        yield f"{name} asked 0"
        yield f"{name} ends"
    yield "before it is settled"
    yield "after it is settled"


def question(stage: str, number: int) -> str:
    return f"{stage} {number}: What is 17 + 25?"


async def file_night(house_or_store: object) -> None:
    store = getattr(house_or_store, "store", house_or_store)
    await store.jobs.file(  # type: ignore[attr-defined]
        Job(tenant="local", id=NIGHT, kind="night", day="2026-11-28", since=0.0, until=1.0)
    )


class Desk:
    """The stages, over a real house."""

    def __init__(self, house: House, moment: str) -> None:
        self.store = house.store
        self.ask = Counted(house.ask)
        self.moment = moment

    async def comes(self, moment: str) -> None:
        if moment == self.moment:
            os.kill(os.getpid(), signal.SIGKILL)
        if f"stand {moment}" == self.moment:
            self.moment = ""
            print("here", flush=True)
            await asyncio.sleep(3600)

    def stage(self, name: str) -> Stage:
        async def run(scope: Scope, since: float, until: float, report: Report) -> dict[str, int]:
            await self.comes(f"{name} begins")
            for number in range(ASKS):
                messages = [say("user", question(name, number))]
                await self.ask(scope, MODEL, messages, key=f"{NIGHT}/{name}/{number}")
                report(number + 1, ASKS, "questions")
                await self.comes(f"{name} asked {number}")
            await self.store.signals.put(scope, [signal_of(name)])
            await self.comes(f"{name} ends")
            return {"answers": ASKS}

        return Stage(name, run)

    def mortal(self) -> None:
        """Dies also before and after a job's end is written."""
        settle = self.store.jobs.settle

        async def settled(*given: object, **more: object) -> bool:
            await self.comes("before it is settled")
            done = await settle(*given, **more)  # type: ignore[arg-type]
            await self.comes("after it is settled")
            return done

        self.store.jobs.settle = settled  # type: ignore[method-assign]


def signal_of(stage: str) -> Signal:
    return Signal(
        id=f"sig_{stage}",
        tenant="local",
        trace_id=f"tr_{stage}",
        episode=None,
        messages=(say("user", stage),),
        chosen="42",
        score=Score(0.9),
        provenance=Provenance(MODEL),
    )


async def work(settings: Settings, moment: str) -> None:
    async with open_house(settings) as house:
        desk, name = Desk(house, moment), new_worker()
        desk.mortal()
        night = Kind(name="night", about="", stages=tuple(map(desk.stage, STAGES)))
        records = Records(house.store.jobs, house.store.job_workers)
        backend = DbosBackend(place(settings.store.url), name)
        policy = policy_of(settings.learn.jobs)
        worker = Worker(name, "worker", records, (night,), backend, policy, SystemClock())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        running = asyncio.create_task(worker.run())
        while not running.done() and not await ended(house):
            await asyncio.sleep(0.05)
        worker.stop()
        await running


async def ended(house: House) -> bool:
    job = await house.store.jobs.get(LOCAL, NIGHT)
    return job is not None and job.status in ENDED


def main() -> None:
    settings = Settings(**json.loads(Path(sys.argv[1]).read_text()))
    for moment in sys.argv[2:]:
        child = os.fork()
        if child == 0:
            asyncio.run(work(settings, moment))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(json.dumps([moment, os.waitstatus_to_exitcode(status)]), flush=True)


if __name__ == "__main__":
    main()
