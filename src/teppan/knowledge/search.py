"""The pieces of a pack, in memory: right for thousands of them.

Each is found by its words, those of the headings above it and those people ask for it with; and by
likeness, which is that of its most alike part: a whole section is like no single question.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import structlog
from msgspec import Struct

from teppan.core.errors import TeppanError
from teppan.core.ids import Scope, content_hash
from teppan.knowledge.chunk import Chunk
from teppan.knowledge.ranking import Bag, Corpus, by_words, joined
from teppan.knowledge.words import terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_log = structlog.get_logger(__name__)

Embed = Callable[[Sequence[str]], "Awaitable[NDArray[np.float32]]"]
"""Texts -> rows of length one, in order."""

ALIKE = 0.2
"""A piece that shares no telling word must be so like the question."""
QUESTION = 2000
"""Letters of a question that are looked at."""


class Found(Struct, frozen=True):
    """A piece, and how well it fits: its joined rank, comparable within one search only."""

    chunk: Chunk
    score: float


class Library:
    """Pieces of documents, searchable. `version` changes with any of their words.

    Without `embed` only words count. Vectors are made at the first search.
    """

    def __init__(self, chunks: Sequence[Chunk], embed: Embed | None = None) -> None:
        self.chunks = tuple(chunks)
        self.version = content_hash("".join(each.id for each in chunks).encode())[:12]
        self.version = self.version if chunks else ""
        self.bags = [Bag.of(terms(each.sought)) for each in self.chunks]
        having = Counter(word for each in self.bags for word in each.counts)
        self.corpus = Corpus(len(chunks), sum(each.length for each in self.bags), having)
        self._embed = embed
        self._vectors: NDArray[np.float32] | None = None
        self._owners: list[int] = []
        self._embedding = asyncio.Lock()

    async def pieces(
        self, scope: Scope, question: str, most: int, within: Sequence[str] | None = None
    ) -> list[Chunk]:
        """The same pieces for every tenant: a pack is the gateway's."""
        found = await self.search(question, most if within is None else len(self.chunks))
        there = [each.chunk for each in found if within is None or lies_within(each.chunk, within)]
        return there[:most]

    async def search(self, question: str, most: int) -> list[Found]:
        """The pieces that bear on a question, best first; none when nothing does."""
        question = question[:QUESTION]
        if not self.chunks or most < 1 or not question.strip():
            return []
        scores = by_words(terms(question), self.bags, self.corpus)
        vector = await embedded(self._embed, question)
        alike = None if vector is None else await self.alike(vector)
        return best(self.chunks, scores, alike, most)

    async def alike(self, asked: NDArray[np.float32]) -> list[float] | None:
        """The cosine of each piece's most alike part; `None` when the embedder is away, which
        words then make up for."""
        found = [0.0] * len(self.chunks)
        if not found:
            return found
        try:
            vectors = await self._parts()
        except TeppanError as error:
            _log.warning("knowledge.by_words_alone", reason=error.message)
            return None
        if len(vectors) and vectors.shape[1] == len(asked):
            for place, cosine in zip(self._owners, (vectors @ asked).tolist(), strict=True):
                found[place] = max(found[place], cosine)
        return found

    async def _parts(self) -> NDArray[np.float32]:
        """The vectors of all parts of all pieces."""
        assert self._embed is not None
        async with self._embedding:
            if self._vectors is None:
                parts = [each.parts() for each in self.chunks]
                self._owners = [place for place, some in enumerate(parts) for _ in some]
                self._vectors = await self._embed([part for some in parts for part in some])
            return self._vectors


async def embedded(embed: Embed | None, question: str) -> NDArray[np.float32] | None:
    """The question's vector; `None` when there is no embedder, or it is away."""
    if embed is None:
        return None
    try:
        row: NDArray[np.float32] = (await embed([question]))[0]
    except TeppanError as error:
        _log.warning("knowledge.by_words_alone", reason=error.message)
        return None
    return row


def best(
    chunks: Sequence[Chunk], scores: Sequence[float], alike: Sequence[float] | None, most: int
) -> list[Found]:
    """The pieces that fit, best first, by both rankings where there are two."""
    fitting = [
        place
        for place in range(len(chunks))
        if scores[place] > 0 or (alike is not None and alike[place] >= ALIKE)
    ]
    worth = joined([scores] if alike is None else [scores, alike])
    fitting.sort(key=lambda place: (-worth[place], place))
    return [Found(chunks[place], worth[place]) for place in fitting[:most]]


def lies_within(chunk: Chunk, within: Sequence[str]) -> bool:
    """Whether a piece is of one of these documents or sections."""
    for wanted in within:
        document, _, section = wanted.partition("#")
        if fnmatchcase(chunk.source, document) and (not section or section in chunk.path):
            return True
    return False
