"""The one thread that writes.

    await write(...)  ─┐                      ┌─ one transaction for all that wait, synced
    await write(...)  ─┼─ queue ── thread ────┤  then all their futures, in one call to the loop
    await write(...)  ─┘                      └─ then a batch of the slow lane; then housekeeping

While one transaction is being synced the next group gathers, so the cost of a sync is shared by
all who wait for it (group commit).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from teppan.core.clock import Clock
from teppan.core.errors import StoreError
from teppan.store.base import Backend
from teppan.store.bulk import BulkInsert, Row
from teppan.store.commit import Committer, Job, Settled, Work
from teppan.store.lane import BATCH, Lane

T = TypeVar("T")

GROUP = 1024
"""Jobs of one transaction at most."""
LINGER = 0.1
"""Seconds the slow lane gathers before it is written, unless it has a full batch."""
IDLE = 5.0
"""Seconds between looks at the log when nothing is written."""


class Writer:
    """A thread with a queue; made on the event loop whose callers it answers."""

    def __init__(self, backend: Backend, clock: Clock, patience: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._lanes: list[Lane[Any]] = []
        self._clock = clock
        self._lanes_since: float | None = None
        self._stopping = threading.Event()
        self._committer = Committer(backend, clock, patience, self._stopping)
        self._thread = threading.Thread(target=self._run, name="teppan-store", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive() and not self._stopping.is_set()

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    @property
    def last_commit(self) -> float | None:
        return self._committer.last_commit

    @property
    def failure(self) -> str | None:
        return self._committer.failure

    def lane(self, insert: BulkInsert, encode: Callable[[T], Row], capacity: int) -> Lane[T]:
        """A new slow lane."""
        lane = Lane(insert, encode, lambda: self._queue.put(None), capacity)
        self._lanes.append(lane)
        return lane

    def insert(self, insert: BulkInsert, rows: Sequence[Row]) -> asyncio.Future[None]:
        """Resolves when the rows are durable; fails with `StoreError`."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._put(Job(future, insert, rows))
        return future

    def run(self, work: Work[T]) -> asyncio.Future[T]:
        """Resolves with what `work` returned, when what it wrote is durable."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._put(Job(future, work=work))
        return future

    def _put(self, job: Job) -> None:
        if self._stopping.is_set():
            raise StoreError("the store is closed")
        self._queue.put(job)

    def stop(self) -> None:
        """Write all that waits, then end the thread. Blocks."""
        self._stopping.set()
        self._queue.put(None)
        self._thread.join()

    # --- in the thread -----------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            stopping = self._stopping.is_set()
            jobs, quiet = self._gather(stopping)
            if jobs:
                self._settle(self._committer.commit(jobs))
            if stopping or quiet or self._lanes_are_due():
                self._write_lanes()
            idle = quiet and not self._queue.qsize()
            if stopping and idle and not any(self._lanes):
                break
            self._committer.tidy(idle)
        self._committer.close()

    def _gather(self, stopping: bool) -> tuple[list[Job], bool]:
        """Whoever waits now, or comes in a while; and whether nothing came at all."""
        queue = self._queue
        pause = LINGER if any(self._lanes) else IDLE
        try:
            first = queue.get_nowait() if stopping else queue.get(timeout=pause)
        except Empty:
            return [], True
        found = [first, *(queue.get_nowait() for _ in range(min(queue.qsize(), GROUP)))]
        return [job for job in found if job is not None], False

    def _lanes_are_due(self) -> bool:
        if not any(self._lanes):
            return False
        now = self._clock.monotonic()
        if self._lanes_since is None:
            self._lanes_since = now
        full = any(len(lane) >= BATCH for lane in self._lanes)
        return full or now - self._lanes_since >= LINGER

    def _write_lanes(self) -> None:
        self._lanes_since = None
        for lane in self._lanes:
            rows = lane.take()
            if rows:
                self._committer.write_lane(lane, rows)

    def _settle(self, settled: list[Settled]) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            self._loop.call_soon_threadsafe(_resolve, settled)


def _resolve(settled: list[Settled]) -> None:
    for future, result, reason in settled:
        if future.done():  # its caller has left; what was written stays written
            continue
        if reason is None:
            future.set_result(result)
        else:
            future.set_exception(StoreError(f"the store could not write: {reason}"))
