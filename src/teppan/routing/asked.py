"""What a router is fitted on: questions, and how good each model's answer was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_INVERSE = 10.0


class Asked(Struct, frozen=True):
    """A question and how good each model's answer to it was, in [0, 1].

    `costs` are micro-dollars, by model, where known; `probability` is that of the choice which
    led to these answers, 1 where all were asked. `vector` is the question's embedding.
    """

    text: str
    qualities: Mapping[str, float]
    costs: Mapping[str, float] = {}
    probability: float = 1.0
    vector: NDArray[np.float32] | None = None

    @property
    def weight(self) -> float:
        return min(_MOST_INVERSE, 1.0 / max(1e-6, self.probability))
