"""What a question is like, in an embedding: its likeness to landmark questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LANDMARKS, _WIDTH, _EIGENVALUE = 400, 2.0, 1e-4


class Meaning(Struct, frozen=True):
    """Likeness to landmark questions, in an embedding: `landmarks` are (count, dimensions) floats,
    `mixing` (count, count), both float32 of this machine's order, `width` how near is near.
    """

    embedder: str
    count: int
    landmarks: bytes
    mixing: bytes
    width: float


def near(meaning: Meaning, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """How like each text is to the landmarks, in coordinates of their own: (texts, count).

    Nyström's approximation of a Gaussian kernel (Williams and Seeger 2001).
    """
    import numpy as np  # an idle gateway has no use for it

    landmarks = np.frombuffer(meaning.landmarks, np.float32).reshape(meaning.count, -1)
    mixing = np.frombuffer(meaning.mixing, np.float32).reshape(meaning.count, meaning.count)
    likeness = np.exp((vectors @ landmarks.T - 1.0) * meaning.width)
    mixed: NDArray[np.float32] = likeness @ mixing
    return mixed


def landmarks_of(vectors: NDArray[np.float32], embedder: str) -> Meaning:
    """Questions that are spread over all of them: each next one is drawn among those the others
    are far from (the seeding of k-means, Arthur and Vassilvitskii 2007), always the same way.
    """
    import numpy as np

    chance = np.random.default_rng(7)
    count = min(_LANDMARKS, len(vectors))
    chosen = [int(chance.integers(len(vectors)))]
    far = 1.0 - vectors @ vectors[chosen[0]]
    while len(chosen) < count:
        spread = np.maximum(far.astype(np.float64), 0.0)
        total = spread.sum()
        if total <= 0.0:
            break
        chosen.append(int(chance.choice(len(vectors), p=spread / total)))
        far = np.minimum(far, 1.0 - vectors @ vectors[chosen[-1]])
    landmarks = np.ascontiguousarray(vectors[chosen], np.float32)
    likeness = np.exp((landmarks @ landmarks.T - 1.0).astype(np.float64) * _WIDTH)
    values, axes = np.linalg.eigh(likeness)
    mixing = axes / np.sqrt(np.maximum(values, _EIGENVALUE))
    return Meaning(
        embedder,
        len(chosen),
        landmarks.tobytes(),
        np.ascontiguousarray(mixing, np.float32).tobytes(),
        _WIDTH,
    )
