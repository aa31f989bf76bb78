"""Which pieces bear on a question: by their words and by their likeness, the two ranks joined.

Words are weighed by BM25 (Robertson and Zaragoza 2009), likeness is the cosine of embeddings, and
the ranks are joined by reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009). All of it
is in memory: right for the files of a pack, thousands of pieces at most.
"""

from __future__ import annotations

import asyncio
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from msgspec import Struct

from teppan.core.errors import TeppanError
from teppan.core.ids import content_hash
from teppan.knowledge.chunk import Chunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_log = structlog.get_logger(__name__)

Embed = Callable[[Sequence[str]], "Awaitable[NDArray[np.float32]]"]
"""Texts -> rows of length one, in order."""

_K1, _B = 1.2, 0.75
"""How soon a word said again counts no more, and how much a long piece is held against it."""
_FUSION = 60
"""Added to each rank, so that the first places do not decide alone."""
_COMMON = 0.5
"""A word that more of the pieces have says nothing about any of them."""
_FEW = 4
"""Pieces up to which no word is common."""
_ALIKE = 0.55
"""A piece that shares no telling word must be so like the question."""
_QUESTION = 2000
"""Letters of a question that are looked at."""

_FUNCTION_WORDS = Path(__file__).with_name("function_words.txt")
"""Words of every question that say nothing about what is asked (en, es, de, fr, it, pt)."""

_WORD = re.compile(r"[^\W_]+")
_DENSE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+")
"""Scripts written without spaces: Thai, Lao, Burmese, Khmer, kana, Han."""


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
        told = "\0".join(each.told for each in self.chunks)
        self.version = content_hash(told.encode())[:12] if chunks else ""
        self._words = [Counter(words(f"{each.place}\n{each.text}")) for each in self.chunks]
        self._lengths = [sum(each.values()) for each in self._words]
        self._having = Counter(word for each in self._words for word in each)
        self._embed = embed
        self._vectors: NDArray[np.float32] | None = None
        self._embedding = asyncio.Lock()

    async def pieces(self, question: str, most: int) -> list[str]:
        """The best pieces as text, each with where it stands."""
        return [found.chunk.told for found in await self.search(question, most)]

    async def search(self, question: str, most: int) -> list[Found]:
        """The pieces that bear on a question, best first; none when nothing does."""
        question = question[:_QUESTION]
        if not self.chunks or most < 1 or not question.strip():
            return []
        by_words = self._by_words(question)
        alike = await self._alike(question)
        fitting = [
            place
            for place in range(len(self.chunks))
            if by_words[place] > 0 or (alike is not None and alike[place] >= _ALIKE)
        ]
        joined = _rank(by_words)
        if alike is not None:
            joined = [one + other for one, other in zip(joined, _rank(alike), strict=True)]
        fitting.sort(key=lambda place: (-joined[place], place))
        return [Found(self.chunks[place], joined[place]) for place in fitting[:most]]

    def _by_words(self, question: str) -> list[float]:
        """BM25 of each piece, by the words that do not stand in most pieces."""
        total = len(self.chunks)
        mean = sum(self._lengths) / total or 1.0
        scores = [0.0] * total
        for word in set(words(question)):
            having = self._having[word]
            if not having or (total > _FEW and having > _COMMON * total):
                continue
            rarity = math.log(1 + (total - having + 0.5) / (having + 0.5))
            for place, counts in enumerate(self._words):
                often = counts[word]
                if often:
                    size = _K1 * (1 - _B + _B * self._lengths[place] / mean)
                    scores[place] += rarity * often * (_K1 + 1) / (often + size)
        return scores

    async def _alike(self, question: str) -> list[float] | None:
        """Cosines; `None` when the embedder is away, which words then make up for."""
        if self._embed is None:
            return None
        try:
            async with self._embedding:
                if self._vectors is None:
                    self._vectors = await self._embed([each.told for each in self.chunks])
            asked = await self._embed([question])
        except TeppanError as error:
            _log.warning("knowledge.by_words_alone", reason=error.message)
            return None
        likeness: list[float] = (self._vectors @ asked[0]).tolist()
        return likeness


def words(text: str) -> list[str]:
    """The words a text is found by: without accents and plural endings, in scripts without spaces
    every pair of letters."""
    low = unicodedata.normalize("NFKC", text).lower()
    found: list[str] = []
    for run in _DENSE.findall(low):
        found += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
    plain = unicodedata.normalize("NFKD", _DENSE.sub(" ", low))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    empty = _function_words()
    for word in _WORD.findall(plain):
        if word not in empty and (len(word) > 1 or word.isdigit()):
            found.append(_stem(word))
    return found


@cache
def _function_words() -> frozenset[str]:
    return frozenset(_FUNCTION_WORDS.read_text("utf-8").split())


def _stem(word: str) -> str:
    """Without the endings that only tell how many: rough, and the same for both sides."""
    if len(word) > 4 and word.endswith(("es", "en")):
        return word[:-2]
    if len(word) > 3 and word.endswith(("s", "e", "n")):
        return word[:-1]
    return word


def _rank(scores: Sequence[float]) -> list[float]:
    """What each place is worth in the joined ranking; nothing without a score."""
    order = sorted(range(len(scores)), key=lambda place: (-scores[place], place))
    worth = [0.0] * len(scores)
    for rank, place in enumerate(order, start=1):
        if scores[place] > 0:
            worth[place] = 1 / (_FUSION + rank)
    return worth
