"""The embedder that needs no data and no download.

It counts character n-grams inside words and whole words, hashed into a fixed
number of signed buckets (Weinberger et al. 2009, arXiv 0902.2206). It sees spelling, not
meaning: good for near-identical answers, blind to synonyms.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from teppan.providers.caller import Observe

WINDOW = 20_000
"""Characters: it reads everything, but long texts all look alike."""

_WORD = re.compile(r"\w+|[^\w\s]")


class HashingEmbedder:
    """An embedder of `dimensions` numbers; n-grams of the lengths in `sizes`."""

    window = WINDOW

    def __init__(self, dimensions: int = 512, sizes: tuple[int, ...] = (3, 4)) -> None:
        self.dimensions = dimensions
        self.sizes = sizes
        self.name = f"hashing/{dimensions}/{'-'.join(map(str, sizes))}"

    async def embed(
        self, texts: Sequence[str], observe: Observe | None = None
    ) -> NDArray[np.float32]:
        """Rows of length one, in order: shape (texts, dimensions). An empty text is all zeros."""
        return self.vectors(texts)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The same, without a loop."""
        import numpy as np  # an idle gateway has no use for it

        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            places: list[int] = []
            for word in _WORD.findall(text.lower()):
                places += _places(word, self.sizes, self.dimensions)
            counts = np.bincount(np.array(places, np.int64), minlength=2 * self.dimensions)
            row[:] = counts[: self.dimensions] - counts[self.dimensions :]
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return (rows / np.where(lengths == 0, 1, lengths)).astype(np.float32)


@lru_cache(maxsize=50_000)
def _places(word: str, sizes: tuple[int, ...], dimensions: int) -> tuple[int, ...]:
    """The buckets of a word's features, the negative ones behind the positive. Words repeat."""
    padded = f"<{word}>"
    features = [f"={word}"]
    for size in sizes:
        features += [padded[i : i + size] for i in range(len(padded) - size + 1)]
    codes = [zlib.crc32(feature.encode()) for feature in features]
    return tuple(code % dimensions + (0 if code & 0x8000_0000 else dimensions) for code in codes)
