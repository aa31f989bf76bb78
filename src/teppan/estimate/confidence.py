"""How probable is it that the answer is right: raw figures made into probabilities.

A share of the vote, a margin or a judge's score orders answers; it is not yet a probability. What
turns it into one is isotonic regression (pool adjacent violators, Ayer et al. 1955; for
calibration Zadrozny and Elkan 2002), shrunk towards the raw figure where examples are few.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

_PRIOR_EXAMPLES = 4.0
"""How many examples the raw figure itself counts as, in each step of the curve."""


class Calibration(Struct, frozen=True):
    """A rising curve from raw figures to probabilities, straight between its points.

    `raw` and `probability` have the same length; `examples` is how many answers it was fitted on.
    """

    raw: tuple[float, ...]
    probability: tuple[float, ...]
    examples: int = 0

    def of(self, raw: float) -> float:
        """The probability in [0, 1] for a raw figure; flat beyond the ends of the curve."""
        if not self.raw:
            return min(1.0, max(0.0, raw))
        right = bisect_right(self.raw, raw)
        if right == 0:
            return self.probability[0]
        if right == len(self.raw):
            return self.probability[-1]
        low, high = self.raw[right - 1], self.raw[right]
        part = (raw - low) / (high - low)
        return self.probability[right - 1] * (1.0 - part) + self.probability[right] * part


class Calibrations(Struct, frozen=True):
    """Curves by what the raw figure rests on and the kind of question: `vote share/option`.

    The curve of the basis alone (`vote share`) serves kinds that were never seen. `source` and
    `as_of` say where the curves come from, when they are the shipped ones.
    """

    curves: Mapping[str, Calibration] = {}
    source: str = ""
    as_of: str = ""

    def curve(self, basis: str, kind: str = "") -> Calibration | None:
        return self.curves.get(f"{basis}/{kind}") or self.curves.get(basis)


@cache
def shipped() -> Calibrations:
    """Curves from public recorded answers, for a release that has fitted none of its own.

    Made by `bench/prior.py`. They know what a vote is worth in general, not on your tasks.
    """
    return msgspec.json.decode((files(__package__) / "prior.json").read_bytes(), type=Calibrations)


def fit(raw: Sequence[float], right: Sequence[float]) -> Calibration:
    """The rising curve closest to what happened.

    `raw` are figures in [0, 1], `right` whether (or how far) each answer was right, in [0, 1].
    """
    if len(raw) != len(right):
        raise ValueError("each raw figure needs its outcome")
    ties: dict[
        float, _Block
    ] = {}  # shares of a vote repeat; a sum of equals is not quite their mean
    for figure, outcome in zip(raw, right, strict=True):
        before = ties.get(round(figure, 6), _NOTHING)
        ties[round(figure, 6)] = before.joined(_Block(1.0, figure, outcome))
    blocks: list[_Block] = []
    for _, block in sorted(ties.items()):
        while blocks and (blocks[-1].rate >= block.rate or blocks[-1].centre >= block.centre):
            block = blocks.pop().joined(block)
        blocks.append(block)
    return Calibration(
        raw=tuple(round(block.centre, 6) for block in blocks),
        probability=_rising(tuple(block.shrunk for block in blocks)),
        examples=len(raw),
    )


class _Block(Struct, frozen=True):
    """Neighbouring examples that share one rate."""

    count: float
    raw: float
    right: float

    @property
    def rate(self) -> float:
        return self.right / self.count

    @property
    def centre(self) -> float:
        return self.raw / self.count

    @property
    def shrunk(self) -> float:
        pull = min(1.0, max(0.0, self.centre))
        return (self.right + _PRIOR_EXAMPLES * pull) / (self.count + _PRIOR_EXAMPLES)

    def joined(self, other: _Block) -> _Block:
        return _Block(self.count + other.count, self.raw + other.raw, self.right + other.right)


_NOTHING = _Block(0.0, 0.0, 0.0)


def _rising(values: Sequence[float]) -> tuple[float, ...]:
    """Each value, or the highest before it when that is higher."""
    top, risen = 0.0, []
    for value in values:
        top = max(top, value)
        risen.append(round(top, 6))
    return tuple(risen)


def expected_calibration_error(
    probability: Sequence[float], right: Sequence[float], bins: int = 10
) -> float:
    """The mean distance between what was promised and what came, over bins of equal width.

    Naeini et al. 2015. 0 is perfect; 0 for no examples.
    """
    if not probability:
        return 0.0
    sums: dict[int, tuple[float, float]] = {}
    for promised, came in zip(probability, right, strict=True):
        place = min(bins - 1, int(promised * bins))
        before = sums.get(place, (0.0, 0.0))
        sums[place] = (before[0] + promised, before[1] + came)
    return sum(abs(promised - came) for promised, came in sums.values()) / len(probability)


def threshold_for(
    probability: Sequence[float], right: Sequence[float], quality: float
) -> float | None:
    """The lowest probability from which on answers are right at least `quality` of the time.

    `None` when no threshold reaches that on these examples.
    """
    ranked = sorted(zip(probability, right, strict=True), reverse=True)
    total, best = 0.0, None
    for count, (promised, came) in enumerate(ranked, start=1):
        total += came
        tied = count < len(ranked) and ranked[count][0] == promised
        if not tied and total / count >= quality:
            best = promised
    return best
