"""What a question is about: a small classifier, taught at the start by the examples of a pack.

Multinomial logistic regression under a ridge over embedded texts, as a student with ten labels a
class would be (`bench/router.py` measures it). Whatever it is not sure of is `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = Callable[[Sequence[str]], NDArray[np.float32]]

UNKNOWN = "unknown"

FLOOR = 0.45
"""Probability below which an intent is not named."""
_RIDGE = 0.02
_KNOWN = 0.25
"""Cosine to the nearest example below which a text is about something else."""


class Intents:
    """Names the intent of texts. `examples` are (text, intent); `vectors` embeds texts.

    It is taught when it is first asked: an idle gateway loads no numpy for it. Without examples
    every text is `unknown`.
    """

    def __init__(
        self,
        examples: Sequence[tuple[str, str]],
        vectors: Vectors,
        *,
        floor: float = FLOOR,
    ) -> None:
        self.names = tuple(sorted({intent for _, intent in examples}))
        self.floor = floor
        self._examples = tuple(examples)
        self._vectors = vectors
        self._taught: tuple[NDArray[np.float32], NDArray[np.float64]] | None = None

    def of(self, text: str) -> tuple[str, float]:
        """The intent and its probability; `unknown` with that of the best guess below the floor."""
        if not self.names or not text.strip():
            return UNKNOWN, 0.0
        import numpy as np

        examples, weights = self._weights()
        row = self._vectors([text])[0]
        odds = np.append(row.astype(np.float64), 1.0) @ weights
        power = np.exp(odds - odds.max())
        best = int(power.argmax())
        probability = float(power[best] / power.sum())
        if probability < self.floor or float((examples @ row).max()) < _KNOWN:
            return UNKNOWN, probability
        return self.names[best], probability

    def _weights(self) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        if self._taught is None:
            rows = self._vectors([text for text, _ in self._examples])
            place = {name: number for number, name in enumerate(self.names)}
            labels = [place[intent] for _, intent in self._examples]
            self._taught = rows, taught(rows, labels, len(self.names))
        return self._taught


def taught(rows: NDArray[np.float32], labels: Sequence[int], classes: int) -> NDArray[np.float64]:
    """The weights, shape (dimensions + 1, classes), of the highest penalised likelihood.

    The last row are the constants. Classes weigh the same however many examples each has.
    """
    import numpy as np

    from teppan.estimate.minimise import minimise

    inputs = np.column_stack([rows.astype(np.float64), np.ones(len(rows))])
    wanted = np.zeros((len(rows), classes))
    wanted[np.arange(len(rows)), list(labels)] = 1.0
    share = wanted / np.maximum(wanted.sum(0), 1.0)
    weight = share.sum(1) * len(rows) / classes
    penalty = np.full(inputs.shape[1], _RIDGE)[:, None]
    penalty[-1] = _RIDGE / 10

    def objective(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(inputs.shape[1], classes)
        odds = inputs @ weights
        odds -= odds.max(1, keepdims=True)
        power = np.exp(odds)
        chance = power / power.sum(1, keepdims=True)
        loss = -float((weight * np.log(np.maximum((chance * wanted).sum(1), 1e-12))).sum())
        pull = inputs.T @ (weight[:, None] * (chance - wanted))
        ridge = penalty * weights
        return loss + 0.5 * float((ridge * weights).sum()), (pull + ridge).ravel()

    found = minimise(objective, np.zeros(inputs.shape[1] * classes), steps=120, tolerance=1e-4)
    return found.reshape(inputs.shape[1], classes)
