"""How well pieces fit: BM25 of their words, of their best parts, likeness, and the ranks joined.

A piece of many subjects is found by its words all together, and by the two of its parts (sentences,
rows, what people ask) that say most of the question: that tells apart pieces which share all of its
words somewhere, most of all where a word is two signs of Han or kana.

Words are weighed by BM25 (Robertson and Zaragoza 2009) and the ranks are joined by reciprocal rank
fusion (Cormack, Clarke and Büttcher, SIGIR 2009). How rare a word is is counted over all that one
tenant may see, wherever it is kept: so a piece in memory and one in the database are weighed alike,
on either engine, and what another tenant has written changes nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

K1, B = 1.2, 0.75
"""How soon a word said again counts no more, and how much a long piece is held against it."""
BEST = 2
"""Parts of a piece that count."""
FUSION = 60
"""Added to each rank, so that the first places do not decide alone."""
COMMON = 0.5
"""A word that more of the pieces have says nothing about any of them."""
FEW = 4
"""Pieces up to which no word is common."""


class Bag(Struct, frozen=True):
    """The words of one piece, as often as they are there."""

    counts: Mapping[str, int]
    length: int

    @classmethod
    def of(cls, found: Iterable[str]) -> Bag:
        counts = Counter(found)
        return cls(counts, counts.total())


class Corpus(Struct, frozen=True):
    """What is known of all pieces together: how many, their words, and who has which word."""

    pieces: int = 0
    length: int = 0
    having: Mapping[str, int] = {}

    def with_(self, other: Corpus, asked: Iterable[str]) -> Corpus:
        """Both together, as far as these words are asked for."""
        mine, its = self.having, other.having
        both = {word: mine.get(word, 0) + its.get(word, 0) for word in asked}
        return Corpus(self.pieces + other.pieces, self.length + other.length, both)

    def telling(self, asked: Iterable[str]) -> dict[str, float]:
        """The words that tell pieces apart, with their weights."""
        weights = {word: _rarity(self.having.get(word, 0), self.pieces) for word in set(asked)}
        return {word: weight for word, weight in sorted(weights.items()) if weight > 0}


def by_words(asked: Iterable[str], bags: Sequence[Bag], corpus: Corpus) -> list[float]:
    """BM25 of each bag; 0 where no telling word is shared."""
    mean = corpus.length / corpus.pieces if corpus.length else 1.0
    weights = corpus.telling(asked)
    return [_score(bag, weights, mean) for bag in bags]


def by_parts(asked: Iterable[str], parts: Sequence[Sequence[Bag]], corpus: Corpus) -> list[float]:
    """BM25 of the best parts of each piece, on average. How rare a word is is that of pieces."""
    lengths = [bag.length for some in parts for bag in some]
    mean = sum(lengths) / len(lengths) if any(lengths) else 1.0
    weights = corpus.telling(asked)
    found = []
    for some in parts:
        scores = sorted((_score(bag, weights, mean) for bag in some), reverse=True)
        found.append(sum(scores[:BEST]) / BEST)
    return found


def _score(bag: Bag, weights: Mapping[str, float], mean: float) -> float:
    size = K1 * (1 - B + B * bag.length / mean)
    score = 0.0
    for word, weight in weights.items():
        often = bag.counts.get(word, 0)
        if often:
            score += weight * often * (K1 + 1) / (often + size)
    return score


def _rarity(having: int, total: int) -> float:
    if not having or (total > FEW and having > COMMON * total):
        return 0.0
    return math.log(1 + (total - having + 0.5) / (having + 0.5))


def joined(rankings: Iterable[Sequence[float]]) -> list[float]:
    """What each place is worth when several rankings of the same places are joined."""
    worths = [worth(scores) for scores in rankings]
    return [sum(some) for some in zip(*worths, strict=True)]


def worth(scores: Sequence[float]) -> list[float]:
    """What each place is worth by its rank; nothing without a score. Equal scores share a rank."""
    places = sorted(range(len(scores)), key=lambda place: (-scores[place], place))
    found, rank, last = [0.0] * len(scores), 0, math.inf
    for number, place in enumerate(places, start=1):
        if scores[place] <= 0:
            break
        rank = rank if scores[place] == last else number
        last = scores[place]
        found[place] = 1 / (FUSION + rank)
    return found
