"""A text becomes a document of a tenant; and what it would change, before it does."""

from __future__ import annotations

import difflib

from msgspec import Struct

from teppan.core.errors import BadRequest
from teppan.core.ids import Scope
from teppan.knowledge.chunk import Chunk, chunks
from teppan.knowledge.words import terms
from teppan.store.knowledge import Knowledge
from teppan.store.knowledge_rows import Document, Piece

NAME = 200
"""Letters of a document's name."""
PIECES = 20_000
"""Pieces of one document."""
AROUND = 2
"""Lines shown before and after a change."""


class Added(Struct, frozen=True):
    """`changed` is false when the document was there already, word for word."""

    document: Document
    changed: bool


class Difference(Struct, frozen=True):
    """What adding a text under a name would do. `lines` are a unified diff of the text; of the
    pieces, `kept` stay as they are. `version` is what the document would be then."""

    name: str
    version: int
    new: tuple[Chunk, ...]
    gone: tuple[Piece, ...]
    kept: int
    lines: tuple[str, ...]

    @property
    def changes(self) -> bool:
        return bool(self.lines)


async def add(store: Knowledge, scope: Scope, name: str, kind: str, text: str) -> Added:
    """Durable when it returns. Raises `BadRequest` for a name or a text that cannot be taken."""
    name = checked(name)
    before = await store.get(scope, name)
    pieces = [as_piece(each) for each in chunks(text, name)]
    if not pieces:
        raise BadRequest(f"{name}: there is no text in it")
    if len(pieces) > PIECES:
        raise BadRequest(f"{name}: it has more than {PIECES:,} pieces; part the document")
    document = await store.put(scope, name, kind, text, pieces)
    return Added(document, before is None or before[0].version != document.version)


async def difference(store: Knowledge, scope: Scope, name: str, text: str) -> Difference:
    """What `add` would change. Raises `StoreError`."""
    name = checked(name)
    there = await store.get(scope, name)
    past = await store.history(scope, name)
    old = there[1] if there else ""
    new = {each.id: each for each in chunks(text, name)}
    was = {each.id: as_piece(each) for each in chunks(old, name)}
    lines = difflib.unified_diff(
        old.splitlines(), text.splitlines(), "known", "given", lineterm="", n=AROUND
    )
    told = tuple(lines)
    last = past[-1][0] if past else 0
    return Difference(
        name,
        last + 1 if told or there is None else last,
        tuple(each for id, each in new.items() if id not in was),
        tuple(each for id, each in was.items() if id not in new),
        len(new.keys() & was.keys()),
        told,
    )


def checked(name: str) -> str:
    """A name that is only a name. Raises `BadRequest`."""
    plain = "".join(letter if letter.isprintable() else "\ufffd" for letter in name).strip()
    if not plain or len(plain) > NAME:
        raise BadRequest(f"a document's name has 1 to {NAME} letters: {plain[:40]!r}")
    return plain


def as_piece(chunk: Chunk) -> Piece:
    return Piece(
        chunk.id, chunk.source, chunk.path, chunk.text, chunk.asked, tuple(terms(chunk.sought))
    )
