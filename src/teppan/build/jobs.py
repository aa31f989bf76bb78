"""What a house does by itself: its kinds of jobs, their stages bound to their desks, their times.

Each area of the learning road adds its stages in `stages_of`, by their names in `learn/loop.py`.
"""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType

from msgspec import Struct

from teppan.build.confidence import Fitting
from teppan.build.confidence import open_desk as open_assessing
from teppan.build.datasets import open_dataset_desk
from teppan.build.distil import open_pairs
from teppan.build.house import House
from teppan.build.learning import gathered, open_gatherer
from teppan.build.lessons import lesson_stages
from teppan.build.review import open_review_desk
from teppan.core.clock import Clock, SystemClock
from teppan.core.errors import ConfigError, NotFound
from teppan.core.ids import Scope
from teppan.learn.assessing import staleness
from teppan.learn.cron import Cron, parse
from teppan.learn.datasets.building import build_dataset
from teppan.learn.distil.pairs import pairs
from teppan.learn.gathering import Gathered, Gatherer
from teppan.learn.loop import DAY, Counted, Kind, Report, Run, Stage, job_id, night_of, window
from teppan.learn.review.filling import fill
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
    wanted, clock, house = house.settings.learn.jobs, clock or SystemClock(), _counting(house)
    enough, predictor = Stage("enough", Enough(house)), Stage("confidence", Predictor(house))
    kinds = [
        ("night", night_of(stages_of(house, clock))),
        ("check", (enough, predictor)),
        ("improve", (Stage("dataset", Improving(house)),)),
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


def stages_of(house: House, clock: Clock) -> dict[str, Run]:
    """The stages of the night that this house has, by the names of `learn.loop.NIGHT`. Raises
    `ConfigError` for settings of theirs that cannot be."""
    settings, pack, store = house.settings, house.pack, house.store
    gatherer = open_gatherer(settings, pack, store)
    fitting = Fitting(open_assessing(settings, pack, store))
    review = open_review_desk(settings, pack, store, clock, house.ask)
    return {
        "signals": partial(_gathered, gatherer, store),
        "pairs": partial(pairs, open_pairs(settings, pack, store)),
        "confidence": fitting,
        "review": partial(fill, review),
        **lesson_stages(house, clock),
    }


async def _gathered(
    gatherer: Gatherer, store: Store, scope: Scope, since: float, until: float, report: Report
) -> Gathered:
    return await gathered(gatherer, store, scope, since, until, report)


def _counting(house: House) -> House:
    """The same house, whose answers' cost the running job is told."""
    made = copy(house)
    made.ask = Counted(house.ask)
    return made


def _cron(path: str, text: str, zone: str) -> Cron | None:
    try:
        return parse(text, zone) if text.strip() else None
    except ValueError as error:
        raise ConfigError(f"{path}: {error}; see docs/how-to/jobs.md") from None


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


class Looked(Struct, frozen=True):
    """Whether what predicts the quality of answers still does, on so many answers since."""

    answers: int
    stale: bool
    told: str


class Predictor:
    """Looks whether the fit of confidence has gone stale."""

    def __init__(self, house: House) -> None:
        self._desk = open_assessing(house.settings, house.pack, house.store)

    async def __call__(self, scope: Scope, since: float, until: float, report: Report) -> Looked:
        found = await staleness(self._desk, scope, until)
        told = f"confidence: {'stale, ' if found.stale else ''}{found.why or 'as good as fitted'}"
        return Looked(found.answers, found.stale, told)


class Made(Struct, frozen=True):
    """The training set that was made, if there was enough for one."""

    id: str = ""
    new: bool = False
    told: str = ""


class Improving:
    """Makes a training set of all examples there are, when there are enough."""

    def __init__(self, house: House) -> None:
        self._enough = Enough(house)
        self._house = house

    async def __call__(self, scope: Scope, since: float, until: float, report: Report) -> Made:
        found = await self._enough(scope, since, until, report)
        if not found.ready:
            return Made(told=f"no training set: {found.told}")
        house = self._house
        desk = open_dataset_desk(house.settings, house.pack, house.store)
        made = await build_dataset(desk, scope, 0.0, until, report)
        return Made(made.id, made.new, f"training set {made.id}{'' if made.new else ', as before'}")


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
