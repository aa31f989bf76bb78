"""Is the best answer so far good enough to stop here: the learned half of a cascade.

FrugalGPT (Chen et al. 2023, arXiv 2305.05176) scores a cheap answer by its text; others stop when
two models agree. Here both are evidence of one probability: who agrees with the leading answer,
how heavy the vote for it is, how its speaker words it, and what kind of question it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from teppan.estimate.voters import Question

_HEDGES = re.compile(
    r"closest|none of|not (?:listed|among|provided|match|sure)|error in|typo|cannot|can't|however|"
    r"assum|approximat|guess|unclear|seems|might|incorrect|mistake",
    re.I,
)
_MOST_HEDGES = 4
TRAITS = 5


class Wording(Struct, frozen=True):
    """What the text of a reply shows without being understood: log length, hedges, plainness."""

    length: float
    hedges: float
    plain: bool


class Heard(Struct, frozen=True):
    """One reply as the scorer sees it: does it agree with the leader, and what its vote weighs.

    `agrees` is `None` when no answer could be read in it.
    """

    model: str
    agrees: bool | None
    weight: float


class Step(Struct, frozen=True):
    """The fitted score after one step; `weights` are in the order of `features`.

    `lengths` is the mean and the spread of the log length of each model's answers.
    """

    weights: tuple[float, ...]
    lengths: Mapping[str, tuple[float, float]]


class Scorers(Struct, frozen=True):
    """The steps of a cascade, by the models heard so far in the order they were asked."""

    steps: Mapping[str, Step]

    def of(
        self, heard: Sequence[Heard], speaker: str, wording: Wording, question: Question
    ) -> float | None:
        """The probability that the leading answer is right; `None` for steps never fitted.

        `speaker` is the model whose reply, worded so, would be served.
        """
        step = self.steps.get(key_of([each.model for each in heard]))
        if step is None:
            return None
        mean, spread = step.lengths.get(speaker, (wording.length, 1.0))
        row = features(heard, (wording.length - mean) / spread, wording, question)
        odds = sum(a * b for a, b in zip(row, step.weights, strict=True))
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, odds))))


def key_of(models: Sequence[str]) -> str:
    return "|".join(models)


def wording_of(text: str, *, plain: bool) -> Wording:
    """The wording of a reply's text."""
    hedges = sum(1 for _ in zip(_HEDGES.finditer(text), range(_MOST_HEDGES), strict=False))
    return Wording(math.log(len(text) + 20), float(hedges), plain)


def features(
    heard: Sequence[Heard], length: float, wording: Wording, question: Question
) -> list[float]:
    """One row: a constant, who agrees, the weight and the share of the leader, wording, traits.

    `length` is in spreads from the speaker's usual length.
    """
    lead = sum(each.weight for each in heard if each.agrees)
    total = sum(each.weight for each in heard if each.agrees is not None)
    traits = (*question.traits, *([0.0] * TRAITS))[:TRAITS]
    return [
        1.0,
        *(0.0 if each.agrees is None else 1.0 if each.agrees else -1.0 for each in heard),
        lead / total if total > 0.0 else 0.0,
        math.log1p(lead),
        0.0 if any(each.agrees for each in heard) else 1.0,
        length,
        wording.hedges,
        1.0 if wording.plain else 0.0,
        *traits,
    ]
