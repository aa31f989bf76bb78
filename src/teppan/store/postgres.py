"""PostgreSQL, for several gateways over one database. Needs `pip install 'teppan[postgres]'`."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, inspect
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from teppan.core.errors import ConfigError, StoreError
from teppan.store.base import Durability, Unavailable
from teppan.store.schema import VERSION_TABLE, metadata

MIGRATION_LOCK: Final = 0x7465_7070_616E
"""The key of the advisory lock; the letters of our name."""

CONNECT_SECONDS = 10
READ_MILLISECONDS = 30_000

# https://www.postgresql.org/docs/current/errcodes-appendix.html
PASSING = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "25006", "23505"}
"""23505: another gateway added the same row first; what we meant to do then finds it."""

EVERYONE = {
    "53100": "the database server's disk is full",
    "53200": "the database server is out of memory",
    "53300": "the database server takes no more connections",
    "25006": "the database server is read-only",
    "28P01": "the database server refuses the password",
    "28000": "the database server refuses this user",
    "3D000": "there is no database of this name",
    "42501": "this database user lacks a permission",
    "42P01": "a table is missing",
}


class PostgresBackend:
    """A database on a server, at `url` (`postgresql://user:password@host/name`)."""

    placeholder = "%s"
    busy_seconds = 0.0

    def __init__(self, url: URL, durability: Durability = "power") -> None:
        if importlib.util.find_spec("psycopg") is None:
            raise ConfigError(
                "PostgreSQL needs its driver: pip install 'teppan[postgres]' "
                "(or name an SQLite file instead)"
            )
        self.name = "postgresql"
        self.durability = durability
        self._where = url.render_as_string(hide_password=True)
        self._commit = "on" if durability == "power" else "off"
        self.writer = _engine(url, f"-c synchronous_commit={self._commit}", pool=1)
        self.reader = _engine(
            url,
            f"-c default_transaction_read_only=on -c statement_timeout={READ_MILLISECONDS}",
            pool=4,
        )

    def beside(self, what: str) -> None:
        return None

    def prepare(self) -> None:
        try:
            with self.writer.connect() as connection:
                version = connection.dialect.server_version_info or ()
                self.name = f"postgresql {'.'.join(map(str, version))}"
                found = set(inspect(connection).get_table_names())
                connection.rollback()
        except SQLAlchemyError as error:
            raise StoreError(f"{self._where}: {self.explain(error)[0]}") from error
        taken = found & set(metadata.tables)
        if taken and VERSION_TABLE not in found:
            raise StoreError(
                f"{self._where} holds a table {min(taken)!r} that is not ours; give Teppan a "
                "database, or a schema (`?options=-csearch_path=teppan`), of its own"
            )

    @contextmanager
    def exclusive(self, patience: float) -> Iterator[None]:
        yield  # the server keeps writers apart

    @contextmanager
    def transaction(self, connection: Connection, relaxed: bool = False) -> Iterator[None]:
        with connection.begin():
            if relaxed and self.durability == "power":
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            yield

    @contextmanager
    def migrating(self, connection: Connection) -> Iterator[None]:
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
        connection.rollback()
        try:
            yield
        finally:
            connection.rollback()
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({MIGRATION_LOCK})")
            connection.rollback()

    def backup(self, connection: Connection, revision: str) -> str | None:
        return None  # the server's operator has the tools and the place for that

    def tidy(self, connection: Connection, idle: bool) -> None:
        """The server keeps house by itself."""

    def compact(self) -> tuple[str, ...]:
        """Frees what was deleted; the server's own log and its backups are its operator's."""
        engine = create_engine(self.writer.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            found = set(inspect(connection).get_table_names()) & set(metadata.tables)
            for table in sorted(found):
                connection.exec_driver_sql(f'VACUUM "{table}"')
        return (
            "PostgreSQL: deleted rows are free to be overwritten (VACUUM FULL overwrites them at "
            "once); its write-ahead log and your backups are not reached",
        )

    def explain(self, error: BaseException) -> tuple[str, bool]:
        named = EVERYONE.get(_state(error))
        if named is not None:
            return named, True
        if isinstance(error, Unavailable):
            return str(error), True
        if _lost(error):
            return "the database server cannot be reached", True
        cause = error.orig if isinstance(error, DBAPIError) else error
        return f"{type(cause).__name__}: {str(cause).partition(chr(10))[0]}", False

    def passing(self, error: SQLAlchemyError) -> bool:
        return _lost(error) or _state(error) in PASSING

    def notes(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        self.reader.dispose()
        self.writer.dispose()


def _engine(url: URL, options: str, pool: int) -> Engine:
    given = url.query.get("options", "")
    ours = f"{given if isinstance(given, str) else ' '.join(given)} {options}".strip()
    return create_engine(
        url.set(drivername="postgresql+psycopg").update_query_dict({"options": ours}),
        pool_size=pool,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT_SECONDS},
    )


def _state(error: BaseException) -> str:
    """The five-letter SQLSTATE, or the empty string."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) or ""


def _lost(error: BaseException) -> bool:
    """The connection broke, or could not be made."""
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or (
        isinstance(error, OperationalError) and not _state(error)
    )
