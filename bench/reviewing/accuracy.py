"""How good the answers of the next month are after so many labels.

What was reviewed is taken up in the simplest way there is: a question of the next month that is
near to a reviewed one gets the reviewed answer (the one approved, or the right text a reviewer
wrote), any other the answer that the models gave. Accuracy is the share of all requests of the
next month, as often as each is asked, whose answer states the facts of the question and nothing
forbidden. A reviewed answer that is given to another question, as there are near misses, is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reviewing.orders import Order, limit, questions_of
from reviewing.traffic import Answered

TAKEN_UP = 0.8
"""Similarity from which a reviewed answer is given: chosen on seeds that are not reported."""


class Next:
    """The next month, and what each label of the reviewed one would do to it."""

    def __init__(self, reviewed: Sequence[Answered], after: Sequence[Answered]) -> None:
        self.labels = [label_of(each) for each in reviewed]
        self._near = questions_of(after).near(questions_of(reviewed))
        self._own = np.array([each.right for each in after])
        self._right = rights(after, reviewed, self.labels)

    def limit(self) -> Order:
        """The order of one who knows the next month."""
        return limit((self._near >= TAKEN_UP).T & self._right.T, ~self._own)

    def curve(self, order: Order, taken_up: float = TAKEN_UP) -> NDArray[np.float64]:
        """Accuracy after 0, 1, 2, ... labels in this order: shape (labels + 1,)."""
        best = np.full(len(self._own), taken_up, np.float32)
        now = self._own.copy()
        found = [now.mean()]
        for at in order:
            nearer = self._near[:, at] >= best
            best[nearer] = self._near[nearer, at]
            now[nearer] = self._right[nearer, at]
            found.append(now.mean())
        return np.array(found)


def label_of(answered: Answered) -> str:
    """What the reviewer leaves: the answer itself when it is right, else the right text."""
    return answered.text if answered.right else answered.step.question.right[0]


def rights(
    asked: Sequence[Answered], reviewed: Sequence[Answered], labels: Sequence[str]
) -> NDArray[np.bool_]:
    """Whether a label answers a question; shape (asked, reviewed)."""
    known: dict[tuple[str, str], bool] = {}
    found = np.zeros((len(asked), len(reviewed)), bool)
    for row, one in enumerate(asked):
        question = one.step.question
        for column, label in enumerate(labels):
            key = question.id, label
            if key not in known:
                known[key] = question.is_right(label)
            found[row, column] = known[key]
    return found


def needed(curve: NDArray[np.float64], target: float) -> int:
    """Labels after which accuracy is there for the first time; all and one more when never."""
    there = np.flatnonzero(curve >= target - 1e-12)
    return int(there[0]) if len(there) else len(curve)
