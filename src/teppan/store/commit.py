"""Transactions: all jobs that wait become durable together, and a bad one fails alone.

Everything here may run twice with the effect of once: a commit whose fate is unknown (the
connection broke while it was asked for) is simply tried again. Rows carry their own ids, and
work is written to recognise what an earlier run of it left.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from teppan.core.clock import Clock
from teppan.store.base import Backend
from teppan.store.bulk import BulkInsert, Row, cleaned
from teppan.store.lane import Lane

T = TypeVar("T")

Work = Callable[[Connection], T]
"""Reads and writes inside the group's transaction. It says no by what it returns, not by
raising."""

RETRY_PAUSE = 0.05


class Job:
    """What one caller waits for: rows of one table, or work of its own."""

    __slots__ = ("future", "insert", "rows", "work")

    def __init__(
        self,
        future: asyncio.Future[Any],
        insert: BulkInsert | None = None,
        rows: Sequence[Row] = (),
        work: Work[Any] | None = None,
    ) -> None:
        self.future = future
        self.insert = insert
        self.rows = rows
        self.work = work


Settled = tuple[asyncio.Future[Any], Any, str | None]
"""Whose, what work returned, and why it failed if it did."""


class Committer:
    """Owns the one writing connection; used by one thread only.

    `patience` is how many seconds a write waits for a database that is locked or away. `failure`
    says why nothing can be written, until something can.
    """

    def __init__(
        self, backend: Backend, clock: Clock, patience: float, stopping: threading.Event
    ) -> None:
        self.last_commit: float | None = None
        self.failure: str | None = None
        self._backend = backend
        self._clock = clock
        self._patience = patience
        self._stopping = stopping
        self._connection: Connection | None = None

    def commit(self, jobs: list[Job]) -> list[Settled]:
        """Every job's outcome; those that succeeded are durable."""
        try:
            results = self._transaction(lambda connection: _apply(connection, jobs))
        except Exception as error:  # noqa: BLE001 - the border: a caller's work, run in our thread
            return self._failed(jobs, error)
        self.last_commit, self.failure = self._clock.now(), None
        return [(job.future, result, None) for job, result in zip(jobs, results, strict=True)]

    def _failed(self, jobs: list[Job], error: Exception) -> list[Settled]:
        reason, everyone = self._backend.explain(error)
        if not everyone and len(jobs) > 1:
            half = len(jobs) // 2
            return self.commit(jobs[:half]) + self.commit(jobs[half:])
        if not everyone and _clean(jobs[0]):
            return self.commit(jobs)
        if everyone:
            self.failure = reason
        return [(job.future, None, reason) for job in jobs]

    def write_lane(self, lane: Lane[Any], rows: list[Row]) -> None:
        """Add rows that need not survive a power cut; what cannot be written is counted."""
        try:
            self._transaction(lambda connection: lane.insert(connection, rows), relaxed=True)
        except Exception as error:  # noqa: BLE001 - the same border
            _, everyone = self._backend.explain(error)
            if everyone or len(rows) == 1:
                lane.dropped += len(rows)
                return
            half = len(rows) // 2
            self.write_lane(lane, rows[:half])
            self.write_lane(lane, rows[half:])

    def tidy(self, idle: bool) -> None:
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._backend.tidy(self._connection, idle)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _transaction(self, work: Work[T], relaxed: bool = False) -> T:
        """Run and commit, again while the database is locked or away."""
        waited = 0.0
        while True:
            try:
                with self._backend.exclusive(self._patience):
                    return self._once(work, relaxed)
            except SQLAlchemyError as error:
                if not self._backend.passing(error) or waited >= self._patience:
                    raise
            self._stopping.wait(RETRY_PAUSE)
            waited += RETRY_PAUSE + self._backend.busy_seconds

    def _once(self, work: Work[T], relaxed: bool) -> T:
        try:
            if self._connection is None:
                self._connection = self._backend.writer.connect()
            connection = self._connection
            with self._backend.transaction(connection, relaxed):
                return work(connection)
        except SQLAlchemyError:
            self._forget()
            raise

    def _forget(self) -> None:
        """After an error the connection may be in any state: the next use takes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.invalidate()
                connection.close()


def _apply(connection: Connection, jobs: list[Job]) -> list[Any]:
    """All rows of one table go in together; then each work runs in the order of its coming."""
    rows: dict[BulkInsert, list[Row]] = {}
    for job in jobs:
        if job.insert is not None:
            rows.setdefault(job.insert, []).extend(job.rows)
    for insert, values in rows.items():
        insert(connection, values)
    return [None if job.work is None else job.work(connection) for job in jobs]


def _clean(job: Job) -> bool:
    """A row the database refuses is money all the same: keep it without what offends."""
    rows = cleaned(job.rows)
    changed = rows != list(job.rows)
    job.rows = rows
    return changed
