"""Who does jobs, and when they last said so."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection, delete, select, update

from teppan.core.clock import Clock
from teppan.store.reader import Reader
from teppan.store.schema import instant, seconds
from teppan.store.tables.jobs import job_workers
from teppan.store.writer import Writer

FORGET = 3600.0
"""Seconds of silence after which a worker is not even listed."""


class Worker(Struct, frozen=True):
    """One process that does jobs. `inside` is the verb it runs in: `serve` or `worker`."""

    name: str
    host: str
    pid: int
    inside: str
    started: float = 0.0
    seen: float = 0.0


class JobWorkers:
    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def greet(self, worker: Worker) -> None:
        """It is there; the long silent are forgotten."""
        now = self._clock.now()
        here = job_workers.c.name == worker.name
        row = {
            "name": worker.name,
            "host": worker.host,
            "pid": worker.pid,
            "inside": worker.inside,
            "started": instant(worker.started or now),
            "seen": instant(now),
        }

        def work(connection: Connection) -> None:
            seen = update(job_workers).where(here).values(seen=instant(now))
            if not connection.execute(seen).rowcount:
                connection.execute(job_workers.insert().values(**row))
            silent = job_workers.c.seen < instant(now - FORGET)
            connection.execute(delete(job_workers).where(silent))

        await self._writer.run(work)

    async def leave(self, name: str) -> None:
        def work(connection: Connection) -> None:
            connection.execute(delete(job_workers).where(job_workers.c.name == name))

        await self._writer.run(work)

    async def list(self, silent: float | None = None) -> Sequence[Worker]:
        """Those that said something in the last `silent` seconds; all that are not forgotten."""
        wanted = select(job_workers).order_by(job_workers.c.started)
        if silent is not None:
            wanted = wanted.where(job_workers.c.seen >= instant(self._clock.now() - silent))

        def query(connection: Connection) -> list[Worker]:
            return [
                Worker(row.name, row.host, row.pid, row.inside,
                       seconds(row.started), seconds(row.seen))
                for row in connection.execute(wanted)
            ]  # fmt: skip

        return await self._reader.run(query)
