"""Which of several open answers reads best, where no two need to say the same.

Ridge regression from what a text shows without being understood (model, length, form, how much
it shares with the other answers and with the question) to the quality it was judged to have.
Judges prefer long answers (Dubois et al. 2024, arXiv 2404.04475), so the length of what is
picked belongs beside every figure this picker wins.

The highest of many guesses is a lucky one. So the model that is best on the whole has a head
start, as large as pays on answers that the regression has not seen.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from msgspec import Struct

_WORD = re.compile(r"\w+")
_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.M)
_HEADING = re.compile(r"^#+ ", re.M)
_REFUSAL = re.compile(r"\b(?:sorry|cannot|can't|unable|as an ai)\b", re.I)
_ENDED = re.compile(r"[.!?)`\"*:\]}]\s*$")

RIDGE = 30.0
MODEL_SCALE = 3.0
"""A model's own quality is pulled to the average this much less than the other figures."""

_OWN = (0, 3, 4, 10)
"""The figures that may mean something else for each model: length, likeness, question, refusal."""

FEWEST = 20

_HEAD_STARTS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 2.0)
_PARTS = 4


class Picker(Struct, frozen=True):
    """Fitted weights, a state that a release can hold.

    `models` is the quality of each model beside what its texts show, and what its own figures add;
    `means` and `spreads` make the figures comparable. A model never seen has the average quality
    of those seen.
    """

    constant: float
    models: Mapping[str, tuple[float, ...]]
    means: tuple[float, ...]
    spreads: tuple[float, ...]
    weights: tuple[float, ...]
    examples: int
    favourite: str = ""
    head_start: float = 0.0

    def pick(self, replies: Sequence[tuple[str, str]], scores: Sequence[float]) -> int:
        """Which reply to serve, by its score: another than the favourite's only when it is better
        by the head start.
        """
        return max(
            range(len(replies)),
            key=lambda at: scores[at] + self.head_start * (replies[at][0] == self.favourite),
        )

    def scores(self, question: str, replies: Sequence[tuple[str, str]]) -> list[float]:
        """The expected quality of each reply (model, text), in their order."""
        return self.scored(replies, shown(question, [text for _, text in replies]))

    def scored(
        self, replies: Sequence[tuple[str, str]], rows: Sequence[Sequence[float]]
    ) -> list[float]:
        """The same where what each text shows is known."""
        average = (
            sum(own[0] for own in self.models.values()) / max(1, len(self.models)),
            *[0.0] * len(_OWN),
        )
        scored = []
        for (model, _), row in zip(replies, rows, strict=True):
            places = zip(row, self.means, self.spreads, strict=True)
            figures = [(figure - mean) / spread for figure, mean, spread in places]
            own = self.models.get(model, average)
            scored.append(
                self.constant
                + sum(a * b for a, b in zip(self.weights, figures, strict=True))
                + sum(a * b for a, b in zip(own, _own_row(figures), strict=True))
            )
        return scored


class Judged(Struct, frozen=True):
    """A question, the replies to it (model, text) and how good each was judged, in [0, 1]."""

    question: str
    replies: tuple[tuple[str, str], ...]
    scores: tuple[float, ...]


def fit(judged: Sequence[Judged]) -> Picker | None:
    """The picker of the smallest squared error; `None` when there is too little to learn from."""
    if len(judged) < FEWEST or not any(each.replies for each in judged):
        return None
    favourite = _favourite(judged)
    known = [(each, shown(each.question, [text for _, text in each.replies])) for each in judged]
    trials = []
    for part in range(_PARTS):
        blind = _fit([each for at, each in enumerate(known) if at % _PARTS != part])
        trials += [
            (each, blind.scored(each.replies, rows))
            for each, rows in known[part::_PARTS]
            if each.replies
        ]

    def worth(head_start: float) -> float:
        leaning = msgspec.structs.replace(blind, favourite=favourite, head_start=head_start)
        picks = [each.scores[leaning.pick(each.replies, scores)] for each, scores in trials]
        return sum(picks) / len(picks)

    best = max(_HEAD_STARTS, key=lambda head_start: (round(worth(head_start), 9), head_start))
    return msgspec.structs.replace(_fit(known), favourite=favourite, head_start=best)


def _favourite(judged: Sequence[Judged]) -> str:
    """The model with the highest mean score, pulled to one half where its answers are few."""
    given: dict[str, list[float]] = defaultdict(list)
    for each in judged:
        for (model, _), score in zip(each.replies, each.scores, strict=True):
            given[model].append(score)
    return max(
        sorted(given), key=lambda model: (sum(given[model]) + 2.0) / (len(given[model]) + 4.0)
    )


def _fit(known: Sequence[tuple[Judged, list[list[float]]]]) -> Picker:
    """The regression on questions and what their replies show."""
    judged = [each for each, _ in known]
    replies = [model for each in judged for model, _ in each.replies]
    counts = Counter(replies)
    models = sorted(model for model, count in counts.items() if count >= FEWEST)
    rows = np.array([row for _, shown_by in known for row in shown_by])
    target = np.array([score for each in judged for score in each.scores])
    means, spreads = rows.mean(0), np.maximum(rows.std(0), 1e-6)
    figures = (rows - means) / spreads
    place = {model: number for number, model in enumerate(models)}
    width = 1 + len(_OWN)
    own = np.zeros((len(rows), width * len(models)))
    for number, model in enumerate(replies):
        if model in place:
            start = width * place[model]
            own[number, start : start + width] = _own_row(list(figures[number]))
    own[:, ::width] *= MODEL_SCALE
    design = np.column_stack([np.ones(len(rows)), figures, own])
    penalty = np.full(design.shape[1], RIDGE)
    penalty[0] = 1e-3
    weights = np.linalg.solve(design.T @ design + np.diag(penalty), design.T @ target)
    shared = 1 + figures.shape[1]
    by_model = weights[shared:].reshape(-1, width)
    by_model[:, 0] *= MODEL_SCALE
    return Picker(
        constant=float(weights[0]),
        models={
            model: tuple(map(float, each)) for model, each in zip(models, by_model, strict=True)
        },
        means=tuple(map(float, means)),
        spreads=tuple(map(float, spreads)),
        weights=tuple(map(float, weights[1:shared])),
        examples=len(judged),
    )


def _own_row(figures: Sequence[float]) -> list[float]:
    return [1.0, *(figures[place] for place in _OWN)]


def shown(question: str, texts: Sequence[str]) -> list[list[float]]:
    """The figures of each text beside the others: one row per text, in their order."""
    asked = set(_WORD.findall(question.lower()))
    words = [_WORD.findall(text.lower()) for text in texts]
    bags = [set(each) for each in words]
    lengths = [math.log(len(text) + 20) for text in texts]
    usual = sum(lengths) / len(lengths) if lengths else 0.0
    rows = []
    for place, (text, bag) in enumerate(zip(texts, bags, strict=True)):
        others = [_shared(bag, other) for at, other in enumerate(bags) if at != place]
        rows.append(
            [
                lengths[place],
                lengths[place] - usual,
                (lengths[place] - usual) ** 2,
                sum(others) / len(others) if others else 0.0,
                len(asked & bag) / (len(asked) + 1),
                len(bag) / (len(words[place]) + 5),
                1.0 if len(_ITEM.findall(text)) > 2 else 0.0,
                1.0 if _HEADING.search(text) else 0.0,
                1.0 if "**" in text else 0.0,
                1.0 if "```" in text else 0.0,
                1.0 if _REFUSAL.search(text[:300]) else 0.0,
                0.0 if _ENDED.search(text) else 1.0,
                1.0 if text.rstrip().endswith("?") else 0.0,
                min(3.0, 500.0 * text.count("\n\n") / (len(text) + 500)),
            ]
        )
    return rows


def _shared(one: set[str], other: set[str]) -> float:
    return len(one & other) / (len(one | other) + 1)
