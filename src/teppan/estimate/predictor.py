"""How probable is it that an answer is good, told before it is sent: predicting and fitting.

    features ── standardised, what is missing marked ── log odds ── curve ──> probability

Logistic regression under a ridge, on the figures and marks of `seen.py`; the curve on top is
isotonic (`confidence.py`) and is fitted on answers that the regression had not seen, whole
conversations at a time. What is known of an answer beside its model (a kind of question, a few
words of it) is drawn towards the model's own average, so that little evidence moves little.

A state is made of numbers alone. Predicting needs no numpy.
"""

from __future__ import annotations

import math
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from teppan.core.ids import content_hash
from teppan.estimate import confidence
from teppan.estimate.confidence import Calibration
from teppan.estimate.seen import Figures, Seen, features

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from teppan.estimate.minimise import Array

    Used = NDArray[np.bool_]

STATE = "predictor"
"""Its name among the fitted states of a release or a tenant, and as the basis of a confidence."""
FEWEST = 200
"""Examples that a fit needs."""
FEWEST_OF_EACH = 20
"""Good ones and bad ones that it needs of each."""
RARE = 5
"""Conversations in which a mark must have been seen to count."""
RIDGE_FIGURE = 3.0
RIDGE_MARK = 1.0
RIDGE_PAIR = 3.0
"""How strongly a weight is drawn to zero; chosen by the likelihood of held-out conversations of
other data than is reported."""
RIDGES = ((1.0, 4.0), (1.0, 100.0), (4.0, 4.0), (4.0, 100.0))
"""What each fit chooses from: how many times as strongly marks are drawn, and how strongly words of
the question. Where customers ask the same things again words tell much, where no question comes
twice they only mislead; where people are often wrong about an answer, less is believed."""
_FREE = 1e-3
_PARTS = 4
_STEPS, _STEP = 20, 25
"""Steps that the curve may have, and examples that each needs."""
_NOTHING = 1e-3
_FAR = 4.0
"""Spreads from the mean beyond which a figure says nothing more."""
_LIMIT = 30.0
WORD, PAIR = "word=", " & "
_UNUSUAL = "unusual length"


class Figure(Struct, frozen=True):
    """What a figure adds to the log odds: `weight` for each spread above the mean, or `away`."""

    mean: float
    spread: float
    weight: float
    away: float = 0.0


class Predictor(Struct, frozen=True, kw_only=True):
    """A fitted state. `marks` holds the weight of each mark, `lengths` the mean and the spread of
    the log length of each model's answers.

    `base` is the share of good answers among the `examples`; `since` and `until` are when the
    first and the last of them began, in seconds since 1970. `decides` says that cascades may go by
    it: on answers it had not seen it was better than what was there before.
    """

    constant: float
    figures: Mapping[str, Figure]
    marks: Mapping[str, float]
    lengths: Mapping[str, tuple[float, float]]
    curve: Calibration
    base: float
    examples: int
    since: float = 0.0
    until: float = 0.0
    decides: bool = False

    @property
    def id(self) -> str:
        """The name of this very fit."""
        return f"fit_{content_hash(msgspec.json.encode(self))[:12]}"

    def of(self, seen: Seen) -> float:
        """The probability in [0, 1] that the answer is good."""
        return self.curve.of(self.raw(*features(seen), seen.model))

    def raw(self, figures: Figures, marks: Sequence[str], model: str) -> float:
        """The same before it was calibrated."""
        unusual = _unusual(figures, model, self.lengths)
        odds = self.constant
        for name, figure in self.figures.items():
            value = unusual if name == _UNUSUAL else figures.get(name)
            if value is None:
                odds += figure.away
            else:
                odds += figure.weight * _spreads(value, figure.mean, figure.spread)
        for mark in marks:
            odds += self.marks.get(mark, 0.0)
        return 1.0 / (1.0 + math.exp(-max(-_LIMIT, min(_LIMIT, odds))))


class _Live(Struct):
    """What serving reads of a kept fit: the errors beside it are not for serving."""

    predictor: Predictor


def read(body: bytes) -> Predictor:
    """The state of a kept fit. Raises `msgspec.DecodeError` for one of another version."""
    return msgspec.json.decode(body, type=_Live).predictor


class Labelled(Struct, frozen=True, kw_only=True):
    """An answer of which is known how it turned out. `good` is 1 or 0, or how sure that is; answers
    of one `group` (a conversation) are never on both sides of a cut."""

    figures: Figures
    marks: tuple[str, ...]
    model: str
    good: float
    group: str
    at: float = 0.0
    before: float | None = None
    """The confidence that was stated at the time, to be compared with."""


def labelled(seen: Seen, good: float, group: str, at: float = 0.0) -> Labelled:
    figures, marks = features(seen)
    return Labelled(
        figures=figures,
        marks=tuple(marks),
        model=seen.model,
        good=good,
        group=group,
        at=at,
        before=seen.confidence.value if seen.confidence else None,
    )


def missing(examples: Sequence[Labelled]) -> str:
    """Why there is too little to fit on, in words; empty where there is enough."""
    good = sum(each.good > 0.5 for each in examples)
    bad = len(examples) - good
    wanted = []
    if len(examples) < FEWEST:
        wanted.append(f"{FEWEST} scored answers are needed, {len(examples)} are there")
    for name, there in (("good", good), ("bad", bad)):
        if there < FEWEST_OF_EACH:
            wanted.append(f"{FEWEST_OF_EACH} {name} ones are needed, {there} are there")
    return "; ".join(wanted)


def fit(examples: Sequence[Labelled]) -> Predictor | None:
    """The predictor of the highest likelihood, calibrated; `None` where `missing` says why."""
    if missing(examples):
        return None
    import numpy as np

    columns = _columns(examples)
    design = _Design(examples, columns)
    parts = np.array([zlib.crc32(each.group.encode()) % _PARTS for each in examples])
    tries = []
    for ridge in RIDGES:
        blind = np.zeros(len(examples))
        for part in range(_PARTS):
            weights = design.weights(parts != part, ridge)
            blind = np.where(parts == part, design.odds(weights), blind)
        tries.append((design.lost(blind), ridge, blind))
    _, ridge, odds = min(tries, key=lambda each: each[:2])
    raw = 1.0 / (1.0 + np.exp(-odds))
    weights = design.weights(parts >= 0, ridge)
    return Predictor(
        constant=float(weights[0]),
        figures={
            name: Figure(
                *columns.scales[name],
                float(weights[place]),
                float(weights[columns.away[name]]) if name in columns.away else 0.0,
            )
            for name, place in columns.figures.items()
        },
        marks={
            mark: round(float(weights[place]), 5)
            for mark, place in columns.marks.items()
            if abs(weights[place]) > _NOTHING
        },
        lengths=columns.lengths,
        curve=_curve(raw, design.good),
        base=math.fsum(each.good for each in examples) / len(examples),
        examples=len(examples),
        since=min(each.at for each in examples),
        until=max(each.at for each in examples),
    )


def _curve(raw: Array, good: Array) -> Calibration:
    """The isotonic curve over groups of examples of about the same size: a handful of examples at
    either end would bend the straight line between them and the many."""
    import numpy as np

    order = np.argsort(raw, kind="stable")
    some = np.array_split(order, max(1, min(_STEPS, len(raw) // _STEP)))
    level = np.empty(len(raw))
    for group in some:
        level[group] = raw[group].mean()
    return confidence.fit(level.tolist(), good.tolist())


class _Columns(Struct, frozen=True):
    """Where each figure, its being away, and each mark stand; how a figure is told in spreads."""

    scales: Mapping[str, tuple[float, float]]
    figures: Mapping[str, int]
    away: Mapping[str, int]
    marks: Mapping[str, int]
    lengths: Mapping[str, tuple[float, float]]

    @property
    def width(self) -> int:
        return 1 + len(self.figures) + len(self.away) + len(self.marks)


class _Design:
    """The examples as a sparse matrix, its entries as three arrays of the same length."""

    def __init__(self, examples: Sequence[Labelled], columns: _Columns) -> None:
        import numpy as np

        cells = [
            (row, *cell) for row, each in enumerate(examples) for cell in _cells(each, columns)
        ]
        self.row = np.array([row for row, _, _ in cells])
        self.column = np.array([place for _, place, _ in cells])
        self.value = np.array([value for _, _, value in cells])
        self.good = np.array([each.good for each in examples])
        self.width = columns.width
        self._marks = np.array([*columns.marks.values()], dtype=int)
        self._words = np.array(
            [place for mark, place in columns.marks.items() if mark.startswith(WORD)], dtype=int
        )
        self._ridge = _ridge(columns)

    def weights(self, used: Used, ridge: tuple[float, float]) -> Array:
        """The weights of the highest penalised likelihood of the rows that are used; `ridge` is one
        of `RIDGES`."""
        import numpy as np

        from teppan.estimate.minimise import minimise

        penalty = self._ridge.copy()
        penalty[self._marks] *= ridge[0]
        penalty[self._words] = ridge[1]
        here = used[self.row]
        row, column, value = self.row[here], self.column[here], self.value[here]
        good, many = self.good * used, len(self.good)

        def objective(weights: Array) -> tuple[float, Array]:
            odds = np.bincount(row, value * weights[column], many).clip(-_LIMIT, _LIMIT)
            lost = (np.logaddexp(0.0, odds) * used - good * odds).sum()
            wrong = used / (1.0 + np.exp(-odds)) - good
            slope = np.bincount(column, value * wrong[row], self.width) + penalty * weights
            return float(lost + 0.5 * (penalty * weights**2).sum()), slope

        rate = min(0.99, max(0.01, float(good.sum() / max(1, used.sum()))))
        start = np.zeros(self.width)
        start[0] = math.log(rate / (1.0 - rate))
        return minimise(objective, start, steps=300)

    def odds(self, weights: Array) -> Array:
        """The log odds of every row."""
        import numpy as np

        found = np.bincount(self.row, self.value * weights[self.column], len(self.good))
        return found.clip(-_LIMIT, _LIMIT)

    def lost(self, odds: Array) -> float:
        """The mean of minus the log likelihood."""
        import numpy as np

        return float((np.logaddexp(0.0, odds) - self.good * odds).mean())


def _columns(examples: Sequence[Labelled]) -> _Columns:
    lengths = _lengths(examples)
    values: dict[str, list[float]] = defaultdict(list)
    seen: dict[str, set[str]] = defaultdict(set)
    for each in examples:
        for name, figure in _with_unusual(each, lengths).items():
            values[name].append(figure)
        for mark in each.marks:
            seen[mark].add(each.group)
    scales = {}
    for name, some in sorted(values.items()):
        mean, spread = _mean_and_spread(some)
        if len(some) >= RARE and spread > 1e-9:
            scales[name] = (mean, spread)
    away = [name for name in scales if len(values[name]) <= len(examples) - RARE]
    common = sorted(mark for mark, groups in seen.items() if len(groups) >= RARE)
    after = 1 + len(scales)
    return _Columns(
        scales,
        {name: 1 + place for place, name in enumerate(scales)},
        {name: after + place for place, name in enumerate(away)},
        {mark: after + len(away) + place for place, mark in enumerate(common)},
        lengths,
    )


def _cells(each: Labelled, columns: _Columns) -> list[tuple[int, float]]:
    """One row: column and value of all that is not zero."""
    figures = _with_unusual(each, columns.lengths)
    cells = [(0, 1.0)]
    for name, place in columns.figures.items():
        value = figures.get(name)
        if value is not None:
            cells.append((place, _spreads(value, *columns.scales[name])))
        elif name in columns.away:
            cells.append((columns.away[name], 1.0))
    return cells + [(columns.marks[mark], 1.0) for mark in each.marks if mark in columns.marks]


def _ridge(columns: _Columns) -> Array:
    import numpy as np

    ridge = np.full(columns.width, RIDGE_FIGURE)
    ridge[0] = _FREE
    for mark, place in columns.marks.items():
        ridge[place] = RIDGE_PAIR if PAIR in mark else RIDGE_MARK
    return ridge


def _lengths(examples: Sequence[Labelled]) -> dict[str, tuple[float, float]]:
    """The usual length of the answers of each model that gave enough of them."""
    known: dict[str, list[float]] = defaultdict(list)
    for each in examples:
        known[each.model].append(each.figures["length"])
    return {
        model: _mean_and_spread(some) for model, some in sorted(known.items()) if len(some) >= RARE
    }


def _with_unusual(each: Labelled, lengths: Mapping[str, tuple[float, float]]) -> Figures:
    unusual = _unusual(each.figures, each.model, lengths)
    return each.figures if unusual is None else {**each.figures, _UNUSUAL: unusual}


def _unusual(
    figures: Figures, model: str, lengths: Mapping[str, tuple[float, float]]
) -> float | None:
    """How far the length is from what is usual for the model, either way."""
    usual = lengths.get(model)
    if usual is None:
        return None
    return abs(_spreads(figures["length"], *usual))


def _spreads(value: float, mean: float, spread: float) -> float:
    return max(-_FAR, min(_FAR, (value - mean) / max(spread, 1e-6)))


def _mean_and_spread(values: Sequence[float]) -> tuple[float, float]:
    mean = math.fsum(values) / len(values)
    return mean, math.sqrt(math.fsum((each - mean) ** 2 for each in values) / len(values))
