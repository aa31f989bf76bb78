"""How alike the replies are in meaning: similarities, their medoid, groups. Pure but for `Embed`.

The medoid is the reply most like all others: the typical answer, which is not always the right
one; so it is shown as evidence and never decides alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from teppan.core.chat import Json
from teppan.core.reply import Reply
from teppan.estimate.guards import relation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Embed = Callable[[Sequence[str]], Awaitable["NDArray[np.float32]"]]
"""Texts to rows of length one, in their order: shape (texts, dimensions)."""


SAME_FIGURES = 0.1
"""How far the bar of likeness is lowered for texts that state the same figures."""


class Likeness(Struct, frozen=True):
    """The cosine of every pair of texts: n rows of n figures, ones on the diagonal."""

    cosines: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, vectors: NDArray[np.float32]) -> Likeness:
        """From rows of length one."""
        cosines = (vectors @ vectors.T).clip(-1.0, 1.0)
        return cls(tuple(tuple(map(float, row)) for row in cosines))

    @property
    def centrality(self) -> tuple[float, ...]:
        """How like all the others each text is, on average; 1 for a text alone."""
        others = len(self.cosines) - 1
        if others == 0:
            return (1.0,)
        return tuple((sum(row) - row[at]) / others for at, row in enumerate(self.cosines))

    @property
    def medoid(self) -> int:
        scores = self.centrality
        return scores.index(max(scores))

    def groups(self, alike: float, texts: Sequence[str]) -> tuple[int, ...]:
        """For each text the number of the first text of its group.

        Texts are joined when their cosine is at least `alike`, or a tenth of that when they
        state the same figures; never when their figures or negations conflict. Joining goes
        by way of others too (single linkage): a text that comes later can join groups but
        never split one.
        """
        first = list(range(len(self.cosines)))
        for one, row in enumerate(self.cosines):
            for other in range(one + 1, len(row)):
                stand = relation(texts[one], texts[other])
                bar = alike * SAME_FIGURES if stand == "agree" else alike
                if stand != "conflict" and row[other] >= bar:
                    low, high = sorted((first[one], first[other]))
                    first = [low if each == high else each for each in first]
        return tuple(first)

    def evidence(self, replies: Sequence[Reply]) -> dict[str, Json]:
        """The pairs, the mean of them and the medoid with its score, rounded, for people to see."""
        scores = self.centrality
        return {
            "pairs": [[round(each, 3) for each in row] for row in self.cosines],
            "mean": round(sum(scores) / len(scores), 3),
            "medoid": replies[self.medoid].model,
            "medoid_score": round(scores[self.medoid], 3),
        }
