"""Recorded answers as arrays, one row per question and one column per model, for fitting chains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from teppan.estimate.minimise import Array
from teppan.estimate.scorer import TRAITS, Wording
from teppan.estimate.voters import Question, VoterWeights

Answers = NDArray[np.int64]
Columns = tuple[int, ...]


class Given(Struct, frozen=True):
    """What one model gave: the answer that was read and its score; its wording and its cost where
    they were kept.
    """

    answer: str | None
    score: float
    wording: Wording | None = None
    cost: float | None = None


class Example(Struct, frozen=True):
    """One question with what each model gave."""

    question: Question
    given: Mapping[str, Given]


class Table:
    """`answer` numbers the distinct answers of a question, -1 where none was read.

    Wordings and costs that were not kept are a model's means. `by_price` are the columns from
    cheap to dear, `price` and `quality` the means of each.
    """

    def __init__(
        self, examples: Sequence[Example], models: Sequence[str], voters: VoterWeights
    ) -> None:
        shape = (len(examples), len(models))
        self.models = tuple(models)
        self.answer: Answers = np.full(shape, -1, dtype=np.int64)
        self.weight, self.score = np.zeros(shape), np.zeros(shape)
        self.cost, self.length, self.hedges, self.plain = (np.full(shape, np.nan) for _ in range(4))
        self.traits = np.zeros((len(examples), TRAITS))
        for row, example in enumerate(examples):
            self._read(row, example, voters)
        self.spread = np.array([_spread(column) for column in self.length.T])
        for figures in (self.cost, self.length, self.hedges, self.plain):
            _fill(figures)
        self.usual = self.length.mean(0)
        self.weight *= self.answer >= 0
        self.price: Array = self.cost.mean(0)
        self.quality: Array = self.score.mean(0)
        self.by_price = tuple(int(place) for place in np.argsort(self.price, kind="stable"))

    def _read(self, row: int, example: Example, voters: VoterWeights) -> None:
        traits = example.question.traits[:TRAITS]
        self.traits[row, : len(traits)] = traits
        numbers: dict[str, int] = {}
        for column, model in enumerate(self.models):
            given = example.given.get(model)
            if given is None:
                continue
            if given.answer is not None:
                self.answer[row, column] = numbers.setdefault(given.answer, len(numbers))
            self.weight[row, column] = max(0.0, voters.of(model, example.question))
            self.score[row, column] = given.score
            if given.cost is not None:
                self.cost[row, column] = given.cost
            if given.wording is not None:
                self.length[row, column] = given.wording.length
                self.hedges[row, column] = given.wording.hedges
                self.plain[row, column] = given.wording.plain

    def length_of(self, place: int) -> tuple[float, float]:
        """The mean and the spread of the log length of a model's answers."""
        return float(self.usual[place]), float(self.spread[place])

    def step(self, columns: Columns) -> tuple[Array, Array]:
        """After these models: the features of the leading answer, as `scorer.features` makes
        them, and its score; shapes (questions, features) and (questions,).
        """
        chosen = list(columns)
        answer, weight = self.answer[:, chosen], self.weight[:, chosen]
        rows = np.arange(len(answer))
        speaker, support = _leaders(answer, weight, self.plain[:, chosen])
        leading = answer[rows, speaker]
        agrees = np.where(answer < 0, 0.0, np.where(answer == leading[:, None], 1.0, -1.0))
        agreeing = (agrees > 0.0).sum(1)
        total = weight.sum(1)
        column = np.array(columns)[speaker]
        features = np.column_stack(
            [
                np.ones(len(rows)),
                agreeing > 1,
                agreeing > 2,
                np.divide(support, total, out=np.zeros(len(rows)), where=total > 0.0),
                np.log1p(support),
                leading < 0,
                agrees,
                (self.length[rows, column] - self.usual[column]) / self.spread[column],
                self.hedges[rows, column],
                self.plain[rows, column],
                self.traits,
            ]
        )
        return features, self.score[rows, column]


def two_agree(table: Table, columns: Columns) -> tuple[float, float]:
    """The mean quality and cost of asking until two agree, and of the last one's word otherwise."""
    questions = len(table.answer)
    cost = table.cost[:, columns[0]].copy()
    score, done = np.zeros(questions), np.zeros(questions, dtype=bool)
    for size, last in enumerate(columns[1:], start=1):
        cost += np.where(done, 0.0, table.cost[:, last])
        for before in columns[:size]:
            same = table.answer[:, last] == table.answer[:, before]
            hit = ~done & same & (table.answer[:, last] >= 0)
            plainer = table.plain[:, before] >= table.plain[:, last]
            spoken = np.where(plainer, table.score[:, before], table.score[:, last])
            score = np.where(hit, spoken, score)
            done |= hit
    score = np.where(done, score, table.score[:, columns[-1]])
    return float(score.mean()), float(cost.mean())


def _leaders(answer: Answers, weight: Array, plain: Array) -> tuple[NDArray[np.intp], Array]:
    """Who speaks for the heaviest answer (a plain reply first, then the heaviest), and its weight.

    Equal weights go to the model that was asked first; nobody's answer is read: the last speaks.
    """
    same = (answer[:, :, None] == answer[:, None, :]) & (answer[:, :, None] >= 0)
    support = (same * weight[:, None, :]).sum(2)
    read = answer >= 0
    first = np.where(read, support, -1.0).argmax(1)
    rows = np.arange(len(answer))
    lead = answer[rows, first]
    in_lead = read & (answer == lead[:, None])
    speaker = np.where(in_lead, 1e6 * plain + weight, -1.0).argmax(1)
    nobody = ~read.any(1)
    speaker[nobody] = answer.shape[1] - 1
    return speaker, np.where(nobody, 0.0, support[rows, first])


def _spread(figures: Array) -> float:
    known = figures[~np.isnan(figures)]
    return max(1e-3, float(known.std())) if len(known) else 1.0


def _fill(figures: Array) -> None:
    """Puts the mean of a column where it is not a number; nothing where all of it is not."""
    for column in figures.T:
        known = ~np.isnan(column)
        column[~known] = column[known].mean() if known.any() else 0.0
