"""Bring a database to the tables this version knows, or say why that cannot be.

The stored revision is read first: when it is the newest, nothing else is done. An empty database
gets today's tables at once, an older one is migrated step by step; a test proves that both ways
lead to the same tables. Either happens in one transaction under a lock, after a backup where the
database is a file; so it may be killed at any point, and instances that start together do it once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import DBAPIError

from teppan.core.errors import StoreError
from teppan.store.base import Backend, Unavailable
from teppan.store.schema import HEAD, VERSION_TABLE, metadata, version

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(backend: Backend, target: str = HEAD) -> None:
    """Upgrade to `target`. Raises `StoreError` when that is not possible or not safe."""
    try:
        with backend.writer.connect() as connection:
            if stored_revision(connection) == target:
                return
            with backend.migrating(connection):
                _upgrade(backend, connection, target)
    except Unavailable as error:
        raise StoreError(f"the database cannot be migrated now: {error}") from error
    except DBAPIError as error:
        reason, _ = backend.explain(error)
        raise StoreError(f"the database could not be migrated: {reason}") from error


def stored_revision(connection: Connection) -> str | None:
    """The revision the database is at; `None` for an empty one."""
    try:
        if not inspect(connection).has_table(VERSION_TABLE):
            return None
        return connection.scalar(select(version.c.version_num))
    finally:
        connection.rollback()


def _upgrade(backend: Backend, connection: Connection, target: str) -> None:
    revision = stored_revision(connection)  # another instance may have been quicker
    if revision == target:
        return
    if revision is None and target == HEAD:
        with backend.transaction(connection):
            metadata.create_all(connection, checkfirst=False)
            version.create(connection)
            connection.execute(version.insert().values(version_num=HEAD))
        return
    _migrate(backend, connection, revision, target)


def _migrate(backend: Backend, connection: Connection, revision: str | None, target: str) -> None:
    # The migration tool takes a while to load, and is hardly ever needed.
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config(connection)
    known = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
    if revision is not None and revision not in known:
        raise StoreError(
            f"the database was made by a newer Teppan: its schema is {revision}, and this version "
            f"knows none after {HEAD}. Install the newer version, or restore a backup made "
            "before the upgrade; a schema is never downgraded"
        )
    if revision is not None:
        backend.backup(connection, revision)
    with backend.transaction(connection):
        command.upgrade(config, target)


def alembic_config(connection: Connection) -> Config:
    """The migration tool's settings, with the connection it must use."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
