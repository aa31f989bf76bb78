"""What an embedder is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from teppan.core.chat import Embeddings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from teppan.providers.caller import Observe

Ask = Callable[[str, Sequence[str], "Observe | None"], Awaitable[Embeddings]]
"""Asks an upstream model for the vectors of texts; raises a `ProviderError`."""


class Embedder(Protocol):
    """Texts in, rows of length one out.

    `name` says which vectors may be compared: those of two names never. `dimensions` is 0 as
    long as an upstream has not answered yet. `window` is how many characters are surely read;
    of a longer text the end may be cut off.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def window(self) -> int: ...

    async def embed(
        self, texts: Sequence[str], observe: Observe | None = None
    ) -> NDArray[np.float32]:
        """Shape (texts, dimensions). `observe` is told of calls that cost money."""
