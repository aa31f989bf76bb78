"""How alike the replies are in meaning: similarities, their medoid, groups. Pure but for `Embed`.

The medoid is the reply most like all others: the typical answer, which is not always the right
one; so it is shown as evidence and never decides alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from teppan.core.chat import Json
from teppan.core.reply import Reply

Vectors = NDArray[np.float32]

Embed = Callable[[Sequence[str]], Awaitable[Vectors]]
"""Texts to rows of length one, in their order: shape (texts, dimensions)."""


class Likeness(Struct, frozen=True):
    """The cosine of every pair of texts: shape (n, n), ones on the diagonal."""

    cosines: NDArray[np.float32]

    @classmethod
    def of(cls, vectors: Vectors) -> Likeness:
        return cls(np.clip(vectors @ vectors.T, -1.0, 1.0))

    @property
    def centrality(self) -> tuple[float, ...]:
        """How like all the others each text is, on average; 1 for a text alone."""
        count = len(self.cosines)
        if count == 1:
            return (1.0,)
        others = (self.cosines.sum(axis=1) - self.cosines.diagonal()) / (count - 1)
        return tuple(float(each) for each in others)

    @property
    def medoid(self) -> int:
        return int(np.argmax(self.centrality))

    def groups(self, alike: float) -> tuple[int, ...]:
        """For each text the number of the first text of its group.

        Texts are joined when their cosine is at least `alike`, directly or by way of others
        (single linkage): a text that comes later can join groups but never split one.
        """
        first = list(range(len(self.cosines)))
        for one, other in zip(*np.nonzero(np.triu(self.cosines >= alike, 1)), strict=True):
            low, high = sorted((first[one], first[other]))
            first = [low if each == high else each for each in first]
        return tuple(first)

    def evidence(self, replies: Sequence[Reply]) -> dict[str, Json]:
        """The pairs, the mean of them and the medoid with its score, rounded, for people to see."""
        scores = self.centrality
        return {
            "pairs": [[round(float(each), 3) for each in row] for row in self.cosines],
            "mean": round(sum(scores) / len(scores), 3),
            "medoid": replies[self.medoid].model,
            "medoid_score": round(scores[self.medoid], 3),
        }
