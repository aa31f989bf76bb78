"""A router learned from what was asked, who answered and how good that was.

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
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from teppan.estimate import confidence
from teppan.estimate.minimise import Array
from teppan.routing.learned import (
    Meaning,
    Point,
    Predicted,
    Router,
    near,
    weighed,
    worth,
)
from teppan.routing.sparse import Design, ridge
from teppan.routing.surface import figures
from teppan.routing.terms import KINDS, pieces

FEWEST = 40
"""Answers below which nothing is learned."""
FEWEST_OF_ONE = 15
"""Answers of a model below which it is left out."""

_COMMON = 10.0
_DEPARTURES = (10.0, 30.0, 100.0)
_FORM = 1.0
_MOST_WEIGHTS = 1_500_000
_MOST_TERMS = 60_000
_LEAST = {"words": 2, "letters": 3}
_LANDMARKS, _WIDTH, _EIGENVALUE = 400, 2.0, 1e-4
_PARTS = 4
_PRICES = (0.0, *(10.0 ** (step / 6.0 - 4.0) for step in range(43)))
_HEAD_STARTS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 2.0)
_MOST_INVERSE = 10.0
_CAUTION = 0.03
"""The head start where nothing could be measured."""


class Asked(Struct, frozen=True):
    """A question and how good each model's answer to it was, in [0, 1].

    `costs` are micro-dollars, by model, where known; `probability` is that of the choice which
    led to these answers, 1 where all were asked. `vector` is the question's embedding.
    """

    text: str
    qualities: Mapping[str, float]
    costs: Mapping[str, float] = {}
    probability: float = 1.0
    vector: NDArray[np.float32] | None = None

    @property
    def weight(self) -> float:
        return min(_MOST_INVERSE, 1.0 / max(1e-6, self.probability))


def fit(asked: Sequence[Asked], *, embedder: str = "", unseen: bool = True) -> Router | None:
    """The router of these questions; `None` when there is too little to learn from.

    `embedder` names what the vectors were made with, if all have one. Without `unseen` no
    promises are measured: no curves, no frontier.
    """
    models = _models(asked)
    if len(asked) < FEWEST or len(models) < 2:
        return None
    rows = _Rows(asked, embedder, len(models))
    rows.penalty = _penalty(rows, models)
    router = _fit(rows, models, np.ones(len(asked), bool))
    return _promising(router, rows, models) if unseen else router


class _Rows:
    """All questions, cut into pieces once. Vocabulary and scales are of all of them: they hold
    no answers, so that nothing is given away by them.
    """

    def __init__(self, asked: Sequence[Asked], embedder: str, models: int) -> None:
        self.asked = asked
        self.penalty = _DEPARTURES[0]
        self.parts = np.array([zlib.crc32(each.text.encode()) % _PARTS for each in asked])
        self.shapes = np.array([figures(each.text) for each in asked])
        most = min(_MOST_TERMS, _MOST_WEIGHTS // models // len(KINDS))
        terms = list[tuple[str, ...]]()
        scales = list[NDArray[np.float32]]()
        row, column, value = list[int](), list[int](), list[float]()
        for kind in KINDS:
            counted = [pieces(each.text, kind) for each in asked]
            kept, scale = _vocabulary(counted, _LEAST[kind], most)
            before = sum(len(kept) for kept in terms)
            places = {term: place for place, term in enumerate(kept)}
            for number, counts in enumerate(counted):
                found = weighed(counts, places, scale)
                row += [number] * len(found)
                column += [before + place for place in found]
                value += found.values()
            terms.append(kept)
            scales.append(scale)
        self.terms, self.scales = tuple(terms), np.concatenate(scales)
        self.sparse = (
            np.array(row, np.int64),
            np.array(column, np.int64),
            np.array(value, np.float32),
        )
        vectors = [each.vector for each in asked if each.vector is not None]
        self.vectors = np.stack(vectors) if embedder and len(vectors) == len(asked) else None
        self.embedder = embedder


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


def _fit(rows: _Rows, models: Sequence[str], chosen: NDArray[np.bool_]) -> Router:
    """The regressions on the chosen questions."""
    means = rows.shapes[chosen].mean(0)
    spreads = np.maximum(rows.shapes[chosen].std(0), 1e-6)
    base = Router(
        tuple(models),
        rows.terms,
        rows.scales.tobytes(),
        b"",
        (),
        tuple(map(float, means)),
        tuple(map(float, spreads)),
        _FORM,
    )
    dense = np.clip((rows.shapes - means) / spreads, -4.0, 4.0) * (_FORM / len(means) ** 0.5)
    if rows.vectors is not None:
        meaning = _landmarks(rows.vectors[chosen], rows.embedder)
        base = replace(base, meaning=meaning)
        dense = np.column_stack([dense, near(meaning, rows.vectors)])
    columns = sum(len(terms) for terms in rows.terms)
    matrix = Design(*rows.sparse, columns, dense.astype(np.float32))
    some = [each for each, kept in zip(rows.asked, chosen, strict=True) if kept]
    constants, weights = _regressions(matrix.rows(chosen), some, models, rows.penalty)
    return replace(
        base,
        weights=weights.astype(np.float32).tobytes(),
        constants=tuple(map(float, constants)),
        costs=_costs(some, models),
        examples=len(some),
    )


def _regressions(
    matrix: Design, asked: Sequence[Asked], models: Sequence[str], penalty: float
) -> tuple[Array, NDArray[np.float64]]:
    """Constants (models,) and weights (columns, models)."""
    table = np.array([[each.qualities.get(model, np.nan) for model in models] for each in asked])
    known = ~np.isnan(table)
    weight = np.array([each.weight for each in asked])
    usual = np.nansum(table * weight[:, None], 0) / (known * weight[:, None]).sum(0)
    counts = known.sum(1)
    above = np.where(known, table - usual, 0.0)
    shared = above.sum(1) / np.maximum(counts, 1)
    level, common = ridge(matrix, shared, weight * np.minimum(counts, 1), _COMMON)
    departures, constants = [], []
    predicted = shared if known.all() else level + matrix.times(common)
    for place in range(len(models)):
        seen = known[:, place]
        apart = np.where(seen, above[:, place] - predicted, 0.0)
        constant, own = ridge(matrix, apart, weight * seen, penalty)
        departures.append(common + own)
        constants.append(usual[place] + level + constant)
    return np.array(constants), np.column_stack(departures)


def _penalty(rows: _Rows, models: Sequence[str]) -> float:
    """The ridge of departures whose predictions of the gain over the other models come closest,
    on two of the parts.
    """
    errors = dict.fromkeys(_DEPARTURES, 0.0)
    for part in range(2):
        unseen = rows.parts == part
        if not unseen.any() or unseen.all():
            continue
        for penalty in _DEPARTURES:
            rows.penalty = penalty
            fitted = _fit(rows, models, ~unseen)
            for number in np.flatnonzero(unseen):
                each = rows.asked[int(number)]
                errors[penalty] += _gain_error(each, fitted.predict(each.text, each.vector))
    return min(_DEPARTURES, key=lambda penalty: (errors[penalty], -penalty))


def _gain_error(each: Asked, guess: Mapping[str, Predicted]) -> float:
    """How far the predicted departures are from those seen, squared; of one answer, its error."""
    apart = np.array([each.qualities[model] - guess[model].raw for model in each.qualities
                      if model in guess])  # fmt: skip
    if len(apart) > 1:
        apart -= apart.mean()
    return each.weight * float(apart @ apart)


def _landmarks(vectors: NDArray[np.float32], embedder: str) -> Meaning:
    """Questions that are spread over all of them: each next one is drawn among those the others
    are far from (the seeding of k-means, Arthur and Vassilvitskii 2007), always the same way.
    """
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


def _costs(asked: Sequence[Asked], models: Sequence[str]) -> dict[str, float]:
    spent: dict[str, list[float]] = defaultdict(list)
    for each in asked:
        for model, cost in each.costs.items():
            spent[model].append(cost)
    return {model: float(np.mean(spent[model])) for model in models if spent[model]}


# --- what may be promised ------------------------------------------------------------------------


def _promising(router: Router, rows: _Rows, models: Sequence[str]) -> Router:
    """The router with curves, head start and frontier, from questions its parts had not seen."""
    blind: list[dict[str, Predicted]] = [{} for _ in rows.asked]
    for part in range(_PARTS):
        unseen = rows.parts == part
        if unseen.any() and not unseen.all():
            fitted = _fit(rows, models, ~unseen)
            for number in np.flatnonzero(unseen):
                each = rows.asked[int(number)]
                blind[int(number)] = fitted.predict(each.text, each.vector)
    curves = {model: _curve(model, rows.asked, blind) for model in models}
    favourite = _favourite(rows.asked, models)
    router = replace(router, curves=curves, favourite=favourite)
    pairs = [(each, guess) for each, guess in zip(rows.asked, blind, strict=True) if guess]
    several = [(each, guess) for each, guess in pairs if len(each.qualities) > 1]
    if len(several) >= FEWEST:
        router = replace(router, head_start=_head_start(router, several))
        return replace(router, frontier=frontier(router, several))
    router = replace(router, head_start=_CAUTION, estimated=True)
    imagined = [(_imagined(each, guess, curves), guess) for each, guess in pairs]
    return replace(router, frontier=frontier(router, imagined))


def _imagined(
    each: Asked, guess: Mapping[str, Predicted], curves: Mapping[str, confidence.Calibration]
) -> Asked:
    """The question as if every model had answered it as well as it is expected to."""
    return replace(each, qualities={name: curves[name].of(guess[name].raw) for name in guess})


def _curve(
    model: str, asked: Sequence[Asked], blind: Sequence[Mapping[str, Predicted]]
) -> confidence.Calibration:
    pairs = [
        (guess[model].raw, each.qualities[model])
        for each, guess in zip(asked, blind, strict=True)
        if guess and model in each.qualities
    ]
    return confidence.fit([raw for raw, _ in pairs], [right for _, right in pairs])


def _favourite(asked: Sequence[Asked], models: Sequence[str]) -> str:
    """The model with the best answers on the whole."""
    given: dict[str, list[float]] = defaultdict(list)
    for each in asked:
        for model, quality in each.qualities.items():
            given[model].append(quality)
    return max(models, key=lambda model: (sum(given[model]) + 2.0) / (len(given[model]) + 4.0))


Guessed = Sequence[tuple[Asked, Mapping[str, Predicted]]]


def _head_start(router: Router, guessed: Guessed) -> float:
    """How much better another model must look before it is preferred to the favourite.

    The smallest that is worth a standard error more than staying with the favourite; where none
    is, the favourite always answers when only quality counts.
    """

    def gains(head_start: float) -> Array:
        leaning = replace(router, head_start=head_start)
        return np.array(
            [
                quality - each.qualities.get(router.favourite, quality)
                for each, _, quality, _ in _routed(leaning, guessed, 0.0)
            ]
        )

    best, found = 0.0, _HEAD_STARTS[-1]
    for head_start in _HEAD_STARTS:
        gain = gains(head_start)
        error = float(gain.std()) / max(1.0, len(gain)) ** 0.5
        if float(gain.mean()) - error > best:
            best, found = float(gain.mean()) - error, head_start
    return found


def frontier(router: Router, guessed: Guessed) -> tuple[Point, ...]:
    """What each price of quality comes to on these questions, the dearest choice first."""
    points: list[Point] = []
    for price in _PRICES:
        routed = list(_routed(router, guessed, price))
        if not routed:
            return ()
        quality = float(np.mean([quality for *_, quality, _ in routed]))
        cost = float(np.mean([cost for *_, cost in routed]))
        if not points or cost < points[-1].cost - 1e-9:
            points.append(Point(round(price, 8), round(quality, 6), round(cost, 3)))
    return tuple(points)


def _routed(
    router: Router, guessed: Guessed, price: float
) -> list[tuple[Asked, str, float, float]]:
    """The model that would be asked, of those whose answer is known; its quality and its cost."""
    found = []
    for each, guess in guessed:
        known = {model: guess[model] for model in each.qualities if model in guess}
        if not known:
            continue
        values = worth(router, known, router.costs, price)
        chosen = max(known, key=lambda model: values[model])
        cost = each.costs.get(chosen, router.costs.get(chosen, 0.0))
        found.append((each, chosen, each.qualities[chosen], cost))
    return found
