"""The store: the only thing that persists. One per process, opened before the first request.

store = await Store.open("teppan.db")          # or "postgresql://..."
await store.ledger.append(scope, calls)        # durable when this returns
store.traces.put(trace)                        # durable soon; never waits
await store.close()                            # everything written, files closed
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from msgspec import Struct
from sqlalchemy import make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from teppan.core.clock import Clock, SystemClock
from teppan.core.errors import ConfigError, StoreError
from teppan.core.secret import Secret
from teppan.store.actions import Actions
from teppan.store.bandit import Bandit
from teppan.store.base import Backend, Durability, Unavailable
from teppan.store.budgets import LEASE_SECONDS, Budgets
from teppan.store.cache import CacheRecords
from teppan.store.corrections import Corrections
from teppan.store.costs import Costs
from teppan.store.datasets import Datasets
from teppan.store.distil import Distil
from teppan.store.erasing import Erasing
from teppan.store.escalations import Escalations
from teppan.store.feedback import Feedback
from teppan.store.fits import POLL_SECONDS as FIT_SECONDS
from teppan.store.fits import Fits
from teppan.store.idempotency import RENEW_SECONDS, Idempotency
from teppan.store.job_workers import JobWorkers
from teppan.store.jobs import Jobs
from teppan.store.keys import POLL_SECONDS, Keys
from teppan.store.knowledge import POLL_SECONDS as KNOWLEDGE_SECONDS
from teppan.store.knowledge import Knowledge
from teppan.store.languages import Languages
from teppan.store.ledger import Ledger
from teppan.store.lessons import POLL_SECONDS as LESSON_SECONDS
from teppan.store.lessons import Lessons
from teppan.store.migrate import migrate
from teppan.store.outcomes import Outcomes
from teppan.store.paid import RENEW_SECONDS as PAID_SECONDS
from teppan.store.paid import Paid
from teppan.store.pepper import Pepper
from teppan.store.postgres import PostgresBackend
from teppan.store.reader import Reader
from teppan.store.review import Review
from teppan.store.shadow_words import ShadowWords
from teppan.store.shadows import Shadows
from teppan.store.signals import Signals
from teppan.store.spoken import SpokenOf
from teppan.store.sqlite import SqliteBackend
from teppan.store.stages import Stages
from teppan.store.summaries import Summaries
from teppan.store.targets import Targets
from teppan.store.traces import Traces
from teppan.store.translations import Translations
from teppan.store.trust import Trust
from teppan.store.upkeep import Upkeep
from teppan.store.vectors.base import Vectors
from teppan.store.vectors.opening import open_vectors
from teppan.store.writer import Writer

PATIENCE = 30.0
SWEEP_SECONDS = 3600.0
SUMMARY_DAYS = 30
"""A summary or translation is kept so long, or as long as traces when that is shorter; then it is
made again."""
ACTION_DAYS = 30
"""What an agent did is known so long, so that it is not done again."""
PAID_DAYS = 30
"""What a job has paid for is known so long: a step that is taken up later is paid for again."""
REWARD_DAYS = 90
"""Days for which a reward of the adaptive router is known, so that it is not counted again."""
DAY = 86_400


class Health(Struct, frozen=True, kw_only=True):
    """What `/readyz` and `teppan doctor` want to know.

    `ok` is false when the writer is gone or the last commit failed; `failure` says why.
    `last_commit` is seconds since 1970. `notes` are for the operator.
    """

    ok: bool
    engine: str
    failure: str | None
    last_commit: float | None
    waiting: int
    traces_waiting: int
    traces_dropped: int
    notes: tuple[str, ...] = ()


class Store:
    """Made by `open`. Belongs to the event loop that opened it."""

    def __init__(
        self,
        backend: Backend,
        clock: Clock,
        patience: float,
        pepper: Pepper,
        trace_days: int,
        lease: float,
    ) -> None:
        writer, reader = Writer(backend, clock, patience), Reader(backend)
        self._backend = backend
        self._clock = clock
        self._writer = writer
        self._reader = reader
        self._trace_days = trace_days
        self.budgets = Budgets(writer, reader, clock, lease)
        self.ledger = Ledger(writer, reader, backend.placeholder, self.budgets)
        self.costs = Costs(reader)
        self.languages = Languages(reader)
        self.traces = Traces(writer, reader, backend.placeholder)
        self.summaries = Summaries(writer, reader, backend.placeholder)
        self.translations = Translations(writer, reader, backend.placeholder)
        self.trust = Trust(writer, reader, backend.placeholder)
        self.keys = Keys(writer, reader, clock, pepper)
        self.idempotency = Idempotency(writer, clock)
        self.targets = Targets(reader)
        self.feedback = Feedback(writer, reader, clock, self.targets)
        self.outcomes = Outcomes(writer, reader, clock)
        self.corrections = Corrections(writer, reader, clock)
        self.lessons = Lessons(writer, reader, clock)
        self.fits = Fits(writer, reader, clock)
        self.signals = Signals(writer, reader, clock)
        self.spoken = SpokenOf(reader)
        self.stages = Stages(reader)
        self.datasets = Datasets(writer, reader, clock)
        self.jobs = Jobs(writer, reader, clock)
        self.job_workers = JobWorkers(writer, reader, clock)
        self.review = Review(writer, reader, clock)
        self.escalations = Escalations(writer, reader, clock)
        self.actions = Actions(writer, reader, clock)
        self.paid = Paid(writer, reader, clock)
        self.bandit = Bandit(writer, reader, clock)
        self.shadows = Shadows(writer, reader, backend.placeholder)
        self.shadow_words = ShadowWords(writer, reader)
        self.distil = Distil(writer, reader, clock)
        self.cache = CacheRecords(writer, reader, backend.placeholder)
        self.knowledge = Knowledge(writer, reader, backend.placeholder, backend.name, clock)
        self.erasing = Erasing(writer, reader)
        self._upkeep = Upkeep()
        self._upkeep.every(POLL_SECONDS, "keys", self.keys.refresh)
        self._upkeep.every(KNOWLEDGE_SECONDS, "knowledge", self.knowledge.refresh)
        self._upkeep.every(LESSON_SECONDS, "lessons", self.lessons.refresh)
        self._upkeep.every(FIT_SECONDS, "fits", self.fits.refresh)
        self._upkeep.every(RENEW_SECONDS, "leases", self.idempotency.renew)
        self._upkeep.every(PAID_SECONDS, "steps of jobs", self.paid.renew)
        self._upkeep.every(lease / 3, "holds", self.budgets.renew)
        self._upkeep.every(SWEEP_SECONDS, "old rows", self.sweep)

    @classmethod
    async def open(
        cls,
        url: str | Path,
        *,
        durability: Durability = "power",
        trace_days: int = 0,
        pepper: Secret | None = None,
        clock: Clock | None = None,
        patience: float = PATIENCE,
        lease: float = LEASE_SECONDS,
    ) -> Store:
        """Open, and bring the tables up to date. Raises `StoreError` or `ConfigError`.

        `url` is a path, `sqlite:///path` or `postgresql://...`. With durability `power` an
        acknowledged row survives a power cut, with `process` only the death of the process.
        Traces are kept for `trace_days` (0: for ever). `pepper` goes into the hashes of keys;
        beside an SQLite file one is made when it is needed. `patience` is how many seconds a
        write waits for a database that is locked or away, `lease` how many money set aside outlives
        the process that set it aside.
        """
        backend = await asyncio.to_thread(_open_backend, url, durability)
        store = cls(
            backend,
            clock or SystemClock(),
            patience,
            Pepper(pepper, backend.beside("pepper")),
            trace_days,
            lease,
        )
        try:
            await store.knowledge.refresh()  # what an answer may be remembered under
            await store.lessons.refresh()
            await store.fits.refresh()
        except StoreError:
            await store.close()
            raise
        return store

    def health(self) -> Health:
        writer = self._writer
        failure = writer.failure if writer.alive else "the writer has stopped"
        return Health(
            ok=failure is None,
            engine=self._backend.name,
            failure=failure,
            last_commit=writer.last_commit,
            waiting=writer.waiting,
            traces_waiting=self.traces.waiting,
            traces_dropped=self.traces.dropped,
            notes=self._backend.notes(),
        )

    async def check(self) -> str | None:
        """What is wrong, in a few words, or `None`. Asks the database itself."""
        failure = self.health().failure
        if failure is not None:
            return failure
        try:
            await self._reader.run(lambda connection: connection.scalar(select(1)))
        except StoreError as error:
            return error.message
        return None

    async def open_vectors(self) -> Vectors:
        """The index this engine has; one in memory is empty and `shared` is false."""
        return await open_vectors(self._writer, self._reader, self._backend.name)

    async def compact(self) -> tuple[str, ...]:
        """Overwrite what was deleted; returns what an operator should know. Raises `StoreError`."""
        try:
            return await asyncio.to_thread(self._backend.compact)
        except (SQLAlchemyError, sqlite3.Error, Unavailable) as error:
            reason, _ = self._backend.explain(error)
            raise StoreError(f"what was deleted could not be overwritten: {reason}") from error

    async def sweep(self) -> None:
        """Delete what has outlived its time; done by itself once an hour."""
        await self.idempotency.sweep()
        await self.cache.sweep(self._clock.now())
        await self.budgets.sweep()
        now, days = self._clock.now(), self._trace_days
        old = now - min(days or SUMMARY_DAYS, SUMMARY_DAYS) * DAY
        await self.summaries.prune(old)
        await self.translations.prune(old)
        await self.actions.prune(now - ACTION_DAYS * DAY)
        await self.paid.prune(now - PAID_DAYS * DAY)
        await self.bandit.prune(now - REWARD_DAYS * DAY)
        if days:
            await self.review.prune(now - days * DAY)
            await self.traces.prune(now - days * DAY)
            await self.shadow_words.prune(now - days * DAY)

    async def close(self) -> None:
        """Write everything that waits, then let go of the database."""
        await self._upkeep.close()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.stop()
        self._reader.close()
        self._backend.close()


def _open_backend(url: str | Path, durability: Durability) -> Backend:
    backend = backend_for(url, durability)
    try:
        backend.prepare()
        migrate(backend)
    except BaseException:
        backend.close()
        raise
    return backend


def backend_for(url: str | Path, durability: Durability = "power") -> Backend:
    """The engine that `url` names; nothing is connected yet."""
    if isinstance(url, Path) or "://" not in url:
        return SqliteBackend(Path(url).expanduser(), durability)
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError("the database address cannot be understood") from None
    kind = parsed.get_backend_name()
    if kind == "sqlite" and parsed.database:
        return SqliteBackend(Path(parsed.database).expanduser(), durability)
    if kind in ("postgresql", "postgres"):
        return PostgresBackend(parsed, durability)
    raise ConfigError(
        f"no such kind of database: {kind!r}; give a path, sqlite:///path or postgresql://..."
    )
