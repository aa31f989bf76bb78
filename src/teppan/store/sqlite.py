"""SQLite: one file, write-ahead log, one writer that also owns the checkpoints.

Every commit of a class-A row is synced to the disk (`synchronous=FULL`) before it is
acknowledged, unless durability is `process`. Readers never block the writer. Several processes
of ours (a gateway and the CLI) may use one file on a local disk; they take turns by a lock file.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool

from teppan.core.errors import StoreError
from teppan.store.base import Durability, Unavailable
from teppan.store.lock import FileLock
from teppan.store.schema import VERSION_TABLE

MAGIC = b"SQLite format 3\x00"
BUSY_SECONDS = 0.2
WAL_STEADY = 4 << 20
"""Bytes of log after which the writer checkpoints without waiting for readers."""
WAL_LARGE = 64 << 20
"""Bytes of log after which it waits a moment for readers, so that the log can start over."""
CHECK_AT_OPEN = 32 << 20
"""A database no larger than this is checked page by page whenever it is opened."""
MIGRATION_PATIENCE = 120.0
COMPACT_PATIENCE = 30.0

FIRST_BAD_WAL, FIRST_GOOD_WAL = (3, 7, 0), (3, 51, 3)

NAMED = {
    sqlite3.SQLITE_FULL: "the disk, or the size allowed to the database, is full",
    sqlite3.SQLITE_READONLY: "the database or its folder is read-only",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened",
    sqlite3.SQLITE_CORRUPT: "the database file is damaged; restore a backup",
    sqlite3.SQLITE_NOTADB: "the file is not an SQLite database",
    sqlite3.SQLITE_IOERR: "the disk reported an error",
    sqlite3.SQLITE_BUSY: "another program holds a lock on the database",
    sqlite3.SQLITE_LOCKED: "another program holds a lock on the database",
}


class SqliteBackend:
    """A database file at `path`; the file, its lock and its folder are private to the user."""

    placeholder = "?"
    busy_seconds = BUSY_SECONDS

    def __init__(self, path: Path, durability: Durability = "power") -> None:
        self.name = f"sqlite {sqlite3.sqlite_version}"
        self.path = path.absolute()
        self.durability = durability
        _make_private(self.path)
        try:
            self._lock = FileLock(self.beside("lock"))
        except OSError as error:
            where = self.beside("lock")
            raise StoreError(f"{where} cannot be opened: {error.strerror}") from error
        self._wal = self.path.with_name(self.path.name + "-wal")
        level = "FULL" if durability == "power" else "NORMAL"
        self.writer = _engine(self.path, NullPool, "BEGIN IMMEDIATE", _writer_pragmas(level))
        self.reader = _engine(self.path, QueuePool, "BEGIN", _READER_PRAGMAS)

    def beside(self, what: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{what}")

    def prepare(self) -> None:
        _refuse_foreign_bytes(self.path)
        try:
            with self.writer.connect() as connection:
                self._refuse_damage(connection)
                self._refuse_foreign_tables(connection)
        except DBAPIError as error:
            raise StoreError(f"{self.path}: {self.explain(error)[0]}") from error

    def _refuse_damage(self, connection: Connection) -> None:
        if self.path.stat().st_size > CHECK_AT_OPEN:
            return
        finding = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        connection.rollback()
        if finding != "ok":
            raise StoreError(f"{self.path} is damaged ({finding}); restore a backup")

    def _refuse_foreign_tables(self, connection: Connection) -> None:
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = {row[0] for row in found}
        connection.rollback()
        if tables and VERSION_TABLE not in tables:
            raise StoreError(
                f"{self.path} is a database of another program (it has a table "
                f"{min(tables)!r} and no {VERSION_TABLE!r}); name another file"
            )

    @contextmanager
    def exclusive(self, patience: float) -> Iterator[None]:
        with self._lock.hold(patience):
            yield

    def migrating(self, connection: Connection) -> AbstractContextManager[None]:
        return self.exclusive(MIGRATION_PATIENCE)

    def backup(self, connection: Connection, revision: str) -> str | None:
        copy = self.beside(f"before-{revision}")
        copy.unlink(missing_ok=True)
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        raw = connection.connection.driver_connection
        assert raw is not None
        target = sqlite3.connect(copy)
        try:
            raw.backup(target)
        finally:
            target.close()
        return str(copy)

    @contextmanager
    def transaction(self, connection: Connection, relaxed: bool = False) -> Iterator[None]:
        lower = relaxed and self.durability == "power"
        if lower:
            _raw(connection).execute("PRAGMA synchronous=NORMAL")
        try:
            with connection.begin():
                yield
        finally:
            if lower and not connection.invalidated:
                _raw(connection).execute("PRAGMA synchronous=FULL")

    def tidy(self, connection: Connection, idle: bool) -> None:
        """Checkpoint when the log is long, or when nobody waits and it is worth it."""
        try:
            size = self._wal.stat().st_size
        except OSError:
            return
        if size < (WAL_STEADY if not idle else WAL_STEADY // 4):
            return
        mode = "TRUNCATE" if size >= WAL_LARGE else "PASSIVE"
        with suppress(Unavailable, sqlite3.Error), self._lock.hold(0.0):
            _raw(connection).execute(f"PRAGMA wal_checkpoint({mode})").fetchone()

    def compact(self) -> tuple[str, ...]:
        """Rewrites the whole file without the deleted rows, then empties the log.

        Deleted rows stay in the free parts of pages otherwise, older copies of them too.
        """
        with self.exclusive(COMPACT_PATIENCE), self.writer.connect() as connection:
            raw = _raw(connection)
            raw.execute("VACUUM").fetchone()
            busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        notes = []
        if busy:
            notes.append(f"{self._wal} is still read by another process; run it again later")
        copies = sorted(self.path.parent.glob(f"{self.path.name}.before-*"))
        if copies:
            named = ", ".join(map(str, copies))
            notes.append(f"copies from before an upgrade still hold everything: {named}")
        return tuple(notes)

    def explain(self, error: BaseException) -> tuple[str, bool]:
        named = NAMED.get(_code(error))
        if named is not None:
            return named, True
        if isinstance(error, Unavailable):
            return str(error), True
        cause = error.orig if isinstance(error, DBAPIError) else error
        return f"{type(cause).__name__}: {str(cause).partition(chr(10))[0]}", False

    def passing(self, error: SQLAlchemyError) -> bool:
        return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

    def notes(self) -> tuple[str, ...]:
        version = sqlite3.sqlite_version_info
        if not FIRST_BAD_WAL <= version < FIRST_GOOD_WAL:
            return ()
        return (
            f"SQLite {sqlite3.sqlite_version} can lose its log when two connections write and "
            "checkpoint at once (fixed in 3.51.3). Teppan's processes take turns, so they are "
            "safe; let no other program write this file.",
        )

    def close(self) -> None:
        with suppress(Unavailable), self._lock.hold(1.0):
            self.reader.dispose()
            self.writer.dispose()
        self._lock.close()


def _engine(
    path: Path, pool: type[NullPool] | type[QueuePool], begin: str, pragmas: tuple[str, ...]
) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=pool,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
    )
    event.listen(engine, "connect", _on_connect(pragmas))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _on_connect(pragmas: tuple[str, ...]) -> Callable[[Any, Any], None]:
    def connected(connection: sqlite3.Connection, record: object) -> None:
        # The driver's own implicit transactions would hide which statement begins one.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").fetchone()

    return connected


def _writer_pragmas(level: str) -> tuple[str, ...]:
    return (
        "journal_mode=WAL",
        f"synchronous={level}",
        "wal_autocheckpoint=0",
        f"journal_size_limit={WAL_LARGE}",
        "fullfsync=ON",
        "checkpoint_fullfsync=ON",
        "cache_size=-16000",
        "temp_store=MEMORY",
        "trusted_schema=OFF",
        "cell_size_check=ON",
    )


_READER_PRAGMAS = ("query_only=ON", "temp_store=MEMORY", "trusted_schema=OFF", "cell_size_check=ON")


def _code(error: BaseException) -> int:
    """SQLite's primary result code, or -1."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else -1


def _raw(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def _make_private(path: Path) -> None:
    """An empty file only its owner can read; SQLite gives its log the same permissions."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent} cannot be made: {error.strerror}") from error
    try:
        made = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(f"{path} cannot be made: {error.strerror}") from error
    os.close(made)


def _refuse_foreign_bytes(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    if head and head != MAGIC:
        raise StoreError(f"{path} is not an SQLite database; name another file")
