"""Whether two answers say the same: so the cache learns which remembered ones would have done."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from teppan.core.chat import Completion
from teppan.estimate.guards import relation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from teppan.providers.embed import Embedder

REMEMBERED = 5000
"""Vectors of answers in memory, about 2 kilobytes each."""
SAME_FIGURES = 0.85
"""By what factor the bar is lowered for answers that state the same figures."""


class Sameness:
    """By words, then by figures and denial, then by the likeness of what is left: at least `alike`.

    Raises what the embedder raises. An upstream embedder is asked once for each new answer.
    """

    def __init__(self, embedder: Embedder, alike: float) -> None:
        self._embedder = embedder
        self._alike = alike
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    async def __call__(self, one: Completion, other: Completion) -> bool:
        here, there = _plain(one.text), _plain(other.text)
        if here == there:
            return True
        stand = relation(here, there)
        if stand == "conflict":
            return False
        bar = self._alike * (SAME_FIGURES if stand == "agree" else 1.0)
        return float(await self._vector(here) @ await self._vector(there)) >= bar

    async def _vector(self, text: str) -> NDArray[np.float32]:
        known = self._vectors.get(text)
        if known is None:
            known = (await self._embedder.embed([text[: self._embedder.window]]))[0]
            self._vectors[text] = known
            while len(self._vectors) > REMEMBERED:
                self._vectors.popitem(last=False)
        else:
            self._vectors.move_to_end(text)
        return known


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
