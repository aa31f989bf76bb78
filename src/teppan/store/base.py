"""What a database engine must be able to do for the store; `sqlite.py` and `postgres.py` do it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

Durability = Literal["power", "process"]
"""What an acknowledged row survives: a power cut, or only the death of this process."""


class Unavailable(Exception):
    """The database cannot be written just now, for everyone; trying again may help."""


class Backend(Protocol):
    """One kind of database behind the store."""

    name: str
    placeholder: str
    """How a parameter is written in the driver's own SQL: `?` or `%s`."""

    writer: Engine
    reader: Engine

    busy_seconds: float
    """How long the engine itself has waited when it says that it is locked."""

    def beside(self, what: str) -> Path | None:
        """A private file next to the database, or `None` when it has no place of ours."""

    def prepare(self) -> None:
        """Make sure there is a database of ours, or an empty one; refuse anything else."""

    def exclusive(self, patience: float) -> AbstractContextManager[None]:
        """No other process of ours writes meanwhile. Raises `Unavailable` after `patience`."""

    def transaction(
        self, connection: Connection, relaxed: bool = False
    ) -> AbstractContextManager[object]:
        """Durable when it ends; a relaxed one survives the process, perhaps not a power cut."""

    def migrating(self, connection: Connection) -> AbstractContextManager[None]:
        """Only one process migrates at a time; the others wait here."""

    def backup(self, connection: Connection, revision: str) -> str | None:
        """Copy the database before a migration; returns where, or `None` when that is not ours."""

    def tidy(self, connection: Connection, idle: bool) -> None:
        """Housekeeping between transactions, by the only connection that writes."""

    def compact(self) -> tuple[str, ...]:
        """Overwrite what was deleted, as far as that is ours; returns what an operator should
        know. Slow. Raises `SQLAlchemyError`, an error of the driver, or `Unavailable`."""

    def explain(self, error: BaseException) -> tuple[str, bool]:
        """What happened, for people, and whether it concerns every write, not this one alone."""

    def passing(self, error: SQLAlchemyError) -> bool:
        """Whether the same transaction may succeed in a moment."""

    def notes(self) -> tuple[str, ...]:
        """What an operator should know about this engine."""

    def close(self) -> None: ...
