"""How near two questions are: by meaning, and by their figures.

What 12 adults pay and what 14 adults pay are near in every embedding and have two answers, so
questions whose figures differ are never taken for the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float32]
    Vectors = Callable[[Sequence[str]], Rows]

OTHER_FIGURES = 0.6
"""What is left of the similarity of two questions with other figures."""
LONGEST = 2_000
"""Letters of a question that are looked at."""
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")


class Questions:
    """Questions with their places: vectors of length one, shape (questions, dimensions)."""

    def __init__(self, texts: Sequence[str], rows: Rows) -> None:
        self.texts = list(texts)
        self.rows = rows
        self._figures = [figures(text) for text in texts]

    def __len__(self) -> int:
        return len(self.texts)

    def near(self, others: Questions) -> Rows:
        """Similarities in [0, 1], shape (questions, others)."""
        import numpy as np  # an idle gateway has no use for it

        if not len(self) or not len(others):
            return np.zeros((len(self), len(others)), np.float32)
        found = np.clip(self.rows @ others.rows.T, 0.0, 1.0)
        names: dict[tuple[str, ...], int] = {}
        own = np.array([names.setdefault(each, len(names)) for each in self._figures])
        other = np.array([names.setdefault(each, len(names)) for each in others._figures])
        found[own[:, None] != other[None, :]] *= OTHER_FIGURES
        rows: Rows = found.astype(np.float32, copy=False)
        return rows


def figures(text: str) -> tuple[str, ...]:
    """The figures of a text, in order of size as they are written."""
    flat = unicodedata.normalize("NFKC", text[:LONGEST])
    return tuple(sorted(each.replace(",", "") for each in _FIGURE.findall(flat)))


def packed(row: Rows) -> bytes:
    """A vector as it is kept: float16, a thousandth is precise enough to find what is near."""
    import numpy as np

    return row.astype(np.float16).tobytes()


def unpacked(rows: Sequence[bytes], dimensions: int) -> Rows:
    """Vectors as they were kept; those of another embedder are all zeros: near nothing."""
    import numpy as np

    whole = np.zeros((len(rows), dimensions), np.float32)
    for at, raw in enumerate(rows):
        row = np.frombuffer(raw, np.float16)
        if len(row) == dimensions:
            whole[at] = row
    return whole
