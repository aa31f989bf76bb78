"""Vectors from a vendor: any embedding model that the gateway can call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from teppan.core.errors import ProviderBadAnswer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from teppan.providers.caller import Observe
    from teppan.providers.embed.base import Ask

WINDOW = 8000
"""Characters that any of today's embedding models reads."""


class UpstreamEmbedder:
    """`model` is `provider/name`; `dimensions` is 0 until it has answered once."""

    window = WINDOW

    def __init__(self, model: str, ask: Ask) -> None:
        self.name = model
        self.dimensions = 0
        self._ask = ask

    async def embed(
        self, texts: Sequence[str], observe: Observe | None = None
    ) -> NDArray[np.float32]:
        """Rows of length one, in order. Raises a `ProviderError`."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        answer = await self._ask(self.name, texts, observe)
        rows = np.array(answer.vectors, np.float32)
        if rows.ndim != 2 or len(rows) != len(texts):
            raise ProviderBadAnswer(f"{self.name} gave {len(rows)} vectors for {len(texts)} texts")
        if self.dimensions not in (0, rows.shape[1]):
            raise ProviderBadAnswer(
                f"{self.name} changed from {self.dimensions} to {rows.shape[1]} dimensions"
            )
        self.dimensions = int(rows.shape[1])
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return (rows / np.where(lengths == 0, 1, lengths)).astype(np.float32)
