"""The pieces of a pack, in memory: right for thousands of them.

Each is found by its words, those of the headings above it and those people ask for it with; and by
likeness, which is that of its most alike part: a whole section is like no single question. The
first of them are then looked at part by part.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

import structlog
from msgspec import Struct

from teppan.core.errors import TeppanError
from teppan.core.ids import Scope, content_hash
from teppan.knowledge.chunk import Chunk
from teppan.knowledge.ranking import Bag, Corpus, by_parts, by_words, joined
from teppan.knowledge.words import terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_log = structlog.get_logger(__name__)

Embed = Callable[[Sequence[str]], "Awaitable[NDArray[np.float32]]"]
"""Texts -> rows of length one, in order."""

ALIKE = 0.2
"""A piece that shares no telling word must be so like the question."""
LOOKED_AT = 40
"""Pieces that are looked at part by part."""
KEPT = 4_000
"""Pieces whose parts' words are in memory."""
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
        self._bags: dict[str, tuple[Bag, ...]] = {}

    def bags_of(self, chunk: Chunk) -> tuple[Bag, ...]:
        """The words of a piece's parts, also of one that is not its own; they are kept a while."""
        known = self._bags.get(chunk.id)
        if known is None:
            if len(self._bags) >= KEPT:
                self._bags.clear()
            known = tuple(Bag.of(terms(part)) for part in chunk.parts())
            self._bags[chunk.id] = known
        return known

    async def pieces(
        self, scope: Scope, question: str, most: int, within: Sequence[str] | None = None
    ) -> list[Chunk]:
        """The same pieces for every tenant: a pack is the gateway's."""
        return [each.chunk for each in await self.search(question, most, within)]

    async def search(
        self, question: str, most: int, within: Sequence[str] | None = None
    ) -> list[Found]:
        """The pieces that bear on a question, best first; none when nothing does."""
        question = question[:QUESTION]
        if not self.chunks or most < 1 or not question.strip():
            return []
        asked = terms(question)
        scores = by_words(asked, self.bags, self.corpus)
        vector = await embedded(self._embed, question)
        alike = None if vector is None else await self.alike(vector)
        pieces = Pieces(self.chunks, scores, alike).within(within)
        return looked_at(pieces.first(most), asked, self.corpus, self.bags_of)[:most]

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


class Fits(NamedTuple):
    """A piece that fits, by its words and by likeness."""

    chunk: Chunk
    score: float
    alike: float | None


class Pieces(NamedTuple):
    """Pieces with how well each fits by its words, and by likeness where there is an embedder."""

    chunks: Sequence[Chunk]
    scores: Sequence[float]
    alike: Sequence[float] | None

    def within(self, wanted: Sequence[str] | None) -> Pieces:
        """Those of some documents or sections; all where none are named."""
        if wanted is None:
            return self
        there = [place for place, each in enumerate(self.chunks) if lies_within(each, wanted)]
        return Pieces(
            [self.chunks[place] for place in there],
            [self.scores[place] for place in there],
            None if self.alike is None else [self.alike[place] for place in there],
        )

    def first(self, most: int) -> list[Fits]:
        """Those that fit, best first, by both rankings where there are two: as many as are looked
        at, or are wanted."""
        alike = self.alike
        fitting = [
            place
            for place, score in enumerate(self.scores)
            if score > 0 or (alike is not None and alike[place] >= ALIKE)
        ]
        worth = joined([self.scores] if alike is None else [self.scores, alike])
        fitting.sort(key=lambda place: (-worth[place], place))
        return [
            Fits(self.chunks[place], self.scores[place], None if alike is None else alike[place])
            for place in fitting[: max(LOOKED_AT, most)]
        ]


def looked_at(
    first: Sequence[Fits],
    asked: Sequence[str],
    corpus: Corpus,
    bags_of: Callable[[Chunk], Sequence[Bag]],
) -> list[Found]:
    """The same pieces, best first by words, likeness and the words of their best parts."""
    rankings = [
        [each.score for each in first],
        by_parts(asked, [bags_of(each.chunk) for each in first], corpus),
    ]
    alike = [each.alike for each in first if each.alike is not None]
    worth = joined([*rankings, alike] if alike else rankings)
    order = sorted(range(len(first)), key=lambda place: (-worth[place], place))
    return [Found(first[place].chunk, worth[place]) for place in order]


def lies_within(chunk: Chunk, within: Sequence[str]) -> bool:
    """Whether a piece is of one of these documents or sections."""
    for wanted in within:
        document, _, section = wanted.partition("#")
        if fnmatchcase(chunk.source, document) and (not section or section in chunk.path):
            return True
    return False
