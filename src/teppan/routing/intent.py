"""What a question is about: a small classifier, taught at the start by the examples of a pack.

Multinomial logistic regression under a ridge over the pieces of texts (words and runs of letters,
rare ones weighing more) and their embedding. A text whose pieces were never seen is nowhere near
any example, and whatever the classifier is not sure of is `unknown`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from teppan.routing.terms import KINDS, pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = Callable[[Sequence[str]], NDArray[np.float32]]
    Matrix = NDArray[np.float64]

UNKNOWN = "unknown"

FLOOR = 0.5
"""Probability below which an intent is not named."""
_RIDGE = 0.005
_MEANING = 0.5
"""How much the embedding counts beside the pieces."""
_KNOWN = 0.4
"""Share of a text's pieces, by weight, below which it is about something else."""
_MOST_CLASSES = 500


class Intents:
    """Names the intent of texts. `examples` are (text, intent); `vectors` embeds texts.

    It is taught when it is first asked, or before by `teach`: an idle gateway loads no numpy for
    it. Without examples
    every text is `unknown`.
    """

    def __init__(
        self,
        examples: Sequence[tuple[str, str]],
        vectors: Vectors | None = None,
        *,
        floor: float = FLOOR,
    ) -> None:
        counts = Counter(intent for _, intent in examples)
        self.names = tuple(sorted(name for name, _ in counts.most_common(_MOST_CLASSES)))
        self.floor = floor
        self._examples = [each for each in examples if each[1] in self.names]
        self._vectors = vectors
        self._taught: tuple[_Book, Matrix] | None = None

    def of(self, text: str) -> tuple[str, float]:
        """The intent and its probability; `unknown` with that of the best guess below the floor."""
        if not self.names or not text.strip():
            return UNKNOWN, 0.0
        import numpy as np

        book, weights = self.teach()
        row = self._row(book, text)
        odds = row @ weights
        power = np.exp(odds - odds.max())
        best = int(power.argmax())
        probability = float(power[best] / power.sum())
        strange = float(np.linalg.norm(row[: len(book.places)])) < _KNOWN
        if strange or probability < self.floor:
            return UNKNOWN, probability
        return self.names[best], probability

    def teach(self) -> tuple[_Book, Matrix]:
        """Learns from the examples; done by itself when first asked, which then takes a moment."""
        if self._taught is None:
            import numpy as np

            book = _learn([text for text, _ in self._examples])
            rows = np.stack([self._row(book, text) for text, _ in self._examples])
            place = {name: number for number, name in enumerate(self.names)}
            labels = [place[intent] for _, intent in self._examples]
            self._taught = book, taught(rows, labels, len(self.names))
        return self._taught

    def _row(self, book: _Book, text: str) -> Matrix:
        """The figures of a text: its pieces, its embedding, and a one for the constants."""
        import numpy as np

        parts = [book.row(text)]
        if self._vectors is not None:
            parts.append(_MEANING * self._vectors([text])[0].astype(np.float64))
        return np.append(np.concatenate(parts), 1.0)


class _Book(Struct, frozen=True):
    """The pieces of the examples, and how rare each is; `rarest` is what an unseen one would be."""

    places: Mapping[str, tuple[int, float]]
    rarest: float

    def row(self, text: str) -> Matrix:
        import numpy as np

        row = np.zeros(len(self.places))
        for kind in KINDS:
            total, found = 0.0, list[tuple[int, float]]()
            for piece, count in pieces(text, kind).items():
                place, rarity = self.places.get(piece, (-1, self.rarest))
                value = (1.0 + math.log(count)) * rarity
                total += value * value
                if place >= 0:
                    found.append((place, value))
            for place, value in found:
                row[place] += value / math.sqrt(2.0 * total)
        return row


def _learn(texts: Sequence[str]) -> _Book:
    frequency: Counter[str] = Counter()
    for text in texts:
        frequency.update(set().union(*(pieces(text, kind) for kind in KINDS)))
    rarity = {
        piece: math.log((1.0 + len(texts)) / (1.0 + count)) + 1.0
        for piece, count in sorted(frequency.items())
    }
    places = {piece: (place, rare) for place, (piece, rare) in enumerate(rarity.items())}
    return _Book(places, math.log(1.0 + len(texts)) + 1.0)


def taught(rows: Matrix, labels: Sequence[int], classes: int) -> Matrix:
    """The weights, shape (columns, classes), of the highest penalised likelihood.

    The last column of `rows` is one; its weights, the constants, are hardly penalised. Classes
    weigh the same however many examples each has.
    """
    import numpy as np

    from teppan.estimate.minimise import minimise

    wanted = np.zeros((len(rows), classes))
    wanted[np.arange(len(rows)), list(labels)] = 1.0
    weight = (wanted / np.maximum(wanted.sum(0), 1.0)).sum(1) * len(rows) / classes
    penalty = np.full((rows.shape[1], 1), _RIDGE)
    penalty[-1] = _RIDGE / 10

    def objective(flat: Matrix) -> tuple[float, Matrix]:
        weights = flat.reshape(rows.shape[1], classes)
        odds = rows @ weights
        odds -= odds.max(1, keepdims=True)
        power = np.exp(odds)
        chance = power / power.sum(1, keepdims=True)
        loss = -float((weight * np.log(np.maximum((chance * wanted).sum(1), 1e-12))).sum())
        pull = rows.T @ (weight[:, None] * (chance - wanted))
        ridge = penalty * weights
        return loss + 0.5 * float((ridge * weights).sum()), (pull + ridge).ravel()

    found = minimise(objective, np.zeros(rows.shape[1] * classes), steps=120, tolerance=1e-4)
    return found.reshape(rows.shape[1], classes)
