"""Durable jobs: what is to be done by itself, and who does it now.

    file ── waiting ── claim ── running ── settle ── done
               ^                   │           ├──── failed      its error is kept
               └── park, or again ─┘           └──── cancelled
                   after a while

A job is one row however often it is filed. Whoever claims it holds a lease that `beat` renews; when
a worker says nothing for that long, the next one claims the job, and its `fence` grows: what the
first one writes after that changes nothing. Instants are seconds since 1970; the clocks of workers
must agree within a few seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from teppan.core.clock import Clock
from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.store.reader import Reader
from teppan.store.schema import instant, seconds, traces
from teppan.store.tables.jobs import jobs
from teppan.store.writer import Writer

Status = Literal["waiting", "running", "done", "failed", "cancelled"]
STATUSES: tuple[Status, ...] = ("waiting", "running", "done", "failed", "cancelled")
ENDED: tuple[Status, ...] = ("done", "failed", "cancelled")
EVERYONE = ""
"""The tenant of a job that is for the whole house."""
TEXT = 500
"""Letters of a report or an error that are kept."""
PRUNE_BATCH = 200
CLAIMS = 5
"""How many candidates a claim looks at: others may be quicker with the first ones."""


class Job(Struct, frozen=True, kw_only=True):
    """One job. `since` and `until` bound what it looks at; `due` is when it may begin. `attempt`
    counts how often it was begun (taking it over is no new attempt), `fence` how often it changed
    hands. `stage`, `done` of `total` and `told` are how far it is, `cost` what it has cost so far,
    `results` what each finished stage returned."""

    tenant: str
    id: str
    kind: str
    day: str
    since: float
    until: float
    status: Status = "waiting"
    due: float = 0.0
    worker: str = ""
    lease_until: float = 0.0
    fence: int = 0
    attempt: int = 0
    stop: bool = False
    stage: str = ""
    done: int = 0
    total: int = 0
    told: str = ""
    cost: Micros = 0
    results: Mapping[str, Any] = {}
    error: str = ""
    filed: float = 0.0
    started: float | None = None
    ended: float | None = None


class Step(Struct, frozen=True):
    """How far a running job is, as its worker knows."""

    job: Job
    stage: str = ""
    done: int = 0
    total: int = 0
    told: str = ""
    cost: Micros = 0


Held = Literal["held", "lost", "stop"]
"""What a worker learns of a job it runs: go on, it is another's now, it is to be cancelled."""


class Jobs:
    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def file(self, job: Job) -> bool:
        """Durable when it returns; false when there is a job of this tenant and id already."""
        at = instant(self._clock.now())
        row = {
            "tenant": job.tenant,
            "id": job.id,
            "kind": job.kind,
            "day": job.day,
            "status": "waiting",
            "due": instant(job.due),
            "since": instant(job.since),
            "until": instant(job.until),
            "worker": "",
            "lease_until": 0,
            "fence": 0,
            "attempt": 0,
            "stop": False,
            "stage": "",
            "done": 0,
            "total": 0,
            "told": "",
            "cost": 0,
            "error": "",
            "filed": at,
        }

        def work(connection: Connection) -> bool:
            if connection.scalar(select(func.count()).select_from(jobs).where(_here(job))):
                return False
            connection.execute(jobs.insert().values(**row))
            return True

        return await self._writer.run(work)

    async def claim(self, worker: str, kinds: Sequence[str], lease: float) -> Job | None:
        """The job that has been due for longest and is nobody's, or whose worker is gone; it is
        this worker's from now on. One of each tenant runs at a time. `None`: nothing to do."""
        now = instant(self._clock.now())
        due = await self._reader.run(lambda connection: _due(connection, now, worker, kinds, 1))
        if not due:  # nothing is written while there is nothing to do
            return None

        def work(connection: Connection) -> Job | None:
            now = self._clock.now()
            for found in _due(connection, instant(now), worker, kinds, CLAIMS):
                values = {
                    "status": "running",
                    "worker": worker,
                    "lease_until": instant(now + lease),
                    "fence": found.fence + 1,
                    "attempt": found.attempt + (found.status == "waiting"),
                    "started": instant(now if found.started is None else found.started),
                    "ended": None,
                }
                mine = _here(found) & (jobs.c.fence == found.fence)
                mine &= jobs.c.status == found.status
                if connection.execute(update(jobs).where(mine).values(values)).rowcount:
                    return _job(connection.execute(select(jobs).where(_here(found))).one())
            return None

        return await self._writer.run(work)

    async def beat(self, steps: Sequence[Step], lease: float) -> list[Held]:
        """Writes how far each job is and renews its lease; says of each what its worker must know.
        Durable when it returns."""

        def work(connection: Connection) -> list[Held]:
            until = instant(self._clock.now() + lease)
            found: list[Held] = []
            for step in steps:
                values = {
                    "lease_until": until,
                    "stage": step.stage,
                    "done": step.done,
                    "total": step.total,
                    "told": step.told[:TEXT],
                    "cost": step.cost,
                }
                mine = _mine(step.job)
                if not connection.execute(update(jobs).where(mine).values(values)).rowcount:
                    found.append("lost")
                    continue
                found.append(
                    "stop" if connection.scalar(select(jobs.c.stop).where(mine)) else "held"
                )
            return found

        return await self._writer.run(work)

    async def settle(
        self,
        job: Job,
        status: Status,
        *,
        results: Mapping[str, Any] | None = None,
        error: str = "",
        cost: Micros | None = None,
        due: float | None = None,
        counted: bool = True,
    ) -> bool:
        """The end of a claim: done, failed, cancelled, or `waiting` until `due`. An attempt that is
        not `counted` was cut short by us. False when the job is another's by now."""
        now = self._clock.now()
        values: dict[str, object] = {
            "status": status,
            "worker": "" if status == "waiting" else job.worker,
            "lease_until": 0,
            "error": error[:TEXT],
            "attempt": job.attempt if counted else job.attempt - 1,
            "ended": instant(now) if status in ENDED else None,
        }
        if status in ENDED:
            values["stop"] = False
        if due is not None:
            values["due"] = instant(due)
        if cost is not None:
            values["cost"] = cost
        if results is not None:
            values["results"] = msgspec.json.encode(results)

        def work(connection: Connection) -> bool:
            return connection.execute(update(jobs).where(_mine(job)).values(values)).rowcount == 1

        return await self._writer.run(work)

    async def keep(self, job: Job, results: Mapping[str, Any]) -> None:
        """What the stages that are done returned; kept while the job is this worker's."""
        values = {"results": msgspec.json.encode(results)}

        def work(connection: Connection) -> None:
            connection.execute(update(jobs).where(_mine(job)).values(values))

        await self._writer.run(work)

    async def cancel(self, job: Job) -> Status | None:
        """A job that waits is cancelled; one that runs is, as soon as its worker hears of it.
        The status it has now; `None` when it had ended."""
        now = instant(self._clock.now())

        def work(connection: Connection) -> Status | None:
            waiting = _here(job) & (jobs.c.status == "waiting")
            gone = {"status": "cancelled", "ended": now, "stop": False}
            if connection.execute(update(jobs).where(waiting).values(gone)).rowcount:
                return "cancelled"
            running = _here(job) & (jobs.c.status == "running")
            asked = connection.execute(update(jobs).where(running).values(stop=True)).rowcount
            return "running" if asked else None

        return await self._writer.run(work)

    async def retry(self, job: Job) -> bool:
        """A job that failed or was cancelled waits again, and goes on where it stopped."""
        now = instant(self._clock.now())
        ended = _here(job) & jobs.c.status.in_(("failed", "cancelled"))
        values = {"status": "waiting", "due": now, "attempt": 0, "stop": False, "ended": None}

        def work(connection: Connection) -> bool:
            return connection.execute(update(jobs).where(ended).values(values)).rowcount == 1

        return await self._writer.run(work)

    async def get(self, scope: Scope, id: str, *, everyone: bool = False) -> Job | None:
        wanted = select(jobs).where(jobs.c.id == id)
        if not everyone:
            wanted = wanted.where(jobs.c.tenant == scope.tenant)

        def query(connection: Connection) -> Job | None:
            row = connection.execute(wanted).first()
            return None if row is None else _job(row)

        return await self._reader.run(query)

    async def list(
        self,
        scope: Scope,
        *,
        kind: str | None = None,
        status: Status | None = None,
        limit: int = 20,
        everyone: bool = False,
    ) -> Sequence[Job]:
        """Jobs of this tenant (or of `everyone`), the newest first."""
        wanted = select(jobs).order_by(jobs.c.filed.desc(), jobs.c.id).limit(limit)
        if not everyone:
            wanted = wanted.where(jobs.c.tenant == scope.tenant)
        if kind is not None:
            wanted = wanted.where(jobs.c.kind == kind)
        if status is not None:
            wanted = wanted.where(jobs.c.status == status)
        return await self._reader.run(
            lambda connection: [_job(row) for row in connection.execute(wanted)]
        )

    async def reached(self, scope: Scope, kind: str) -> float | None:
        """Until when jobs of this kind have been done for this tenant."""
        wanted = select(func.max(jobs.c.until)).where(
            jobs.c.tenant == scope.tenant, jobs.c.kind == kind, jobs.c.status == "done"
        )

        def query(connection: Connection) -> float | None:
            found = connection.scalar(wanted)
            return None if found is None else seconds(found)

        return await self._reader.run(query)

    async def tenants(self, since: float, until: float) -> Sequence[str]:
        """Who had traffic in this time."""
        wanted = select(traces.c.tenant).distinct()
        wanted = wanted.where(traces.c.started >= instant(since), traces.c.started < instant(until))
        return await self._reader.run(lambda connection: sorted(connection.scalars(wanted)))

    async def prune(self, before: float) -> int:
        """Forgets jobs that ended before this instant; returns how many. The newest of each kind
        stays: it says until when that was done."""
        later = jobs.alias()
        outdone = exists().where(
            later.c.tenant == jobs.c.tenant,
            later.c.kind == jobs.c.kind,
            later.c.until > jobs.c.until,
        )
        old = select(jobs.c.tenant, jobs.c.id).where(jobs.c.ended < instant(before), outdone)

        def batch(connection: Connection) -> int:
            found = connection.execute(old.limit(PRUNE_BATCH)).all()
            for tenant, id in found:
                connection.execute(delete(jobs).where(jobs.c.tenant == tenant, jobs.c.id == id))
            return len(found)

        total = 0
        while deleted := await self._writer.run(batch):
            total += deleted
        return total


def _due(
    connection: Connection, now: int, worker: str, kinds: Sequence[str], limit: int
) -> list[Job]:
    """A worker's own jobs are never its next ones: it renews what it let lapse."""
    others = jobs.alias()
    busy = exists().where(others.c.tenant == jobs.c.tenant, others.c.status == "running")
    wanted = (
        select(jobs)
        .where(
            jobs.c.kind.in_(list(kinds)),
            or_(
                (jobs.c.status == "waiting") & (jobs.c.due <= now) & ~busy,
                (jobs.c.status == "running")
                & (jobs.c.lease_until < now)
                & (jobs.c.worker != worker),
            ),
        )
        .order_by(jobs.c.due, jobs.c.tenant, jobs.c.id)
        .limit(limit)
    )
    return [_job(row) for row in connection.execute(wanted)]


def _here(job: Job) -> ColumnElement[bool]:
    return (jobs.c.tenant == job.tenant) & (jobs.c.id == job.id)


def _mine(job: Job) -> ColumnElement[bool]:
    """The job while it is of this claim and no later one."""
    return _here(job) & (jobs.c.fence == job.fence) & (jobs.c.status == "running")


def _job(row: Row[Any]) -> Job:
    return Job(
        tenant=row.tenant,
        id=row.id,
        kind=row.kind,
        day=row.day,
        since=seconds(row.since),
        until=seconds(row.until),
        status=row.status,
        due=seconds(row.due),
        worker=row.worker,
        lease_until=seconds(row.lease_until),
        fence=row.fence,
        attempt=row.attempt,
        stop=row.stop,
        stage=row.stage,
        done=row.done,
        total=row.total,
        told=row.told,
        cost=row.cost,
        results=msgspec.json.decode(row.results) if row.results else {},
        error=row.error,
        filed=seconds(row.filed),
        started=None if row.started is None else seconds(row.started),
        ended=None if row.ended is None else seconds(row.ended),
    )
