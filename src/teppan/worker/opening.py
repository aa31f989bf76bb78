"""A house -> whoever does its jobs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from teppan.build.house import House
from teppan.build.jobs import open_kinds
from teppan.config.schema.jobs import JobSettings
from teppan.core.clock import Clock, SystemClock
from teppan.worker.dbos import DbosBackend, place
from teppan.worker.running import Patience
from teppan.worker.worker import Policy, Records, Worker, new_worker

_log = structlog.get_logger("teppan.jobs")


def open_worker(house: House, inside: str, clock: Clock | None = None) -> Worker:
    """Raises `ConfigError` for a schedule that cannot be understood."""
    wanted, name, store = house.settings.learn.jobs, new_worker(), house.store

    async def alive() -> set[str]:
        return {each.name for each in await store.job_workers.list()}

    return Worker(
        name,
        inside,
        Records(store.jobs, store.job_workers),
        open_kinds(house, clock),
        DbosBackend(place(house.settings.store.url), name, alive),
        policy_of(wanted),
        clock or SystemClock(),
    )


def policy_of(wanted: JobSettings) -> Policy:
    return Policy(
        wanted.at_once,
        wanted.lease,
        wanted.poll,
        wanted.grace,
        Patience(wanted.attempts, wanted.retry_wait),
    )


@asynccontextmanager
async def working(house: House, inside: str, clock: Clock | None = None) -> AsyncIterator[None]:
    """Jobs are done while the block runs; what is not finished at its end is parked."""
    worker = open_worker(house, inside, clock)
    task = asyncio.create_task(worker.run(), name="jobs")
    task.add_done_callback(_tell)
    try:
        yield
    finally:
        worker.stop()
        await asyncio.wait({task})


def _tell(task: asyncio.Task[None]) -> None:
    """Serving goes on where jobs do not; but not in silence."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _log.error("jobs stopped", why=f"{type(error).__name__}: {error}")


@asynccontextmanager
async def embedded(house: House) -> AsyncIterator[None]:
    """What `teppan serve` does beside serving, where the settings want it."""
    wanted = house.settings.learn.jobs
    async with contextlib.AsyncExitStack() as stack:
        if wanted.enabled and wanted.embedded:
            await stack.enter_async_context(working(house, "serve"))
        yield
