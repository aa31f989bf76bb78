"""Who does jobs: files those whose time has come, claims what is due, and keeps the leases alive.

Any number of workers may look at one database. A schedule fires once, because a job's name is made
of its time; a job is done by one, because of its lease. One loop does it all, every `poll` seconds.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from datetime import datetime

import structlog
from msgspec import Struct

from teppan.core.clock import Clock
from teppan.core.errors import TeppanError
from teppan.core.ids import Scope, new_id
from teppan.learn.loop import LONGEST, Kind, day_of, job_id, window
from teppan.store.job_workers import JobWorkers
from teppan.store.job_workers import Worker as Known
from teppan.store.jobs import EVERYONE, Job, Jobs
from teppan.worker.backend import JobBackend
from teppan.worker.running import KEY, Patience, Running

_log = structlog.get_logger("teppan.jobs")


class Policy(Struct, frozen=True):
    """Seconds, but for `at_once`: `lease` until a silent worker is thought dead, `poll` between
    looks, `grace` for a running stage when the process must leave."""

    at_once: int = 2
    lease: float = 30.0
    poll: float = 2.0
    grace: float = 10.0
    patience: Patience = Patience()


class Records(Struct, frozen=True):
    """What is kept of jobs and of who does them."""

    jobs: Jobs
    workers: JobWorkers


def new_worker() -> str:
    """A name that no other process has or had."""
    return new_id("wrk")


class Worker:
    """`run` works until `stop`; `once` until nothing is due."""

    def __init__(
        self,
        name: str,
        inside: str,
        records: Records,
        kinds: Sequence[Kind],
        backend: JobBackend,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self.name = name
        self._known = Known(name, socket.gethostname(), os.getpid(), inside, clock.now())
        self._records = records
        self._kinds = {kind.name: kind for kind in kinds}
        self._backend = backend
        self._policy = policy
        self._clock = clock
        self._running: dict[asyncio.Task[None], Running] = {}
        self._planned: dict[str, datetime] = {}
        self._greeted = float("-inf")
        self._stopping = asyncio.Event()
        self._hurrying = False

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(self._kinds)

    def stop(self) -> None:
        """Begins to leave: no job is begun from now on. Told again, it waits for no stage."""
        self._hurrying = self._stopping.is_set()
        self._stopping.set()

    async def run(self) -> None:
        while not self._stopping.is_set():
            await self._tick()
            await self._pause()
        await self._leave()

    async def once(self) -> None:
        """Does all that is due now, what fails and waits excepted."""
        while not self._stopping.is_set():
            await self._tick()
            if not self._running:
                break
            await self._pause()
        await self._leave()

    async def _pause(self) -> None:
        """Until the next look: a while, or the end of a job, or being told to stop."""
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait(
            {stopping, *self._running},
            timeout=min(self._policy.poll, self._policy.lease / 3),
            return_when=asyncio.FIRST_COMPLETED,
        )
        stopping.cancel()

    async def _tick(self) -> None:
        """One look. A store that cannot be reached now is looked at again the next time."""
        try:
            await self._beat()
            if not self._stopping.is_set():
                await self._plan()
                await self._claim()
        except TeppanError as error:
            _log.warning("jobs cannot be looked at", why=error.message)
        self._let_go()

    async def _beat(self) -> None:
        for task in [task for task in self._running if task.done()]:
            del self._running[task]
            task.result()
        now, lease = self._clock.monotonic(), self._policy.lease
        if now - self._greeted >= lease / 3:
            await self._records.workers.greet(self._known)
            self._greeted = now
        running = list(self._running.values())
        if not running:
            return
        found = await self._records.jobs.beat([each.far for each in running], lease)
        for each, held in zip(running, found, strict=True):
            if held == "held":
                each.held_until = now + lease
            else:
                each.leave("stop" if held == "stop" else "lost")

    def _let_go(self) -> None:
        """What was not renewed in time may be another's: it is not gone on with here."""
        now = self._clock.monotonic()
        for each in self._running.values():
            if now >= each.held_until:
                each.leave("lost")

    async def _claim(self) -> None:
        jobs, policy = self._records.jobs, self._policy
        while len(self._running) < policy.at_once:
            began = self._clock.monotonic()
            job = await jobs.claim(self.name, list(self._kinds), policy.lease)
            if job is None:
                return
            one = Running(
                job, self._kinds[job.kind], jobs, self._backend, self._clock, policy.patience
            )
            one.held_until = began + policy.lease
            self._running[asyncio.create_task(one.run(), name=f"job {job.id}")] = one

    async def _plan(self) -> None:
        """Files the jobs whose time has come. The newest time alone: what was missed while nobody
        was here is caught up with once."""
        now = self._clock.now()
        for kind in self._kinds.values():
            at = kind.cron.last(now) if kind.cron is not None else None
            if at is None or self._planned.get(kind.name) == at:
                continue
            for job in await self._due(kind, at):
                if await self._records.jobs.file(job):
                    _log.info("job filed", job=job.id)
            self._planned[kind.name] = at

    async def _due(self, kind: Kind, at: datetime) -> list[Job]:
        assert kind.cron is not None
        until, day = kind.cron.instant(at), day_of(kind.cron, at)
        jobs = self._records.jobs
        tenants = [EVERYONE] if kind.whole else await jobs.tenants(until - LONGEST, until)
        found = []
        for tenant in tenants:
            since, _ = window(await jobs.reached(Scope(tenant, KEY), kind.name), until)
            if not kind.whole and tenant not in await jobs.tenants(since, until):
                continue
            found.append(
                Job(
                    tenant=tenant,
                    id=job_id(kind.name, tenant, day),
                    kind=kind.name,
                    day=day,
                    since=since,
                    until=until,
                    due=until,
                )
            )
        return found

    async def _leave(self) -> None:
        """Lets what runs end for a while, then parks it."""
        self._stopping.set()
        for each in self._running.values():
            each.leave_soon()
        patient = self._clock.monotonic() + self._policy.grace
        while self._running and self._clock.monotonic() < patient and not self._hurrying:
            await asyncio.wait(self._running, timeout=min(0.5, self._policy.lease / 3))
            await self._tick()
        for each in self._running.values():
            each.leave("park")
        if self._running:
            await asyncio.wait(self._running)
        await self._backend.close()
        try:
            await self._records.workers.leave(self.name)
        except TeppanError as error:
            _log.warning("leaving could not be written", why=error.message)
