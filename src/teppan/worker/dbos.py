"""Runs on DBOS: a run is a workflow, each step's result a row in DBOS's own tables.

Its tables lie in a file beside SQLite's, or in a schema of their own on PostgreSQL. DBOS is one of
each process and has threads and queues of its own; it is started for the first run and stopped when
none has run for a while. Steps run on the loop of whoever calls: DBOS's thread only waits for them.

    run ── known to DBOS? ── no ── begin here
                          ├─ unfinished, of whichever process ── resume on this process's own queue
                          └─ done ── its results

DBOS takes up only what a process of the same name left, so processes have names of their own, and
who may take up what is decided by the lease in `store/jobs.py`. A process that lost a run cannot
record a step of it: DBOS checks the owner's token in the transaction that records it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from teppan.core.errors import StoreError
from teppan.worker.backend import Step, StepsFailed

APPLICATION, VERSION = "teppan", "1"
"""One version for all: a run that an older Teppan began is finished by a newer one."""
WORKFLOW = "job"
THREADS = 20
CONNECTIONS = 4
RESTS = 60.0
"""Seconds without a run after which DBOS is stopped."""
LEAVING = 10.0
"""Seconds that a run which was left gets to notice; what it does after that it cannot record."""
QUEUE_SECONDS, NOTICE_SECONDS, SCHEDULE_SECONDS = 0.5, 1.0, 3600.0
"""How often its threads look: at our queue, and at what we do not use."""

_log = structlog.get_logger("teppan.jobs")


class Unfinished(BaseException):
    """Leaves a workflow without an end: DBOS records results and `Exception`s, and nothing else."""


class Parked(Unfinished):
    """The caller left."""


class Run:
    """One run while it is in this process."""

    def __init__(self, steps: Sequence[Step], thorough: bool) -> None:
        self.steps = steps
        self.thorough = thorough
        self.loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self.loop.create_future()
        self.results: list[Any] | None = None
        self.causes: list[tuple[str, BaseException]] = []
        self._parked = False
        self._current: Future[Any] | None = None

    def park(self) -> None:
        """Called on the loop: cancels the step that runs, and begins no other."""
        self._parked = True
        if self._current is not None:
            self._current.cancel()

    # --- in DBOS's thread --------------------------------------------------------------------

    def act(self, step: Step) -> Any:
        """The step's result, from the loop."""
        if self._parked:
            raise Parked
        self._current = asyncio.run_coroutine_threadsafe(_awaited(step), self.loop)
        if self._parked:
            self._current.cancel()
        try:
            cause = self._current.exception()
        except CancelledError:
            raise Parked from None
        if cause is not None:
            self.causes.append((step.name, cause))
            raise Unfinished from cause
        return self._current.result()

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


async def _awaited(step: Step) -> Any:
    return await step.act()


Alive = Callable[[], Awaitable[Collection[str]]]


class DbosBackend:
    """`where` is what `place` says of the store's address; `worker` names this process; `alive` the
    processes that may have a queue: those of others are taken away."""

    def __init__(self, where: str | Path, worker: str, alive: Alive | None = None) -> None:
        self._where = where
        self._worker = worker
        self._alive = alive
        self._queue = f"{APPLICATION}-{worker}"
        self._runs: dict[str, Run] = {}
        self._engine: Engine | None = None
        self._workflow: Any = None
        self._changing = asyncio.Lock()
        self._resting: asyncio.TimerHandle | None = None
        self._stopping: asyncio.Task[None] | None = None

    async def run(self, name: str, steps: Sequence[Step], *, thorough: bool = False) -> list[Any]:
        run = self._runs[name] = Run(steps, thorough)
        try:
            await self._start()
            beginning = asyncio.ensure_future(_off_loop(self._begin, name))
            try:
                done: list[Any] | None = await asyncio.shield(beginning)
                if done is not None:
                    return done
                await asyncio.shield(run.ended)
            except asyncio.CancelledError:
                run.park()
                await asyncio.wait({beginning})
                if beginning.exception() is None and beginning.result() is None:
                    await asyncio.wait({run.ended}, timeout=LEAVING)
                raise
            if run.causes:
                raise StepsFailed(run.causes)
            if run.results is None:
                raise StoreError(f"the run of {name} ended without results")
            return run.results
        finally:
            del self._runs[name]
            self._rest()

    async def forget(self, name: str) -> None:
        await self._start()
        await _off_loop(self._delete, name)
        self._rest()

    async def close(self) -> None:
        """Stops DBOS. What runs must have been cancelled before."""
        if self._resting is not None:
            self._resting.cancel()
        async with self._changing:
            await _off_loop(self._destroy)

    async def _start(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        async with self._changing:
            if self._workflow is None:
                await _off_loop(self._launch)
                if self._alive is not None:
                    await _off_loop(self._clear, await self._alive())

    def _rest(self) -> None:
        if self._runs or self._resting is not None:
            return
        loop = asyncio.get_running_loop()
        self._resting = loop.call_later(RESTS, self._stop_soon)

    def _stop_soon(self) -> None:
        self._resting = None
        self._stopping = asyncio.get_running_loop().create_task(self._stop_idle())

    async def _stop_idle(self) -> None:
        async with self._changing:
            if not self._runs and self._resting is None:
                await _off_loop(self._destroy)

    # --- in a thread -------------------------------------------------------------------------

    def _launch(self) -> None:
        _quiet(logging.getLogger("dbos"))
        from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

        config = DBOSConfig(
            name=APPLICATION,
            executor_id=self._worker,
            application_version=VERSION,
            serializer=DBOSPortableJSONSerializer(),  # its own would pickle
            use_listen_notify=False,
            enable_otlp=False,
            log_level="WARNING",
            max_executor_threads=THREADS,
            notification_listener_polling_interval_sec=NOTICE_SECONDS,
            scheduler_polling_interval_sec=SCHEDULE_SECONDS,
        )
        if isinstance(self._where, Path):
            _private(self._where)
            config["system_database_url"] = f"sqlite:///{self._where}"
        else:
            self._engine, config["dbos_system_schema"] = _postgres(self._where)
            config["system_database_engine"] = self._engine
        try:
            DBOS(config=config)
            DBOS.listen_queues([self._queue])
            workflow = DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)(
                lambda name: self._work(name)
            )
            DBOS.launch()
            DBOS.register_queue(self._queue, polling_interval_sec=QUEUE_SECONDS)
        except BaseException:
            self._destroy()
            raise
        self._workflow = workflow

    def _clear(self, alive: Collection[str]) -> None:
        """Queues of processes that were killed."""
        from dbos import DBOS

        kept = {f"{APPLICATION}-{each}" for each in alive} | {self._queue}
        for queue in DBOS.list_queues():
            if queue.name not in kept:
                DBOS.delete_queue(queue.name)

    def _destroy(self) -> None:
        self._workflow = None
        from dbos import DBOS, error

        with suppress(error.DBOSException, SQLAlchemyError):
            DBOS.delete_queue(self._queue)
        DBOS.destroy(destroy_registry=True)
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _begin(self, name: str) -> list[Any] | None:
        """The results of a run that is done; else it goes on here."""
        from dbos import DBOS, SetWorkflowID

        known = DBOS.get_workflow_status(name)
        if known is None:
            with SetWorkflowID(name):
                DBOS.start_workflow(self._workflow, name)
        elif known.status == "SUCCESS":
            return list(known.output or [])
        else:
            DBOS.resume_workflow(name, queue_name=self._queue)
        return None

    def _work(self, name: str) -> list[Any]:
        """The workflow: DBOS calls it, and calls it again where it was left."""
        from dbos import DBOS

        run = self._runs.get(name)
        if run is None:  # it was asked for, and given up, before its turn came
            raise Parked
        try:
            results = []
            for step in run.steps:
                try:
                    results.append(DBOS.run_step({"name": step.name}, run.act, step))
                except Parked:
                    raise
                except Unfinished:
                    if not run.thorough:
                        raise
            if run.causes:
                raise Unfinished
            run.results = results
            return results
        finally:
            run.end()

    def _delete(self, name: str) -> None:
        from dbos import DBOS

        DBOS.retrieve_workflow(name).get_result(polling_interval_sec=QUEUE_SECONDS)
        DBOS.delete_workflow(name)


def place(url: str) -> str | Path:
    """Where DBOS keeps its tables for a store at this address: a file beside the database's, or the
    address of the server."""
    if "://" not in url:
        path = Path(url)
    elif url.startswith("sqlite"):
        path = Path(url.partition(":///")[2])
    else:
        return url
    path = path.expanduser().absolute()
    return path.with_name(f"{path.name}.jobs")


def _postgres(address: str) -> tuple[Engine, str]:
    """An engine of few connections, and the schema that is DBOS's beside ours."""
    engine = create_engine(
        make_url(address).set(drivername="postgresql+psycopg"),
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_pre_ping=True,
    )
    with engine.connect() as connection:
        ours = connection.exec_driver_sql("SELECT current_schema()").scalar()
    return engine, f"{ours}_jobs" if ours not in (None, "public") else f"{APPLICATION}_jobs"


def _private(path: Path) -> None:
    """A file that only its owner can read, before anything is in it."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(f"{path} cannot be made: {error.strerror}") from error


class Forwarding(logging.Handler):
    """What DBOS wants to say goes to our log, where it is wanted."""

    def emit(self, record: logging.LogRecord) -> None:
        say = _log.warning if record.levelno >= logging.ERROR else _log.debug
        cause = record.exc_info[1] if record.exc_info else None
        if not isinstance(cause, Unfinished):
            say("dbos", told=record.getMessage().partition("\n")[0][:300])


def _quiet(logger: logging.Logger) -> None:
    """Before DBOS is made: it puts a handler of its own on a logger that has none."""
    if not any(isinstance(each, Forwarding) for each in logger.handlers):
        logger.addHandler(Forwarding())
    logger.propagate = False


async def _off_loop(work: Any, *values: Any) -> Any:
    """DBOS's calls block, and refuse to be made on a loop."""
    return await asyncio.to_thread(_translated, work, *values)


def _translated(work: Any, *values: Any) -> Any:
    """An error of DBOS is one of the store. Raises `StoreError`."""
    from dbos import error

    try:
        return work(*values)
    except (error.DBOSException, SQLAlchemyError, OSError) as cause:
        line = f"{type(cause).__name__}: {str(cause).partition(chr(10))[0]}"[:300]
        raise StoreError(f"what remembers jobs failed: {line}") from cause
