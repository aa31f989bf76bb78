"""A router learned from what was asked, who answered, and how good that was.

Two regressions on the same rows: one on how good answers to a question are at all, one for each
model on how it departs from that. Their sum predicts a model's quality, the difference of two
models' the gain, which is small beside what all models share and needs a ridge of its own. Rows
count by the inverse of how probable the choice was that led to them, so that a log in which easy
questions went to cheap models does not teach that cheap models are good.

What the state promises (curves, frontier, head start) is measured on questions that the fit had
not seen.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from teppan.estimate.minimise import Array
from teppan.routing.asked import Asked
from teppan.routing.learned import FARTHEST, Predicted, Router, weighed
from teppan.routing.meaning import landmarks_of, near
from teppan.routing.promises import Guesses, promising
from teppan.routing.sparse import Design, Entries, Solver
from teppan.routing.surface import figures
from teppan.routing.terms import KINDS, pieces

FEWEST = 40
"""Answers below which nothing is learned."""
FEWEST_OF_ONE = 15
"""Answers of a model below which it is left out."""

COMMON, DEPARTURE = 10.0, 30.0
"""The ridges of what models share, and of how each departs from it: where the likelihood of the
gain is highest, on both sets of RouteLLM's pair (25 to 35)."""
_FORM = 1.0
_LEAST_SPREAD = 0.2
"""What a figure that hardly varied is still taken to vary by."""
_AXES, _AXES_WEIGHT = 4, 3.0
"""Directions of form in which pieces may mean something else, and how much of it they may."""
_MOST_WEIGHTS = 2_000_000
_MOST_TERMS = 60_000
_LEAST = {"words": 2, "letters": 3}
_PARTS = 4


def fit(
    asked: Sequence[Asked], *, embedder: str = "", reference: str = "", unseen: bool = True
) -> Router | None:
    """The router of these questions; `None` when there is too little to learn from.

    `embedder` names what the vectors were made with, if all have one, `reference` the model whose
    quality is to be kept (else that of the best single model). Without `unseen` no promises are
    measured: no curves, no frontier.
    """
    models = _models(asked)
    if len(asked) < FEWEST or len(models) < 2:
        return None
    rows = _Rows(asked, embedder, models)
    everything = np.ones(len(asked), bool)
    router = rows.router(*_regressions(rows, everything))
    return promising(router, asked, _guesses(rows), reference) if unseen else router


class _Rows:
    """All questions, cut into pieces once. Vocabulary, scales and landmarks are of all of them:
    they hold no answers, so that nothing is given away by them.
    """

    def __init__(self, asked: Sequence[Asked], embedder: str, models: tuple[str, ...]) -> None:
        self.asked = asked
        self.models = models
        self.parts = np.array([zlib.crc32(each.text.encode()) % _PARTS for each in asked])
        self.table = np.array(
            [[each.qualities.get(model, np.nan) for model in models] for each in asked]
        )
        self.weight = np.array([each.weight for each in asked])
        shapes = np.array([figures(each.text) for each in asked])
        self._means, self._spreads = shapes.mean(0), np.maximum(shapes.std(0), _LEAST_SPREAD)
        scale = _FORM / len(self._means) ** 0.5
        dense = np.clip((shapes - self._means) / self._spreads, -FARTHEST, FARTHEST) * scale
        self._axes = _axes(dense)
        factors = np.column_stack([np.ones(len(asked)), dense @ self._axes.T])
        self._meaning = None
        vectors = [each.vector for each in asked if each.vector is not None]
        if embedder and len(vectors) == len(asked):
            stacked = np.stack(vectors)
            self._meaning = landmarks_of(stacked, embedder)
            dense = np.column_stack([dense, near(self._meaning, stacked)])
        most = _MOST_WEIGHTS // (len(models) * (1 + len(self._axes)))
        self._terms, self._scales, entries = _cut(asked, most)
        columns = sum(len(terms) for terms in self._terms)
        self.solver = Solver(
            Design(entries, columns, factors.astype(np.float32), dense.astype(np.float32))
        )

    def router(self, constants: Array, weights: Array) -> Router:
        """The state of these regressions."""
        return Router(
            self.models,
            self._terms,
            self._scales.tobytes(),
            weights.astype(np.float32).tobytes(),
            tuple(map(float, constants)),
            tuple(map(float, self._means)),
            tuple(map(float, self._spreads)),
            self._axes.tobytes(),
            _FORM,
            self._meaning,
            costs=_costs(self.asked, self.models),
            examples=len(self.asked),
        )


def _axes(shapes: Array) -> NDArray[np.float32]:
    """The directions (axes, figures) in which the form of questions varies most, scaled."""
    _, _, directions = np.linalg.svd(shapes - shapes.mean(0), full_matrices=False)
    axes: NDArray[np.float32] = (directions[:_AXES] * _AXES_WEIGHT**0.5).astype(np.float32)
    return axes


def _cut(
    asked: Sequence[Asked], most: int
) -> tuple[tuple[tuple[str, ...], ...], NDArray[np.float32], Entries]:
    """The pieces that are kept, at most so many, their scales, and the entries of the texts."""
    most = min(_MOST_TERMS, most // len(KINDS))
    terms = list[tuple[str, ...]]()
    scales = list[NDArray[np.float32]]()
    row, column, value = list[int](), list[int](), list[float]()
    for kind in KINDS:
        counted = [pieces(each.text, kind) for each in asked]
        kept, scale = _vocabulary(counted, _LEAST[kind], most)
        before = sum(len(each) for each in terms)
        places, listed = {term: place for place, term in enumerate(kept)}, scale.tolist()
        for number, counts in enumerate(counted):
            found = weighed(counts, places, listed)
            row += [number] * len(found)
            column += [before + place for place in found]
            value += found.values()
        terms.append(kept)
        scales.append(scale)
    entries = np.array(row, np.int64), np.array(column, np.int64), np.array(value, np.float32)
    return tuple(terms), np.concatenate(scales), entries


def _vocabulary(
    counted: Sequence[Mapping[str, int]], least: int, most: int
) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """The pieces of several questions, the commonest first, and their inverse frequencies."""
    frequency: Counter[str] = Counter()
    for counts in counted:
        frequency.update(counts.keys())
    kept = tuple(term for term, count in frequency.most_common(most) if count >= least)
    spread = np.array([frequency[term] for term in kept], float)
    scale = np.log((1.0 + len(counted)) / (1.0 + spread)) + 1.0
    return kept, scale.astype(np.float32)


def _models(asked: Sequence[Asked]) -> tuple[str, ...]:
    counts = Counter(model for each in asked for model in each.qualities)
    return tuple(sorted(model for model, count in counts.items() if count >= FEWEST_OF_ONE))


def _regressions(rows: _Rows, chosen: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Constants (models,) and weights (columns, models), fitted on the chosen questions."""
    table = rows.table
    known = ~np.isnan(table) & chosen[:, None]
    weight = rows.weight * chosen
    seen = known * weight[:, None]
    usual = (np.where(known, table, 0.0) * seen).sum(0) / np.maximum(seen.sum(0), 1e-9)
    above = np.where(known, table - usual, 0.0)
    counts = known.sum(1)
    shared = above.sum(1) / np.maximum(counts, 1)
    solve = rows.solver.solve
    level, common = solve(shared[:, None], weight * (counts > 0), COMMON)
    whole = bool(known[chosen].all())
    predicted = shared if whole else level[0] + rows.solver.matrix.times(common[:, 0])
    apart = np.where(known, above - predicted[:, None], 0.0)
    if whole:  # they sum to zero: the last follows from the others
        constants, own = solve(apart[:, :-1], weight, DEPARTURE)
        constants, own = np.append(constants, -constants.sum()), np.c_[own, -own.sum(1)]
    else:
        fits = [solve(apart[:, [at]], seen[:, at], DEPARTURE) for at in range(table.shape[1])]
        constants = np.concatenate([each for each, _ in fits])
        own = np.column_stack([each for _, each in fits])
    return usual + level[0] + constants, common + own


def _guesses(rows: _Rows) -> Guesses:
    """What each model's quality is expected to be, by regressions on the other parts."""
    found: list[dict[str, Predicted]] = [{} for _ in rows.asked]
    for part in range(_PARTS):
        unseen = rows.parts == part
        if unseen.any() and not unseen.all():
            constants, weights = _regressions(rows, ~unseen)
            raw = np.column_stack([rows.solver.matrix.times(each) for each in weights.T])
            for number in np.flatnonzero(unseen):
                expected = raw[number] + constants
                found[int(number)] = {
                    model: Predicted(float(each), float(each))
                    for model, each in zip(rows.models, expected, strict=True)
                }
    return found


def _costs(asked: Sequence[Asked], models: Sequence[str]) -> dict[str, float]:
    spent: dict[str, list[float]] = defaultdict(list)
    for each in asked:
        for model, cost in each.costs.items():
            spent[model].append(cost)
    return {model: float(np.mean(spent[model])) for model in models if spent[model]}
