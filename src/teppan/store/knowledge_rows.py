"""Rows of knowledge as values, and the few questions that several transactions ask."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, func, select

from teppan.core.ids import Scope
from teppan.store.schema import seconds
from teppan.store.tables.knowledge import knowledge, knowledge_past, knowledge_pieces

ASKED_FOR = 400
"""Names looked up by one statement."""


class Document(Struct, frozen=True):
    """A document without its text. `words` counts those that are found, instants are seconds
    since 1970."""

    name: str
    kind: str
    version: int
    digest: str
    pieces: int
    words: int
    added: float
    changed: float


class Piece(Struct, frozen=True):
    """A part of a document. `words` are those it is found by, in plain letters; empty when read."""

    id: str
    document: str
    path: tuple[str, ...]
    text: str
    asked: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    version: int = 0


class Counts(Struct, frozen=True):
    """How many pieces a tenant has, how many words they have together, and how many of them have
    which word."""

    pieces: int = 0
    words: int = 0
    having: dict[str, int] = {}


class Embedded(Struct, frozen=True):
    """The vectors of a piece's parts: little-endian float16, row by row."""

    piece: str
    parts: int
    vectors: bytes


def number(scope: Scope, id: str) -> int:
    """What the full-text index knows a piece by: 63 bits of its tenant and id."""
    name = f"{scope.tenant}\0{id}".encode("utf-8", "replace")
    return int.from_bytes(hashlib.sha256(name).digest()[:8]) >> 1


def row(scope: Scope, name: str, version: int, place: int, piece: Piece) -> tuple[object, ...]:
    return (
        scope.tenant,
        piece.id,
        number(scope, piece.id),
        name,
        version,
        place,
        json.dumps(piece.path),
        piece.text,
        json.dumps(piece.asked),
    )


def last_version(connection: Connection, scope: Scope, name: str) -> int | None:
    table = knowledge_past.c
    newest = select(func.max(table.version)).where(table.tenant == scope.tenant, table.name == name)
    found: int | None = connection.scalar(newest)
    return found


def document(connection: Connection, scope: Scope, name: str) -> Document | None:
    wanted = select(knowledge).where(knowledge.c.tenant == scope.tenant, knowledge.c.name == name)
    row = connection.execute(wanted).mappings().one_or_none()
    return None if row is None else told(row)


def told(row: RowMapping) -> Document:
    return Document(
        row["name"],
        row["kind"],
        row["version"],
        row["digest"],
        row["pieces"],
        row["words"],
        seconds(row["added"]),
        seconds(row["changed"]),
    )


def named(
    connection: Connection, scope: Scope, column: str, values: Sequence[object]
) -> list[Piece]:
    table = knowledge_pieces
    found = []
    for chunk in (values[i : i + ASKED_FOR] for i in range(0, len(values), ASKED_FOR)):
        wanted = select(table).where(table.c.tenant == scope.tenant, table.c[column].in_(chunk))
        found += [piece(row) for row in connection.execute(wanted).mappings()]
    return found


def numbered(connection: Connection, scope: Scope, numbers: Sequence[int]) -> dict[int, Piece]:
    """The pieces of these numbers that this tenant has."""
    found = named(connection, scope, "number", numbers)
    return {number(scope, each.id): each for each in found}


def piece(row: RowMapping) -> Piece:
    return Piece(
        row["id"],
        row["document"],
        tuple(json.loads(row["path"])),
        row["text"],
        tuple(json.loads(row["asked"])),
        version=row["version"],
    )
