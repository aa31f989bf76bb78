"""What a house does by itself: its kinds of jobs, their stages bound to their desks, their times.

Each area of the learning road adds its stages in `stages_of`; one that is not there is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from msgspec import Struct

from teppan.build.house import House
from teppan.build.learning import gathered, open_gatherer
from teppan.core.clock import Clock, SystemClock
from teppan.core.errors import ConfigError, NotFound
from teppan.core.ids import Scope
from teppan.learn.cron import Cron, parse
from teppan.learn.gathering import Gathered
from teppan.learn.loop import DAY, Kind, Report, Run, Stage, job_id, night_of, window
from teppan.store.jobs import EVERYONE, Job
from teppan.store.store import Store

ABOUT = MappingProxyType(
    {
        "night": "learns from the traffic since the last night",
        "check": "looks whether there is enough to learn from",
        "improve": "makes a training set when there is enough",
        "sweep": "deletes what has outlived its time",
    }
)
WHOLE = ("sweep",)
"""Kinds that are done for all tenants at once."""


def open_kinds(house: House, clock: Clock | None = None) -> tuple[Kind, ...]:
    """Raises `ConfigError` for a time that cannot be understood."""
    wanted, clock = house.settings.learn.jobs, clock or SystemClock()
    bound = stages_of(house)
    enough = Stage("enough", Enough(house))
    improving = [Stage(name, run) for name, run in improvements_of(house).items()]
    kinds = [
        ("night", night_of(bound)),
        ("check", (enough,)),
        ("improve", (enough, *improving)),
        ("sweep", (Stage("old rows", Sweep(house, clock)),)),
    ]
    return tuple(
        Kind(
            name=name,
            about=ABOUT[name],
            stages=stages,
            cron=_cron(f"learn.jobs.{name}", getattr(wanted, name), wanted.timezone),
            whole=name in WHOLE,
        )
        for name, stages in kinds
    )


async def file_now(
    store: Store, kind: str, scope: Scope, now: float, days: float | None = None
) -> Job:
    """A job that is due at once, over the time since the last one of its kind (or so many days).

    It is done by whichever worker sees it first. Raises `NotFound` for a kind that there is not.
    """
    if kind not in ABOUT:
        raise NotFound(f"there is no job {kind!r}; there are {', '.join(ABOUT)}")
    tenant = EVERYONE if kind in WHOLE else scope.tenant
    reached = await store.jobs.reached(scope, kind) if days is None else now - days * DAY
    since, until = window(reached, now)
    day = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds").removesuffix("+00:00")
    job = Job(
        tenant=tenant,
        id=job_id(kind, tenant, f"{day}Z"),
        kind=kind,
        day=day[:10],
        since=since,
        until=until,
        due=now,
    )
    await store.jobs.file(job)
    return job


def stages_of(house: House) -> Mapping[str, Run]:
    """The stages of the night that this house has, by the names of `learn.loop.NIGHT`."""
    return {"signals": Signalling(house)}


def improvements_of(house: House) -> Mapping[str, Run]:
    """What the monthly improvement does, in this order; each looks itself whether there is
    enough."""
    return {}


def _cron(path: str, text: str, zone: str) -> Cron | None:
    try:
        return parse(text, zone) if text.strip() else None
    except ValueError as error:
        raise ConfigError(f"{path}: {error}; see docs/how-to/jobs.md") from None


class Signalling:
    """Answers become scored examples; those of the last days again, since people speak late."""

    def __init__(self, house: House) -> None:
        self._store = house.store
        self._gatherer = open_gatherer(house.settings, house.pack, house.store)
        self._back = house.settings.learn.jobs.look_back * DAY

    async def __call__(self, scope: Scope, since: float, until: float, report: Report) -> Gathered:
        report(0, 0, "answers are scored")
        return await gathered(self._gatherer, self._store, scope, since - self._back)


class Found(Struct, frozen=True):
    """Whether there is enough to learn from: examples that may train, of so many wanted."""

    trains: int
    wanted: int
    ready: bool
    told: str


class Enough:
    """Looks whether a training set is worth making."""

    def __init__(self, house: House) -> None:
        self._signals = house.store.signals
        self._wanted = house.settings.learn.jobs.enough

    async def __call__(self, scope: Scope, since: float, until: float, report: Report) -> Found:
        totals = await self._signals.totals(scope)
        ready = totals.trains >= self._wanted
        told = f"{totals.trains:,} of {self._wanted:,} examples that may train"
        return Found(totals.trains, self._wanted, ready, f"{told}: {'' if ready else 'not '}enough")


class Swept(Struct, frozen=True):
    """Ended jobs that were forgotten."""

    jobs: int


class Sweep:
    """Deletes what has outlived its time, jobs among it."""

    def __init__(self, house: House, clock: Clock) -> None:
        self._store = house.store
        self._days = house.settings.learn.jobs.keep_days
        self._clock = clock

    async def __call__(self, scope: Scope, since: float, until: float, report: Report) -> Swept:
        report(0, 0, "old rows are deleted")
        await self._store.sweep()
        return Swept(await self._store.jobs.prune(self._clock.now() - self._days * DAY))
