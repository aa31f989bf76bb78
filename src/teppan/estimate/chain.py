"""Which models a cascade asks, in which order, and when it stops: fitted on recorded answers.

The order is that of price. Models are added to a strong last one as long as they raise what the
cascade gets for a stated budget; the scorer of each step and the one threshold that all steps
share are fitted on the same answers. Nothing but those answers decides: no model is known here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from teppan.estimate import logistic
from teppan.estimate.minimise import Array
from teppan.estimate.scorer import TRAITS, Scorers, Step, Wording, key_of
from teppan.estimate.voters import Question, VoterWeights

THRESHOLDS = (
    0.2,
    0.3,
    0.4,
    0.5,
    0.6,
    0.65,
    0.7,
    0.75,
    0.8,
    0.84,
    0.88,
    0.91,
    0.94,
    0.96,
    0.97,
    0.98,
    0.99,
)
LONGEST = 5
_STRONG = 0.02
"""A last model may be this much worse than the best one: it must be worth asking at the end."""
_ANCHORS = 2
_GAIN = 5e-4
_TOO_DEAR = -1.0
"""The quality of a chain that no threshold brings within its budget."""
_PARTS = 3


class Given(Struct, frozen=True):
    """What one model gave: the answer that was read, its wording, its score and its cost."""

    answer: str | None
    wording: Wording
    score: float
    cost: float


class Example(Struct, frozen=True):
    """One question with what each model gave."""

    question: Question
    given: Mapping[str, Given]


class Chain(Struct, frozen=True):
    """A fitted cascade: `models` by price, the probability to stop at, and the steps' scorers.

    `quality` and `cost` are what it reached on the examples it was fitted on.
    """

    models: tuple[str, ...]
    stop_at: float
    scorers: Scorers
    quality: float
    cost: float


class _Table:
    """The examples as arrays: one row per question, one column per model."""

    def __init__(
        self, examples: Sequence[Example], models: Sequence[str], voters: VoterWeights
    ) -> None:
        shape = (len(examples), len(models))
        self.models = models
        self.answer = np.full(shape, -1, dtype=np.int64)
        self.weight, self.score, self.cost = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.length, self.hedges, self.plain = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.traits = np.zeros((len(examples), TRAITS))
        for row, example in enumerate(examples):
            traits = example.question.traits[:TRAITS]
            self.traits[row, : len(traits)] = traits
            numbers: dict[str, int] = {}
            for column, model in enumerate(models):
                given = example.given[model]
                if given.answer is not None:
                    self.answer[row, column] = numbers.setdefault(given.answer, len(numbers))
                self.weight[row, column] = voters.of(model, example.question)
                self.score[row, column], self.cost[row, column] = given.score, given.cost
                self.length[row, column] = given.wording.length
                self.hedges[row, column] = given.wording.hedges
                self.plain[row, column] = given.wording.plain
        self.usual = self.length.mean(0)
        self.spread = np.maximum(self.length.std(0), 1e-3)
        self.weight *= self.answer >= 0


class _Stage(Struct, frozen=True):
    """A cascade after some steps: the probability and the score of its best answer by question."""

    chance: Array
    score: Array
    weights: Array


Columns = tuple[int, ...]


class _Search:
    """Fits each step once, however many chains share it."""

    def __init__(self, table: _Table) -> None:
        self.table = table
        self._stages: dict[Columns, _Stage] = {}

    def stage(self, columns: Columns) -> _Stage:
        if columns not in self._stages:
            self._stages[columns] = _fit_stage(self.table, columns)
        return self._stages[columns]

    def tried(self, columns: Columns, budget: float) -> tuple[float, float, Columns, float]:
        """Quality, minus the cost, the chain and its threshold: the best within the budget."""
        stages = [self.stage(columns[: size + 1]) for size in range(len(columns))]
        chance = np.stack([stage.chance for stage in stages])
        chance[-1] = 2.0
        score = np.stack([stage.score for stage in stages])
        spent = np.cumsum(self.table.cost[:, list(columns)].T, axis=0)
        questions = np.arange(score.shape[1])
        best = (_TOO_DEAR, -math.inf, columns, 1.0)
        for threshold in THRESHOLDS:
            stop = (chance >= threshold).argmax(axis=0)
            cost = float(spent[stop, questions].mean())
            if cost > budget:
                best = max(best, (_TOO_DEAR, -cost, columns, threshold))
            else:
                quality = float(score[stop, questions].mean())
                best = max(best, (quality, -cost, columns, threshold))
        return best


def fit(
    examples: Sequence[Example],
    models: Sequence[str],
    voters: VoterWeights,
    budgets: Sequence[float],
) -> list[Chain | None]:
    """For each budget the cascade of the highest quality whose mean cost stays within it.

    Budgets are in the unit of `Given.cost`. `None` where no chain is that cheap. Every example
    needs every model.
    """
    search = _Search(_Table(examples, models, voters))
    return [_best(search, budget) for budget in budgets]


def _best(search: _Search, budget: float) -> Chain | None:
    table = search.table
    price = table.cost.mean(0)
    quality = table.score.mean(0)
    by_price = [int(place) for place in np.argsort(price, kind="stable")]
    strong = [place for place in by_price if quality[place] >= quality.max() - _STRONG]
    found = [_grown(search, anchor, by_price, price, budget) for anchor in strong[:_ANCHORS]]
    best = max(found, key=lambda each: each[:2], default=None)
    if best is None or best[0] < 0.0:
        return None
    reached, cost, columns, threshold = best
    return Chain(
        models=tuple(table.models[place] for place in columns),
        stop_at=threshold,
        scorers=_scorers(search, columns),
        quality=reached,
        cost=-cost,
    )


def _grown(
    search: _Search, anchor: int, by_price: Sequence[int], price: Array, budget: float
) -> tuple[float, float, Columns, float]:
    """The chain that ends with `anchor`, one model added at a time while that raises quality."""
    cheaper = [place for place in by_price if price[place] < price[anchor]]
    chain: Columns = (anchor,)
    best = search.tried(chain, budget)
    while len(chain) < LONGEST:
        longer = [
            tuple(sorted((*chain, place), key=partial(_of, price)))
            for place in cheaper
            if place not in chain
        ]
        tries = [search.tried(columns, budget) for columns in longer]
        top = max(tries, default=best, key=lambda each: each[:2])
        worth_it = top[0] > best[0] + _GAIN or (best[0] == _TOO_DEAR and top[:2] > best[:2])
        if not worth_it:
            break
        best, chain = top, top[2]
    return best


def _of(price: Array, place: int) -> float:
    return float(price[place])


def _fit_stage(table: _Table, columns: Columns) -> _Stage:
    answer, weight = table.answer[:, list(columns)], table.weight[:, list(columns)]
    rows = np.arange(len(answer))
    speaker, support = _leaders(answer, weight, table.plain[:, list(columns)])
    leading = answer[rows, speaker]
    agrees = np.where(answer < 0, 0.0, np.where(answer == leading[:, None], 1.0, -1.0))
    total = weight.sum(1)
    column = np.array(columns)[speaker]
    usual, spread = table.usual[column], table.spread[column]
    features = np.column_stack(
        [
            np.ones(len(rows)),
            agrees,
            np.divide(support, total, out=np.zeros(len(rows)), where=total > 0.0),
            np.log1p(support),
            leading < 0,
            (table.length[rows, column] - usual) / spread,
            table.hedges[rows, column],
            table.plain[rows, column],
            table.traits,
        ]
    )
    score = table.score[rows, column]
    penalty = np.full(features.shape[1], 1.0)
    penalty[0] = 0.1
    return _Stage(_unseen(features, score, penalty), score, logistic.fit(features, score, penalty))


def _unseen(features: Array, score: Array, penalty: Array) -> Array:
    """The probability of each example by a fit that has not seen it: chains are chosen by this."""
    part = np.arange(len(score)) % _PARTS
    chance = np.zeros(len(score))
    for held_out in range(_PARTS):
        seen = part != held_out
        weights = logistic.fit(features[seen], score[seen], penalty)
        chance[~seen] = logistic.probability(features[~seen], weights)
    return chance


def _leaders(
    answer: NDArray[np.int64], weight: Array, plain: Array
) -> tuple[NDArray[np.intp], Array]:
    """Who speaks for the heaviest answer (a plain reply first, then the heaviest), and its weight.

    Equal weights go to the model that was asked first; nobody's answer is read: the last speaks.
    """
    same = (answer[:, :, None] == answer[:, None, :]) & (answer[:, :, None] >= 0)
    support = (same * weight[:, None, :]).sum(2)
    read = answer >= 0
    ranked = np.where(read, support, -1.0)
    first = ranked.argmax(1)
    rows = np.arange(len(answer))
    lead = answer[rows, first]
    in_lead = read & (answer == lead[:, None])
    speaker = np.where(in_lead, 1e6 * plain + weight, -1.0).argmax(1)
    nobody = ~read.any(1)
    speaker[nobody] = answer.shape[1] - 1
    return speaker, np.where(nobody, 0.0, support[rows, first])


def _scorers(search: _Search, columns: Columns) -> Scorers:
    table = search.table
    steps = {}
    for size in range(1, len(columns) + 1):
        part = columns[:size]
        lengths = {
            table.models[place]: (float(table.usual[place]), float(table.spread[place]))
            for place in part
        }
        weights = tuple(float(each) for each in search.stage(part).weights)
        steps[key_of([table.models[place] for place in part])] = Step(weights, lengths)
    return Scorers(steps)
