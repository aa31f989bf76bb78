"""Whose vote counts how much on which task: weights learned from answers that were right.

Naive votes treat a weak model like a strong one; weights of accuracy alone (Dawid and Skene
1979) count two models that err together twice. Here each vote adds its weight to the answer it
names and the weights are those that make the right answers most probable (conditional logit,
see `choice`), so models that repeat each other share a weight. Shrinkage makes it safe with few
examples, from the general to the particular:

    weight(model, question) = general + of the kind of question + of the task + of its traits

General weights are drawn towards the log odds of the model's accuracy, which is what a vote weighs
when voters err independently (Nitzan and Paroush 1982), times a factor found with the rest. A
weight may be negative: some votes are evidence against what they name.
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
from teppan.estimate.minimise import Array, minimise

GENERAL_RIDGE = 30.0
KIND_RIDGE = 30.0
TASK_RIDGE = 60.0
TRAIT_RIDGE = 40.0
"""How strongly weights are pulled towards the next more general one; chosen by the likelihood of
held-out questions."""

_FREE = 0.01
"""The ridge of what is to be found by the data alone."""

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
        """The weight of this model's vote on this question; negative when it speaks against."""
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
        return weight


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

    General and particular weights are found together: what holds for one kind of question only is
    not taken for general. Questions that nobody, or everybody, answered right teach nothing.
    """
    useful = [each for each in votes if each.right & set(each.answers.values())]
    useful = [each for each in useful if set(each.answers.values()) - each.right]
    counts = Counter(model for each in useful for model in each.answers)
    models = sorted(model for model, count in counts.items() if count >= FEWEST_VOTES)
    if not models:
        return VoterWeights(1.0, {}, {}, 0)
    by_kind: dict[str, list[Votes]] = defaultdict(list)
    for each in useful:
        by_kind[each.question.kind].append(each)
    kinds = {kind: _Kind(some, models) for kind, some in sorted(by_kind.items())}
    general, *own = _together(_expected(useful, models), list(kinds.values()))
    return VoterWeights(
        average=max(0.1, float(general.mean())),
        general=dict(zip(models, map(float, general), strict=True)),
        kinds={
            name: kind.weights(part) for (name, kind), part in zip(kinds.items(), own, strict=True)
        },
        questions=len(useful),
    )


def _expected(votes: Sequence[Votes], models: Sequence[str]) -> Array:
    """Shape (2, models): one, and the log odds of each model's accuracy.

    The weights of independent voters are a combination of the two; the first row stands for the
    number of ways in which an answer can be wrong.
    """
    odds = []
    for model in models:
        given = [(each.answers[model] in each.right) for each in votes if model in each.answers]
        odds.append(math.log((sum(given) + 1.0) / (len(given) - sum(given) + 1.0)))
    return np.array([[1.0] * len(models), odds])


def _together(expected: Array, kinds: Sequence[_Kind]) -> list[Array]:
    """The general weights, then those of each kind, that make the truth most probable."""
    factors, width = expected.shape
    ends = factors + np.cumsum([width, *(len(kind.penalty) for kind in kinds)])
    parts = [slice(end - len(kind.penalty), end) for kind, end in zip(kinds, ends[1:], strict=True)]
    apart = slice(factors, factors + width)
    penalty = np.concatenate(
        [
            np.full(factors, _FREE),
            np.full(width, GENERAL_RIDGE),
            *(kind.penalty for kind in kinds),
        ]
    )

    def general(weights: Array) -> Array:
        return weights[:factors] @ expected + weights[apart]

    def objective(weights: Array) -> tuple[float, Array]:
        gradient = penalty * weights
        value = 0.5 * float(gradient @ weights)
        of_all, slope_of_all = general(weights), np.zeros(width)
        for kind, part in zip(kinds, parts, strict=True):
            whole = weights[part].copy()
            whole[: len(kind.places)] += of_all[kind.places]
            loss, slope = kind.choices.loss(whole)
            value += loss
            gradient[part] += slope
            slope_of_all[kind.places] += slope[: len(kind.places)]
        gradient[apart] += slope_of_all
        gradient[:factors] += expected @ slope_of_all
        return value, gradient

    found = minimise(objective, np.zeros(len(penalty)))
    return [general(found), *(found[part] for part in parts)]


class _Kind:
    """The votes on one kind of question; columns are base, tasks and traits, each for every model.

    `places` are the places of this kind's models among all.
    """

    def __init__(self, votes: Sequence[Votes], known: Sequence[str]) -> None:
        counts = Counter(model for each in votes for model in each.answers)
        self.models = [model for model in known if counts[model] >= FEWEST_VOTES]
        self.places = np.array([known.index(model) for model in self.models], dtype=np.intp)
        self.tasks = sorted({each.question.task for each in votes} - {""})
        self.traits = max(len(each.question.traits) for each in votes)
        rows, right, sizes = _stack(votes, {model: n for n, model in enumerate(self.models)})
        self.choices = Choices(self._features(votes, rows, sizes), right, sizes)
        blocks = [KIND_RIDGE, *[TASK_RIDGE] * len(self.tasks), *[TRAIT_RIDGE] * self.traits]
        self.penalty = np.repeat(np.array(blocks), len(self.models))

    def _features(self, votes: Sequence[Votes], rows: Matrix, sizes: Sequence[int]) -> Matrix:
        width = len(self.models)
        blocks = 1 + len(self.tasks) + self.traits
        features = np.zeros((len(rows), blocks, width), dtype=np.float32)
        features[:, 0] = rows
        start = 0
        for each, size in zip(votes, sizes, strict=True):
            block = slice(start, start + size)
            if each.question.task:
                features[block, 1 + self.tasks.index(each.question.task)] = rows[block]
            for number, trait in enumerate(each.question.traits):
                features[block, 1 + len(self.tasks) + number] = trait * rows[block]
            start += size
        return features.reshape(len(rows), blocks * width)

    def weights(self, fitted: Array) -> KindWeights:
        parts = [tuple(map(float, part)) for part in fitted.reshape(-1, max(1, len(self.models)))]
        return KindWeights(
            models=tuple(self.models),
            base=parts[0] if parts else (),
            tasks=dict(zip(self.tasks, parts[1 : 1 + len(self.tasks)], strict=False)),
            traits=tuple(parts[1 + len(self.tasks) :]),
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
