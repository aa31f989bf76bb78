"""All that one tenant may know: the gateway's pack, and the documents of its own.

    question ─┬─ words ──── pack in memory, and the engine's full-text index ─── BM25 ─┐
              └─ meaning ── vectors of the parts of both ─────────────────────── cosine ┴─ joined

The engine's index finds the pieces that may matter (`store/fulltext.py`); what each is worth is
reckoned here, by one measure for both places and both engines (`ranking.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from teppan.core.ids import Scope
from teppan.knowledge.chunk import Chunk
from teppan.knowledge.ranking import Bag, Corpus, by_words
from teppan.knowledge.search import QUESTION, Found, Library, Pieces, embedded, looked_at
from teppan.knowledge.shelves import TENANTS, Shelves, as_chunk
from teppan.knowledge.words import terms
from teppan.providers.embed.base import Embedder
from teppan.store.knowledge import Knowledge
from teppan.store.knowledge_rows import Counts, Piece

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORDS = 32
"""Different words of a question that are looked up."""
CANDIDATES = 100
"""Pieces that the engine's index may bring, and parts that are near enough to be looked at."""
REMEMBERED = 20_000
"""Words of one tenant whose counts are in memory."""


class Known:
    """`pack` belongs to all tenants of this gateway, `store` holds what each has of its own."""

    def __init__(
        self, pack: Library | None, store: Knowledge | None, embedder: Embedder | None
    ) -> None:
        self._pack = pack or Library([])
        self._store = store
        self._embedder = embedder
        self._counts: dict[str, tuple[str, Counts]] = {}
        self.shelves = Shelves(store, embedder) if store is not None and embedder else None

    def version(self, scope: Scope) -> str:
        """Names all that this tenant may know, at once and without a wait; empty for nothing."""
        own = self._store.version(scope) if self._store is not None else ""
        return "/".join(each for each in (self._pack.version, own) if each)

    def of_pack(self) -> tuple[Chunk, ...]:
        """The pieces that every tenant has."""
        return self._pack.chunks

    async def pieces(
        self, scope: Scope, question: str, most: int, within: Sequence[str] | None = None
    ) -> list[Chunk]:
        """The pieces that bear on a question, best first."""
        return [each.chunk for each in await self.search(scope, question, most, within)]

    async def search(
        self, scope: Scope, question: str, most: int, within: Sequence[str] | None = None
    ) -> list[Found]:
        """The pieces that bear on a question, best first; none when nothing does.

        `within` are the documents (`facts.md`, `guides/*`) or sections (`facts.md#Prices`) that
        may be looked in. Raises `StoreError`. Without the embedder words alone count.
        """
        question = question[:QUESTION]
        if most < 1 or not question.strip() or not self.version(scope):
            return []
        asked = list(dict.fromkeys(terms(question)))[:WORDS]
        vector = await embedded(self._embedder.embed if self._embedder else None, question)
        corpus = self._pack.corpus.with_(await self._counted(scope, asked), asked)
        own, near = await self._own(scope, list(corpus.telling(asked)), vector)
        bags = [*self._pack.bags, *(Bag.of(each.words) for each in own)]
        scores = by_words(asked, bags, corpus)
        alike = None if vector is None else await self._pack.alike(vector)
        if alike is not None:
            alike += [near.get(each.id, 0.0) for each in own]
        chunks = [*self._pack.chunks, *map(as_chunk, own)]
        pieces = Pieces(chunks, scores, alike).within(within)
        return looked_at(pieces.first(most), asked, corpus, self._pack.bags_of)[:most]

    async def close(self) -> None:
        """Before the store."""
        if self.shelves is not None:
            await self.shelves.close()

    async def _counted(self, scope: Scope, asked: Sequence[str]) -> Corpus:
        """The tenant's own pieces, counted; what was counted is known until they change."""
        version = self._store.version(scope) if self._store is not None else ""
        if self._store is None or not version:
            return Corpus()
        at, counts = self._counts.pop(scope.tenant, ("", Counts()))
        if at != version or len(counts.having) > REMEMBERED:
            counts = Counts()
        new = [word for word in asked if word not in counts.having]
        if new or not counts.pieces:
            fresh = await self._store.counts(scope, new)
            counts = Counts(fresh.pieces, fresh.words, counts.having | fresh.having)
        self._counts[scope.tenant] = (version, counts)
        while len(self._counts) > TENANTS:
            self._counts.pop(next(iter(self._counts)))
        return Corpus(counts.pieces, counts.words, counts.having)

    async def _own(
        self, scope: Scope, telling: Sequence[str], vector: NDArray[np.float32] | None
    ) -> tuple[list[Piece], dict[str, float]]:
        """The tenant's own pieces that may matter, and how near those are that are near."""
        if self._store is None or not self._store.version(scope):
            return [], {}
        near: dict[str, float] = {}
        if self.shelves is not None and vector is not None:
            near = await self.shelves.nearest(scope, vector, CANDIDATES)
        found = await self._store.find(scope, telling, CANDIDATES)
        there = {each.id for each in found}
        others = await self._store.pieces(scope, [id for id in near if id not in there])
        return [*found, *sorted(others, key=lambda each: each.id)], near
