"""The store: the only thing that persists. One per process, opened before the first request.

store = await Store.open("teppan.db")          # or "postgresql://..."
await store.ledger.append(scope, calls)        # durable when this returns
store.traces.put(trace)                        # durable soon; never waits
await store.close()                            # everything written, files closed
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec import Struct
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from teppan.core.clock import Clock, SystemClock
from teppan.core.errors import ConfigError
from teppan.store.base import Backend, Durability
from teppan.store.ledger import Ledger
from teppan.store.migrate import migrate
from teppan.store.postgres import PostgresBackend
from teppan.store.reader import Reader
from teppan.store.sqlite import SqliteBackend
from teppan.store.writer import Writer

PATIENCE = 30.0


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

    def __init__(self, backend: Backend, clock: Clock, patience: float) -> None:
        self._backend = backend
        self._writer = Writer(backend, clock, patience)
        self._reader = Reader(backend)
        self.ledger = Ledger(self._writer, self._reader, backend.placeholder)

    @classmethod
    async def open(
        cls,
        url: str | Path,
        *,
        durability: Durability = "power",
        clock: Clock | None = None,
        patience: float = PATIENCE,
    ) -> Store:
        """Open, and bring the tables up to date. Raises `StoreError` or `ConfigError`.

        `url` is a path, `sqlite:///path` or `postgresql://...`. With durability `power` an
        acknowledged row survives a power cut, with `process` only the death of the process.
        `patience` is how many seconds a write waits for a database that is locked or away.
        """
        backend = await asyncio.to_thread(_open_backend, url, durability)
        return cls(backend, clock or SystemClock(), patience)

    def health(self) -> Health:
        writer = self._writer
        return Health(
            ok=writer.alive and writer.failure is None,
            engine=self._backend.name,
            failure=writer.failure if writer.alive else "the writer has stopped",
            last_commit=writer.last_commit,
            waiting=writer.waiting,
            traces_waiting=0,
            traces_dropped=0,
            notes=self._backend.notes(),
        )

    async def close(self) -> None:
        """Write everything that waits, then let go of the database."""
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
