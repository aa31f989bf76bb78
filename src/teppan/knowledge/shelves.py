"""The embeddings of what tenants know, in memory: of each tenant that asks, made once and kept.

A tenant's vectors are read at its first question and again when its knowledge has changed. Pieces
that this embedder has not seen yet (they were added by a process without it, or the settings name
another one) are embedded behind the questions, which words answer meanwhile. Vectors of two
embedders are never compared: each has a partition of its own.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog
from msgspec import Struct

from teppan.core.errors import TeppanError
from teppan.core.ids import Scope
from teppan.knowledge.chunk import Chunk
from teppan.providers.embed.base import Embedder
from teppan.store.knowledge import Knowledge
from teppan.store.knowledge_rows import Embedded, Piece

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from teppan.store.vectors.base import Vectors

_log = structlog.get_logger(__name__)

TENANTS = 64
"""Of so many tenants, those that asked last, vectors are in memory."""
BATCH = 32
"""Pieces that are embedded at a time."""


class _Shelf(Struct):
    """What is in memory of a tenant: at which version, and the parts of which pieces."""

    version: str = ""
    parts: dict[str, int] = {}


class Shelves:
    def __init__(self, store: Knowledge, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder
        self._vectors: Vectors | None = None
        self._shelves: OrderedDict[str, _Shelf] = OrderedDict()
        self._loading = asyncio.Lock()
        self._filling: dict[str, asyncio.Task[None]] = {}

    async def nearest(
        self, scope: Scope, asked: NDArray[np.float32], most: int
    ) -> dict[str, float]:
        """The pieces of this tenant whose parts are most alike, with their cosines."""
        vectors = await self._ready(scope)
        near = await vectors.nearest(scope, self._embedder.name, asked, most)
        found: dict[str, float] = {}
        for part, cosine in near:
            found.setdefault(part.partition("#")[0], cosine)
        return found

    async def fill(self, scope: Scope) -> int:
        """Embeds the pieces that lack it; returns how many. Raises a `TeppanError`."""
        done, name = 0, self._embedder.name
        while lacking := await self._store.embeddings.lacking(scope, name, BATCH):
            await self._store.embeddings.keep(scope, name, await self._embedded(lacking))
            done += len(lacking)
        return done

    async def close(self) -> None:
        tasks = list(self._filling.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _embedded(self, pieces: Sequence[Piece]) -> list[Embedded]:
        parts = [as_chunk(each).parts() for each in pieces]
        rows = await self._embedder.embed([part for some in parts for part in some])
        made, at = [], 0
        for piece, some in zip(pieces, parts, strict=True):
            own = rows[at : at + len(some)]
            made.append(Embedded(piece.id, len(some), own.astype("<f2").tobytes()))
            at += len(some)
        return made

    async def _ready(self, scope: Scope) -> Vectors:
        """The vectors, with all that this tenant has now."""
        async with self._loading:
            if self._vectors is None:
                from teppan.store.vectors.grown import GrownVectors  # numpy

                self._vectors = GrownVectors()
            shelf = self._shelves.setdefault(scope.tenant, _Shelf())
            self._shelves.move_to_end(scope.tenant)
            version = self._store.version(scope)
            if shelf.version != version:
                await self._load(scope, shelf, self._vectors)
                shelf.version = version
                self._fill_behind(scope, shelf)
            while len(self._shelves) > TENANTS:
                tenant, _ = self._shelves.popitem(last=False)
                await self._vectors.erase(Scope(tenant, scope.key_id))
            return self._vectors

    async def _load(self, scope: Scope, shelf: _Shelf, vectors: Vectors) -> None:
        import numpy as np

        name = self._embedder.name
        there = set(await self._store.embeddings.pieces(scope, name))
        gone = [id for id in shelf.parts if id not in there]
        await vectors.remove(scope, [f"{id}#{n}" for id in gone for n in range(shelf.parts[id])])
        kept = {id: parts for id, parts in shelf.parts.items() if id in there}
        for each in await self._store.embeddings.vectors(scope, name, sorted(there - kept.keys())):
            kept[each.piece] = each.parts
            rows = np.frombuffer(each.vectors, "<f2").astype(np.float32)
            for number, row in enumerate(rows.reshape(each.parts, -1) if each.parts else ()):
                await vectors.add(scope, name, f"{each.piece}#{number}", row)
        shelf.parts = kept

    def _fill_behind(self, scope: Scope, shelf: _Shelf) -> None:
        running = self._filling.get(scope.tenant)
        if running is None or running.done():
            task = asyncio.get_running_loop().create_task(self._catch_up(scope, shelf))
            self._filling[scope.tenant] = task

    async def _catch_up(self, scope: Scope, shelf: _Shelf) -> None:
        try:
            if await self.fill(scope):
                shelf.version = ""  # read again at the next question
        except TeppanError as error:
            _log.warning("knowledge.not_embedded", reason=error.message)


def as_chunk(piece: Piece) -> Chunk:
    """A piece of the store as one of a document."""
    return Chunk(piece.document, piece.path, piece.text, piece.asked, str(piece.version))
