"""Whose vote counts how much on which task: weights learned from answers that were right.

Naive votes treat a weak model like a strong one; weights of accuracy alone (Dawid and Skene
1979) count two models that err together twice. Here each vote adds its weight to the answer it
names and the weights are those that make the right answers most probable (conditional logit,
see `choice`), so models that repeat each other share a weight. Shrinkage makes it safe with few
examples, from the general to the particular:

    weight(model, question) = general + of the kind of question + of the task + of its traits
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct

from teppan.estimate.answers import has_code, options_of
from teppan.estimate.choice import Choices, Matrix
from teppan.estimate.minimise import Array

GENERAL_RIDGE = 1.0
KIND_RIDGE = 1.0
TASK_RIDGE = 12.0
TRAIT_RIDGE = 10.0
"""How strongly weights are pulled towards the next more general one."""

FEWEST_VOTES = 20
"""A model with fewer votes than this keeps the weight of an average one."""


class Question(Struct, frozen=True):
    """What is known of a question before anyone answers.

    `kind` is a coarse form (`option`, `literal`, `number`, `text`), `task` the caller's own task
    type or subject, `traits` a few figures of the wording, each about zero on average.
    """

    kind: str
    task: str = ""
    traits: tuple[float, ...] = ()


class Votes(Struct, frozen=True):
    """One question with what each model answered, and which answers were right."""

    question: Question
    answers: Mapping[str, str]
    right: frozenset[str]


class KindWeights(Struct, frozen=True):
    """What a kind of question adds to the general weights; tuples are in the order of `models`.

    `tasks` maps a task to its addition, `traits` has one addition per trait.
    """

    models: tuple[str, ...]
    base: tuple[float, ...]
    tasks: Mapping[str, tuple[float, ...]]
    traits: tuple[tuple[float, ...], ...]


class VoterWeights(Struct, frozen=True):
    """Fitted weights, a state that a release can hold.

    `average` is the weight of a model that was never seen. `questions` is how many taught it.
    """

    average: float
    general: Mapping[str, float]
    kinds: Mapping[str, KindWeights]
    questions: int

    def of(self, model: str, question: Question) -> float:
        """The weight of this model's vote on this question, never negative."""
        if model not in self.general:
            return self.average
        weight = self.general[model]
        kind = self.kinds.get(question.kind)
        if kind is not None and model in kind.models:
            place = kind.models.index(model)
            weight += kind.base[place]
            if question.task in kind.tasks:
                weight += kind.tasks[question.task][place]
            for trait, additions in zip(question.traits, kind.traits, strict=False):
                weight += trait * additions[place]
        return max(0.0, weight)


def question_of(prompt: str, task_type: str | None = None) -> Question:
    """The question as voters see it: its form, its task and the traits of its wording."""
    options = options_of(prompt)
    digits = len(re.findall(r"\d+", prompt))
    if options:
        kind = "option"
    elif has_code(prompt):
        kind = "literal"
    else:
        kind = "number" if digits >= 2 else "text"
    stem = prompt[: prompt.find("\nA")] if options and "\nA" in prompt else prompt
    figures = sum(any(c.isdigit() for c in text) for text in options.values())
    words = set(re.findall(r"[a-z]+", stem.lower()))
    traits = (
        min(2.0, math.log((len(stem) + 20) / 250)),
        (1.0 if re.search(r"\d", stem) else 0.0) - 0.5,
        (1.0 if re.search(r"[\\^$=]", prompt) else 0.0) - 0.2,
        (1.0 if options and figures > 0.6 * len(options) else 0.0) - 0.3,
        (1.0 if words & {"not", "except", "false", "least", "incorrect"} else 0.0) - 0.2,
    )
    return Question(kind, task_type or "", traits)


def fit(votes: Sequence[Votes]) -> VoterWeights:
    """Weights under which the right answers are most probable.

    Questions that nobody, or everybody, answered right teach nothing and are left out.
    """
    useful = [each for each in votes if each.right & set(each.answers.values())]
    useful = [each for each in useful if set(each.answers.values()) - each.right]
    counts = Counter(model for each in useful for model in each.answers)
    models = sorted(model for model, count in counts.items() if count >= FEWEST_VOTES)
    if not models:
        return VoterWeights(1.0, {}, {}, 0)
    general = _general(useful, models)
    average = max(0.1, sum(general.values()) / len(general))
    by_kind: dict[str, list[Votes]] = defaultdict(list)
    for each in useful:
        by_kind[each.question.kind].append(each)
    kinds = {kind: _of_kind(some, general) for kind, some in sorted(by_kind.items())}
    return VoterWeights(average, general, kinds, len(useful))


def _general(votes: Sequence[Votes], models: Sequence[str]) -> dict[str, float]:
    place = {model: number for number, model in enumerate(models)}
    rows, right, sizes = _stack(votes, place)
    weights = Choices(rows, right, sizes).fit(np.full(len(models), GENERAL_RIDGE))
    return dict(zip(models, map(float, weights), strict=True))


def _of_kind(votes: Sequence[Votes], general: Mapping[str, float]) -> KindWeights:
    counts = Counter(model for each in votes for model in each.answers)
    models = sorted(m for m, count in counts.items() if m in general and count >= FEWEST_VOTES)
    place = {model: number for number, model in enumerate(models)}
    tasks = sorted({each.question.task for each in votes} - {""})
    traits = max(len(each.question.traits) for each in votes)
    rows, right, sizes = _stack(votes, place)
    offset = rows @ np.array([general[model] for model in models], dtype=np.float32)
    width = len(models)
    features = np.zeros((len(rows), width * (1 + len(tasks) + traits)), dtype=np.float32)
    features[:, :width] = rows
    start = 0
    for each, size in zip(votes, sizes, strict=True):
        block = slice(start, start + size)
        if each.question.task:
            column = width * (1 + tasks.index(each.question.task))
            features[block, column : column + width] = rows[block]
        for number, trait in enumerate(each.question.traits):
            column = width * (1 + len(tasks) + number)
            features[block, column : column + width] = trait * rows[block]
        start += size
    penalty = np.repeat(
        [KIND_RIDGE, *[TASK_RIDGE] * len(tasks), *[TRAIT_RIDGE] * traits], width
    ).astype(np.float64)
    fitted = Choices(features, right, sizes, offset.astype(np.float64)).fit(penalty)
    parts = [tuple(map(float, part)) for part in fitted.reshape(-1, width)] if width else []
    return KindWeights(
        models=tuple(models),
        base=parts[0] if parts else (),
        tasks=dict(zip(tasks, parts[1 : 1 + len(tasks)], strict=False)),
        traits=tuple(parts[1 + len(tasks) :]),
    )


def _stack(votes: Iterable[Votes], place: Mapping[str, int]) -> tuple[Matrix, Array, list[int]]:
    """One row per distinct answer of each question: 1 where a model gave it."""
    rows: list[Matrix] = []
    right: list[float] = []
    sizes: list[int] = []
    for each in votes:
        distinct = sorted(set(each.answers.values()))
        sizes.append(len(distinct))
        for answer in distinct:
            row = np.zeros(len(place), dtype=np.float32)
            for model, given in each.answers.items():
                if given == answer and model in place:
                    row[place[model]] = 1.0
            rows.append(row)
            right.append(1.0 if answer in each.right else 0.0)
    return np.stack(rows), np.array(right), sizes
