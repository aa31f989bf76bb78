"""What each tenant knows: documents by name, the pieces they are cut into, their embeddings.

A document that is added again under its name is edited: its version grows, pieces that stayed the
same keep their embeddings, and the version of the tenant's whole knowledge becomes another. That
version is held in memory and read again when any has changed, which is looked up twice a second:
so an edit counts within a second, whichever process made it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import structs
from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from teppan.core.clock import Clock
from teppan.core.ids import Scope, content_hash, new_id
from teppan.store import knowledge_rows as rows
from teppan.store.bulk import BulkInsert, clean, cleaned
from teppan.store.fulltext import FullText, full_text
from teppan.store.knowledge_rows import ASKED_FOR, Counts, Document, Piece
from teppan.store.knowledge_vectors import Embeddings
from teppan.store.marks import mark, read_mark
from teppan.store.reader import Reader
from teppan.store.schema import instant, seconds
from teppan.store.tables.knowledge import (
    knowledge,
    knowledge_past,
    knowledge_pieces,
    knowledge_vectors,
)
from teppan.store.writer import Writer

CHANGES = "knowledge"
POLL_SECONDS = 0.5
PIECES = tuple(column.name for column in knowledge_pieces.columns)


class Knowledge:
    def __init__(
        self, writer: Writer, reader: Reader, placeholder: str, engine: str, clock: Clock
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._engine = engine
        self._found: FullText | None = None
        self._insert = BulkInsert(knowledge_pieces, PIECES, placeholder)
        self.embeddings = Embeddings(writer, reader, placeholder)
        self._changes: str | None = None
        self._versions: dict[str, str] | None = None
        self._reading = asyncio.Lock()

    # --- versions ----------------------------------------------------------------------------

    def version(self, scope: Scope) -> str:
        """Names all that this tenant knows, from memory alone; empty when that is nothing."""
        return (self._versions or {}).get(scope.tenant, "")

    async def refresh(self) -> None:
        """Read the versions again if any has changed. Raises `StoreError`."""
        async with self._reading:
            found = await self._reader.run(self._changed)
            if found is not None:
                self._changes, self._versions = found

    def _changed(self, connection: Connection) -> tuple[str | None, dict[str, str]] | None:
        changes = read_mark(connection, CHANGES)
        if changes == self._changes and self._versions is not None:
            return None
        table = knowledge.c
        found = connection.execute(
            select(table.tenant, table.name, table.version, table.digest).order_by(
                table.tenant, table.name
            )
        )
        told: dict[str, list[str]] = {}
        for tenant, *row in found:
            told.setdefault(tenant, []).append("\0".join(map(str, row)))
        return changes, {
            tenant: content_hash("\0".join(some).encode())[:12] for tenant, some in told.items()
        }

    # --- documents ---------------------------------------------------------------------------

    async def put(
        self, scope: Scope, name: str, kind: str, text: str, pieces: Sequence[Piece]
    ) -> Document:
        """The document as it is now; of the same text it is the one there was. Durable."""
        name, kind, text = (clean(each) for each in (name, kind, text))
        digest = content_hash(text.encode())
        once = {each.id: each for each in pieces}
        now, change = instant(self._clock.now()), new_id("chg")
        words = sum(len(each.words) for each in once.values())

        def work(connection: Connection) -> Document:
            old = rows.document(connection, scope, name)
            if old is not None and (old.digest, old.kind) == (digest, kind):
                return old
            version = 1 + (rows.last_version(connection, scope, name) or 0)
            row = {
                "tenant": scope.tenant,
                "name": name,
                "kind": kind,
                "version": version,
                "digest": digest,
                "text": text,
                "pieces": len(once),
                "words": words,
                "added": now if old is None else instant(old.added),
                "changed": now,
            }
            here = (knowledge.c.tenant == scope.tenant) & (knowledge.c.name == name)
            connection.execute(delete(knowledge).where(here))
            connection.execute(knowledge.insert().values(row))
            past = {key: row[key] for key in ("tenant", "name", "version", "digest", "pieces")}
            connection.execute(knowledge_past.insert().values(past | {"at": now}))
            self._replace(connection, scope, name, version, once)
            mark(connection, CHANGES, change)
            made = rows.document(connection, scope, name)
            assert made is not None
            return made

        document = await self._writer.run(work)
        await self.refresh()
        return document

    def _replace(
        self,
        connection: Connection,
        scope: Scope,
        name: str,
        version: int,
        pieces: dict[str, Piece],
    ) -> None:
        """The pieces of a document become these; those that were there stay as they are."""
        index = self._index()
        index.make(connection)
        table = knowledge_pieces.c
        here = (table.tenant == scope.tenant) & (table.document == name)
        there = _numbers(connection, here)
        self._drop(connection, scope, {id: n for id, n in there.items() if id not in pieces})
        connection.execute(update(knowledge_pieces).where(here).values(version=version))
        new: list[tuple[object, ...]] = []
        for place, piece in enumerate(pieces.values()):
            if piece.id in there:
                same = here & (table.id == piece.id)
                connection.execute(update(knowledge_pieces).where(same).values(place=place))
                continue
            new.append(rows.row(scope, name, version, place, piece))
        self._insert(connection, cleaned(new))
        index.add(
            connection,
            scope.tenant,
            (
                (rows.number(scope, id), each.words)
                for id, each in pieces.items()
                if id not in there and each.words
            ),
        )

    def _drop(self, connection: Connection, scope: Scope, gone: dict[str, int]) -> None:
        """Pieces by id, with their numbers: out of every table."""
        if not gone:
            return
        self._index().remove(connection, list(gone.values()))
        ids = list(gone)
        for chunk in (ids[i : i + ASKED_FOR] for i in range(0, len(ids), ASKED_FOR)):
            for table, column in ((knowledge_pieces, "id"), (knowledge_vectors, "piece")):
                connection.execute(
                    delete(table).where(table.c.tenant == scope.tenant, table.c[column].in_(chunk))
                )

    async def remove(self, scope: Scope, name: str) -> bool:
        """Whether this tenant had such a document. Its words are gone when this returns."""
        change = new_id("chg")
        table = knowledge_pieces.c

        def work(connection: Connection) -> bool:
            here = (knowledge.c.tenant == scope.tenant) & (knowledge.c.name == name)
            if connection.execute(delete(knowledge).where(here)).rowcount == 0:
                return False
            of_it = (table.tenant == scope.tenant) & (table.document == name)
            self._drop(connection, scope, _numbers(connection, of_it))
            mark(connection, CHANGES, change)
            return True

        removed = await self._writer.run(work)
        await self.refresh()
        return removed

    async def documents(self, scope: Scope) -> list[Document]:
        """The documents of this tenant, by name."""
        wanted = select(knowledge).where(knowledge.c.tenant == scope.tenant)

        def query(connection: Connection) -> list[Document]:
            found = connection.execute(wanted.order_by(knowledge.c.name)).mappings()
            return [rows.told(row) for row in found]

        return await self._reader.run(query)

    async def get(self, scope: Scope, name: str) -> tuple[Document, str] | None:
        """A document and its text."""
        wanted = select(knowledge).where(
            knowledge.c.tenant == scope.tenant, knowledge.c.name == name
        )

        def query(connection: Connection) -> tuple[Document, str] | None:
            row = connection.execute(wanted).mappings().one_or_none()
            return None if row is None else (rows.told(row), row["text"])

        return await self._reader.run(query)

    async def history(self, scope: Scope, name: str) -> list[tuple[int, str, float]]:
        """Every version there has been, the first first: its number, digest and instant."""
        table = knowledge_past.c
        wanted = (
            select(table.version, table.digest, table.at)
            .where(table.tenant == scope.tenant, table.name == name)
            .order_by(table.version)
        )

        def query(connection: Connection) -> list[tuple[int, str, float]]:
            found = connection.execute(wanted)
            return [(version, digest, seconds(at)) for version, digest, at in found]

        return await self._reader.run(query)

    # --- pieces ------------------------------------------------------------------------------

    async def counts(self, scope: Scope, words: Sequence[str]) -> Counts:
        """How much this tenant knows, and how many of its pieces have each of these words."""
        sums = select(func.sum(knowledge.c.pieces), func.sum(knowledge.c.words)).where(
            knowledge.c.tenant == scope.tenant
        )

        def query(connection: Connection) -> Counts:
            pieces, length = connection.execute(sums).one()
            if not pieces:
                return Counts()
            index = self._index()
            having = {word: index.having(connection, scope.tenant, word) for word in words}
            return Counts(int(pieces), int(length), having)

        return await self._reader.run(query)

    async def find(self, scope: Scope, words: Sequence[str], most: int) -> list[Piece]:
        """The pieces, with their words, that have one of these, in the order of the engine's own
        ranking. Only for a tenant that has pieces."""
        if not words:
            return []

        def query(connection: Connection) -> list[Piece]:
            index = self._index()
            numbers = index.find(connection, scope.tenant, words, most)
            pieces = rows.numbered(connection, scope, numbers)
            told = index.words(connection, list(pieces))
            return [
                structs.replace(pieces[number], words=told.get(number, ()))
                for number in numbers
                if number in pieces
            ]

        return await self._reader.run(query)

    async def pieces(self, scope: Scope, ids: Sequence[str]) -> list[Piece]:
        """Those that this tenant has, in no order."""
        return await self._reader.run(lambda connection: rows.named(connection, scope, "id", ids))

    def _index(self) -> FullText:
        if self._found is None:
            self._found = full_text(self._engine)
        return self._found


def _numbers(connection: Connection, where: ColumnElement[bool]) -> dict[str, int]:
    """The pieces there are, by id."""
    table = knowledge_pieces.c
    found = connection.execute(select(table.id, table.number).where(where))
    return {row.id: row.number for row in found}
