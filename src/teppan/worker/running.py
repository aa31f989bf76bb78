"""One job while this process does it: its stages as steps, how far it is, how it ends."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog
from msgspec import Struct

from teppan.core.clock import Clock
from teppan.core.errors import StoreError, TeppanError
from teppan.core.ids import Scope
from teppan.learn.loop import TALLY, Kind, Stage, Tally
from teppan.store.jobs import Job, Jobs
from teppan.store.jobs import Step as Far
from teppan.worker.backend import JobBackend, Step, StepsFailed

KEY = "jobs"
"""The key id under which jobs ask."""
LONGEST_WAIT = 3600.0
GROWTH = 4.0
MOST_HANDS = 100
"""How often a job may change hands: one that kills every worker is given up."""

Why = Literal["park", "stop", "lost"]

_log = structlog.get_logger("teppan.jobs")


class Patience(Struct, frozen=True):
    """How often a failing job is begun, and the seconds before the second time."""

    attempts: int = 4
    retry_wait: float = 60.0

    def wait(self, attempt: int, asked: float | None = None) -> float:
        """Seconds before the next attempt; as many as a vendor or budget asks for, if that is
        more."""
        mine = self.retry_wait * GROWTH ** (attempt - 1)
        return min(max(mine, asked or 0.0), max(LONGEST_WAIT, self.retry_wait))


class Running:
    """`run` ends when the job does, or when it was told to leave."""

    def __init__(
        self,
        job: Job,
        kind: Kind,
        jobs: Jobs,
        backend: JobBackend,
        clock: Clock,
        patience: Patience,
    ) -> None:
        self.job = job
        self.held_until = 0.0
        """Until when the lease is ours for certain, by the monotonic clock."""
        self._kind = kind
        self._jobs = jobs
        self._backend = backend
        self._clock = clock
        self._patience = patience
        self._why: Why | None = None
        self._leaving = False
        self._work: asyncio.Task[list[Any]] | None = None
        self._results: dict[str, Any] = dict(job.results)
        self._far = Far(job)
        self._tally = Tally()

    @property
    def far(self) -> Far:
        """How far it is now."""
        return msgspec.structs.replace(self._far, cost=self._cost())

    def leave(self, why: Why) -> None:
        """Cancels what runs: `park` gives the job back, `stop` ends it, `lost` lets it be."""
        self._why = self._why or why
        if self._work is not None:
            self._work.cancel()

    def leave_soon(self) -> None:
        """Begins no other stage: what runs may end, then the job is given back."""
        self._leaving = True

    async def run(self) -> None:
        try:
            await self._run()
        except StoreError as error:  # its lease will end, and it will be taken up again
            _log.warning("a job's end could not be written", job=self.job.id, why=error.message)

    async def _run(self) -> None:
        job = self.job
        if job.fence > MOST_HANDS:
            error = job.error or "its workers died or left every time"
            await self._jobs.settle(job, "failed", error=error)
            return
        _log.info("job begun", job=job.id, attempt=job.attempt)
        steps = [self._step(stage) for stage in self._kind.stages]
        last = job.attempt >= self._patience.attempts
        self._work = asyncio.create_task(self._backend.run(job.id, steps, thorough=last))
        if self._why is not None:
            self._work.cancel()
        try:
            results = await self._work
        except asyncio.CancelledError:
            await self._left()
        except Exception as error:  # noqa: BLE001 - the border: a stage may fail in any way
            await self._failed(error)
        else:
            names = [stage.name for stage in self._kind.stages]
            await self._done(dict(zip(names, results, strict=True)))

    async def _done(self, results: Mapping[str, Any]) -> None:
        self._results = dict(results)
        await self._jobs.settle(self.job, "done", results=results, cost=self._cost())
        await self._backend.forget(self.job.id)
        _log.info("job done", job=self.job.id)

    async def _left(self) -> None:
        if self._why == "stop":
            await self._jobs.settle(self.job, "cancelled", cost=self._cost())
            _log.info("job cancelled", job=self.job.id)
        elif self._why == "lost":
            _log.warning("a job is another worker's now", job=self.job.id)
        else:
            await self._jobs.settle(self.job, "waiting", cost=self._cost(), counted=False)
            _log.info("job parked", job=self.job.id)

    async def _failed(self, error: Exception) -> None:
        job, told = self.job, describe(error)
        if job.attempt >= self._patience.attempts:
            await self._jobs.settle(job, "failed", error=told, cost=self._cost())
            _log.warning("job failed", job=job.id, why=told)
            return
        wait = self._patience.wait(job.attempt, retry_after(error))
        due = self._clock.now() + wait
        await self._jobs.settle(job, "waiting", error=told, cost=self._cost(), due=due)
        _log.warning("job will be tried again", job=job.id, why=told, seconds=round(wait))

    def _step(self, stage: Stage) -> Step:
        async def act() -> dict[str, Any]:
            if self._leaving:
                self.leave("park")
                await asyncio.Event().wait()  # until that has come here
            return await self._stage(stage)

        return Step(stage.name, act)

    async def _stage(self, stage: Stage) -> dict[str, Any]:
        job = self.job
        self._tally, self._far = Tally(), Far(job, stage.name)
        TALLY.set(self._tally)  # of this task alone: each step has one of its own
        begun = self._clock.monotonic()
        scope = Scope(tenant=job.tenant, key_id=KEY, role="admin")
        counts = await stage.run(scope, job.since, job.until, self._report)
        result = {
            "counts": msgspec.to_builtins(counts, str_keys=True),
            "cost": self._tally.total,
            "seconds": round(self._clock.monotonic() - begun, 3),
        }
        self._results[stage.name], self._tally = result, Tally()
        await self._jobs.keep(job, self._results)
        return result

    def _report(self, done: int, total: int, what: str) -> None:
        self._far = Far(self.job, self._far.stage, done, total, what)

    def _cost(self) -> int:
        ended = sum(int(each.get("cost", 0)) for each in self._results.values())
        return ended + self._tally.total


def describe(error: BaseException) -> str:
    """An error in a line. One that is none of ours is told by its kind and place alone: its words
    may be a customer's, and rows of jobs are not reached when somebody is erased."""
    if isinstance(error, StepsFailed):
        return "; ".join(f"{name}: {describe(cause)}" for name, cause in error.causes)
    if isinstance(error, TeppanError):
        return error.message
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def retry_after(error: BaseException) -> float | None:
    """How long it says to wait, if it does."""
    causes = [cause for _, cause in error.causes] if isinstance(error, StepsFailed) else [error]
    asked = [each.retry_after for each in causes if isinstance(each, TeppanError)]
    return max((each for each in asked if each is not None), default=None)
