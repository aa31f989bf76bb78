"""The embeddings of pieces of documents: each embedder's own, which are never mixed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from teppan.core.ids import Scope
from teppan.store import knowledge_rows as rows
from teppan.store.bulk import BulkInsert
from teppan.store.knowledge_rows import ASKED_FOR, Embedded, Piece
from teppan.store.reader import Reader
from teppan.store.tables.knowledge import knowledge_pieces, knowledge_vectors
from teppan.store.writer import Writer

VECTORS = tuple(column.name for column in knowledge_vectors.columns)


class Embeddings:
    """They go with their pieces: whoever removes a piece removes these (`knowledge.py`)."""

    def __init__(self, writer: Writer, reader: Reader, placeholder: str) -> None:
        self._writer = writer
        self._reader = reader
        self._insert = BulkInsert(knowledge_vectors, VECTORS, placeholder)

    async def lacking(self, scope: Scope, embedder: str, most: int) -> list[Piece]:
        """Pieces of this tenant without an embedding of this embedder."""
        piece, vector = knowledge_pieces.c, knowledge_vectors.c
        has = select(vector.piece).where(
            vector.tenant == scope.tenant, vector.embedder == embedder, vector.piece == piece.id
        )
        wanted = (
            select(knowledge_pieces)
            .where(piece.tenant == scope.tenant, ~has.exists())
            .order_by(piece.document, piece.place)
            .limit(most)
        )

        def query(connection: Connection) -> list[Piece]:
            return [rows.piece(row) for row in connection.execute(wanted).mappings()]

        return await self._reader.run(query)

    async def keep(self, scope: Scope, embedder: str, made: Sequence[Embedded]) -> None:
        """Keeps embeddings of pieces that are still there; durable when it returns."""

        def work(connection: Connection) -> None:
            asked = [each.piece for each in made]
            there = {each.id for each in rows.named(connection, scope, "id", asked)}
            self._insert(
                connection,
                [
                    (scope.tenant, each.piece, embedder, each.parts, each.vectors)
                    for each in made
                    if each.piece in there
                ],
            )

        await self._writer.run(work)

    async def pieces(self, scope: Scope, embedder: str) -> list[str]:
        """The pieces of this tenant that this embedder has embedded."""
        vector = knowledge_vectors.c
        wanted = select(vector.piece).where(
            vector.tenant == scope.tenant, vector.embedder == embedder
        )
        return await self._reader.run(lambda connection: list(connection.scalars(wanted)))

    async def vectors(self, scope: Scope, embedder: str, ids: Sequence[str]) -> list[Embedded]:
        """What this embedder has made of these pieces."""
        vector = knowledge_vectors.c
        wanted = select(vector.piece, vector.parts, vector.vectors).where(
            vector.tenant == scope.tenant, vector.embedder == embedder
        )
        chunks = [ids[i : i + ASKED_FOR] for i in range(0, len(ids), ASKED_FOR)]

        def query(connection: Connection) -> list[Embedded]:
            return [
                Embedded(*row)
                for chunk in chunks
                for row in connection.execute(wanted.where(vector.piece.in_(chunk)))
            ]

        return await self._reader.run(query)
