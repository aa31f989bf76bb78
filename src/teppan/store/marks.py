"""Small named values of the database as a whole."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from teppan.store.schema import marks


def read_mark(connection: Connection, name: str) -> str | None:
    return connection.scalar(select(marks.c.value).where(marks.c.name == name))


def mark(connection: Connection, name: str, value: str) -> None:
    """Set a mark; the last to set it holds."""
    connection.execute(delete(marks).where(marks.c.name == name))
    connection.execute(marks.insert().values(name=name, value=value))
