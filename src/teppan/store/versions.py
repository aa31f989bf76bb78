"""Statements that may be said again, changed and taken back: versions of one subject.

A subject is what is spoken of and by whom (`subject_of`, a hash). Said again unchanged, nothing is
written; said otherwise, there is a next version, and the newest one counts. Who takes a statement
back has said nothing; the versions stay. Two gateways that write at once cannot make the same
version: the loser sees the winner's row and decides again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Table, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from teppan.core.errors import StoreError
from teppan.core.ids import Scope, content_hash

TRIES = 10
"""How often others may be quicker with the next version."""

Values = Mapping[str, Any]


def subject_of(*parts: str) -> str:
    """What is spoken of and by whom; parts are told apart whatever they hold."""
    return content_hash("".join(f"{len(part)}:{part}" for part in parts).encode())


def state(connection: Connection, table: Table, row: Values, said: Sequence[str]) -> Values:
    """The row that stands for a statement: the newest one when `said` columns are the same in it,
    else the next version. Raises `StoreError` when others are always quicker."""
    newest = (
        select(table)
        .where(table.c.subject == row["subject"])
        .order_by(table.c.version.desc())
        .limit(1)
    )
    for _ in range(TRIES):
        last = connection.execute(newest).mappings().one_or_none()
        stands = last is not None and last["withdrawn"] is None
        if last is not None and stands and all(last[name] == row[name] for name in said):
            return dict(last)
        version, at = (1, row["at"]) if last is None else (last["version"] + 1, last["at"] + 1)
        # later versions are later in time too, so that whoever sorts by time finds the same order
        values = {**row, "version": version, "at": max(row["at"], at), "withdrawn": None}
        adding = _unless_there(connection, table, values).returning(table.c.id)
        if connection.scalar(adding) is not None:
            return values
    raise StoreError("many others are changing the same statement; send it again")


def withdraw(
    connection: Connection, table: Table, where: ColumnElement[bool], at: int
) -> Values | None:
    """Takes back the statement of which `where` finds a version: its newest row, or `None` when
    there is none. Taken back twice, it is taken back once."""
    subject = connection.scalar(select(table.c.subject).where(where))
    if subject is None:
        return None
    here = table.c.subject == subject
    connection.execute(update(table).where(here, table.c.withdrawn.is_(None)).values(withdrawn=at))
    newest = select(table).where(here).order_by(table.c.version.desc()).limit(1)
    return dict(connection.execute(newest).mappings().one())


def counts(table: Table) -> ColumnElement[bool]:
    """Whether a row is the newest of its subject and was not taken back."""
    newer = table.alias("newer")
    return table.c.withdrawn.is_(None) & ~exists().where(
        newer.c.subject == table.c.subject, newer.c.version > table.c.version
    )


def forget(connection: Connection, table: Table, scope: Scope, source: str) -> int:
    """Deletes every word of a source in its tenant; returns how many rows."""
    mine = (table.c.tenant == scope.tenant) & (table.c.source == source)
    return connection.execute(delete(table).where(mine)).rowcount


def _unless_there(connection: Connection, table: Table, row: Values) -> Insert:
    insert = postgres_insert if connection.dialect.name == "postgresql" else sqlite_insert
    return insert(table).values(**row).on_conflict_do_nothing()
