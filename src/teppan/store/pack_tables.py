"""The tables of a pack: what its tools book and keep, in a place apart from the gateway's own.

Beside a file `teppan.db` that is a file `teppan-PACK.db`; on PostgreSQL a schema `pack_PACK` of the
same database, or `OWN_pack_PACK` for a gateway that lives in a schema `OWN`. The tables are made
when they are first asked for. Tools run in threads, so this is not asynchronous.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, MetaData, create_engine, event, exc, inspect, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from teppan.core.errors import ConfigError, StoreError
from teppan.store.base import Durability, Unavailable
from teppan.store.postgres import PostgresBackend
from teppan.store.sqlite import SqliteBackend
from teppan.store.store import backend_for

PATIENCE = 5.0
"""Seconds that one transaction waits for others to end."""
CONNECTIONS = 4
"""Transactions of one process at once on PostgreSQL; in a file there is one at a time."""
LONGEST_NAME = 63
"""Letters of a name on PostgreSQL; it cuts longer ones, and two could become one."""
MAKING_LOCK = 0x7465_7070_6170
"""The key of the advisory lock under which schemas and tables are made."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


class PackTables:
    """The tables that `metadata` describes, for the pack called `pack`.

    `url` is the store's own (`Store.open`). Raises `ConfigError` for a name or address that cannot
    be one; nothing is opened before the first `tables()`.
    """

    def __init__(
        self,
        url: str | Path,
        pack: str,
        metadata: MetaData,
        *,
        durability: Durability = "power",
        patience: float = PATIENCE,
    ) -> None:
        if not _NAME.fullmatch(pack):
            raise ConfigError(
                f"a pack with tables needs a name of letters, digits, `-` and `_`, not {pack!r}"
            )
        self._url = _beside(url, pack)
        self._pack = pack
        self._metadata = metadata
        self._durability = durability
        self._patience = patience
        self._place: _Place | None = None
        self._closed = False
        self._opening = threading.Lock()

    @contextmanager
    def tables(self) -> Iterator[Connection]:
        """A connection in one transaction: durable at the end of the block, undone by an exception.

        Others wait meanwhile, so a block is short. Raises `StoreError` when the database cannot be
        used or refuses what was asked, `ConfigError` when its tables are not those of the pack.
        """
        place = self._opened()
        try:
            with place.transaction() as connection:
                yield connection
        except (SQLAlchemyError, Unavailable) as error:
            raise StoreError(f"the tables of {self._pack}: {place.explain(error)}") from error

    def close(self) -> None:
        """Lets go of the database; a transaction that runs is waited for as long as `patience`."""
        with self._opening:
            self._closed = True
            if self._place is not None:
                self._place.close()
                self._place = None

    def _opened(self) -> _Place:
        with self._opening:
            if self._closed:
                raise StoreError(f"the tables of {self._pack} are closed")
            if self._place is None:
                self._place = self._open()
            return self._place

    def _open(self) -> _Place:
        backend = backend_for(self._url, self._durability)
        place: _Place
        if isinstance(backend, SqliteBackend):
            place = _File(backend, self._patience)
        else:
            assert isinstance(backend, PostgresBackend)
            place = _Schema(backend, self._pack, self._patience)
        try:
            with place.making() as connection:
                self._metadata.create_all(connection, checkfirst=True)
                self._refuse_others(connection)
        except (SQLAlchemyError, Unavailable) as error:
            place.close()
            why = place.explain(error)
            raise StoreError(f"the tables of {self._pack} cannot be opened: {why}") from error
        except BaseException:
            place.close()
            raise
        return place

    def _refuse_others(self, connection: Connection) -> None:
        """Tables are made, never changed: one that lacks a column is from another version."""
        found = inspect(connection)
        for table in self._metadata.sorted_tables:
            there = {each["name"] for each in found.get_columns(table.name)}
            lacking = [each.name for each in table.columns if each.name not in there]
            if lacking:
                raise ConfigError(
                    f"the table `{table.name}` of {self._pack} has no column `{lacking[0]}`: it is "
                    "of another version of the pack; add the column, or move the table away"
                )


class _Place(Protocol):
    def making(self) -> AbstractContextManager[Connection]:
        """A transaction in which tables are made, by one process at a time."""

    def transaction(self) -> AbstractContextManager[Connection]: ...

    def explain(self, error: BaseException) -> str: ...

    def close(self) -> None: ...


class _File:
    """An SQLite file: one transaction at a time, in all processes together, so that a checkpoint
    never meets another connection's write (`lock.py`)."""

    def __init__(self, backend: SqliteBackend, patience: float) -> None:
        self._backend = backend
        self._patience = patience
        self._turn = threading.Lock()
        self._closed = False
        event.listen(backend.writer, "connect", _keep_references)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        if not self._turn.acquire(timeout=self._patience):
            raise Unavailable(f"another transaction has run for {self._patience:g} s")
        with ExitStack() as stack:
            stack.callback(self._turn.release)
            if self._closed:
                raise Unavailable("they were closed meanwhile")
            stack.enter_context(self._backend.exclusive(self._patience))
            connection = stack.enter_context(self._backend.writer.connect())
            stack.enter_context(self._backend.transaction(connection))
            yield connection

    making = transaction

    def explain(self, error: BaseException) -> str:
        return self._backend.explain(error)[0]

    def close(self) -> None:
        """A tool that does not end keeps its file open until the process ends."""
        if self._turn.acquire(timeout=self._patience):
            self._closed = True
            self._backend.close()
            self._turn.release()


class _Schema:
    """A schema on a PostgreSQL server: transactions side by side, kept apart by the constraints of
    the tables (read committed); who waits longer than `patience` for a lock gives up."""

    def __init__(self, backend: PostgresBackend, pack: str, patience: float) -> None:
        self._backend = backend
        self._name = self._named(pack)
        url = backend.writer.url
        ours = f'-c search_path="{self._name}" -c lock_timeout={int(patience * 1000)}'
        self._engine = create_engine(
            url.update_query_dict({"options": f"{url.query['options']} {ours}"}),
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=patience,
            pool_pre_ping=True,
            connect_args={"connect_timeout": max(1, int(patience))},
        )

    def _named(self, pack: str) -> str:
        """Gateways that share a database by schemas do not share the tables of their packs."""
        try:
            with self._backend.writer.connect() as connection:
                own = connection.exec_driver_sql("SELECT current_schema()").scalar()
        except SQLAlchemyError as error:
            raise StoreError(self.explain(error)) from error
        finally:
            self._backend.close()
        name = f"pack_{pack}" if own in (None, "public") else f"{own}_pack_{pack}"
        if len(name.encode()) > LONGEST_NAME:
            raise ConfigError(f"the schema {name!r} has too long a name; name the pack shorter")
        return name

    @contextmanager
    def making(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MAKING_LOCK})")
            # Asked before it is made: who may use a schema need not be allowed to make one.
            if self._name not in inspect(connection).get_schema_names():
                connection.exec_driver_sql(f'CREATE SCHEMA "{self._name}"')
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection

    def explain(self, error: BaseException) -> str:
        if isinstance(error, exc.TimeoutError):
            return "all connections are taken by transactions that have not ended"
        return self._backend.explain(error)[0]

    def close(self) -> None:
        self._engine.dispose()


def _beside(url: str | Path, pack: str) -> str | Path:
    """The address of the pack's own file; a server's address stays what it is."""
    path = _file_of(url)
    return url if path is None else path.with_name(f"{path.stem}-{pack}{path.suffix}")


def _file_of(url: str | Path) -> Path | None:
    if isinstance(url, Path) or "://" not in url:
        return Path(url).expanduser()
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError("the database address cannot be understood") from None
    named = parsed.database if parsed.get_backend_name() == "sqlite" else None
    return Path(named).expanduser() if named else None


def _keep_references(connection: Any, record: object) -> None:
    connection.execute("PRAGMA foreign_keys=ON").fetchone()
