"""How far stated probabilities were from what came: Brier score, log loss, calibration, order.

Intervals are 95 % percentile bootstraps over whole groups (conversations): answers of one talk are
not independent of each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from teppan.estimate.confidence import expected_calibration_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RESAMPLES = 400
_SEED = 20_261_128
_LEAST = 1e-3
"""A probability that leaves nothing to chance counts as this far from it: one surprise would make
the log loss infinite."""


class Range(Struct, frozen=True):
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


class Errors(Struct, frozen=True):
    """The errors of one way to tell probabilities, on `answers` of which `base` were good.

    `brier` and `log_loss` are lower the better, `ece` is the mean distance between promise and
    outcome over ten bins, `auc` the chance that a good answer is ranked above a bad one (0.5 for a
    way that knows nothing).
    """

    answers: int
    base: float
    brier: Range
    log_loss: Range
    ece: Range
    auc: Range


def errors(stated: Sequence[float], good: Sequence[float], groups: Sequence[str]) -> Errors:
    """The errors with their intervals. Raises `ValueError` without answers."""
    import numpy as np

    if not stated:
        raise ValueError("there are no answers to compare with")
    p, y = np.array(stated, dtype=float), np.array(good, dtype=float)
    picks = resamples(groups)
    return Errors(
        len(p),
        float(y.mean()),
        *(_ranged(each, p, y, picks) for each in (brier, log_loss, _ece, auc)),
    )


def resamples(groups: Sequence[str], times: int = RESAMPLES) -> list[NDArray[np.intp]]:
    """Places of answers, groups drawn with repetition, once for each time."""
    import numpy as np

    _, number = np.unique(np.array(groups), return_inverse=True)
    order = np.argsort(number, kind="stable")
    begins = np.searchsorted(number[order], np.arange(number.max() + 2))
    chance = np.random.default_rng(_SEED)
    many = int(number.max()) + 1
    found = []
    for _ in range(times):
        drawn = chance.integers(0, many, many)
        found.append(np.concatenate([order[begins[at] : begins[at + 1]] for at in drawn]))
    return found


def brier(stated: Array, good: Array) -> float:
    """The mean squared distance (Brier 1950)."""
    return float(((stated - good) ** 2).mean())


def log_loss(stated: Array, good: Array) -> float:
    import numpy as np

    p = stated.clip(_LEAST, 1.0 - _LEAST)
    return float(-(good * np.log(p) + (1.0 - good) * np.log(1.0 - p)).mean())


def auc(stated: Array, good: Array) -> float:
    """The area under the curve of Mann and Whitney (1947), ties half; 0.5 where all are alike."""
    import numpy as np

    yes = good > 0.5
    many, few = int(yes.sum()), int((~yes).sum())
    if not many or not few:
        return 0.5
    _, place, counts = np.unique(stated, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[place]
    return float((ranks[yes].sum() - many * (many + 1) / 2.0) / (many * few))


def _ece(stated: Array, good: Array) -> float:
    return expected_calibration_error(stated.tolist(), good.tolist())


def _ranged(
    figure: Callable[[Array, Array], float],
    stated: Array,
    good: Array,
    picks: Sequence[NDArray[np.intp]],
) -> Range:
    import numpy as np

    drawn = [figure(stated[pick], good[pick]) for pick in picks]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Range(figure(stated, good), float(low), float(high))


def gain(
    stated: Sequence[float], other: Sequence[float], good: Sequence[float], groups: Sequence[str]
) -> Range:
    """How much log loss the first saves beside the other; above zero it is the better one."""
    import numpy as np

    y = np.array(good, dtype=float)
    p, q = np.array(stated, dtype=float), np.array(other, dtype=float)
    drawn = [log_loss(q[at], y[at]) - log_loss(p[at], y[at]) for at in resamples(groups)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Range(log_loss(q, y) - log_loss(p, y), float(low), float(high))


def shift(stated: Sequence[float], good: Sequence[float], groups: Sequence[str]) -> Range:
    """The mean of what was stated less the mean of what came."""
    import numpy as np

    off = np.array(stated, dtype=float) - np.array(good, dtype=float)
    low, high = np.percentile([off[at].mean() for at in resamples(groups)], [2.5, 97.5])
    return Range(float(off.mean()), float(low), float(high))
