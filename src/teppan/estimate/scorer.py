"""Is the best answer so far right, and is the next model worth its price: what a cascade learns.

FrugalGPT (Chen et al. 2023, arXiv 2305.05176) scores a cheap answer by its text; others stop when
two models agree. Here both are evidence: who agrees with the leading answer, how heavy the vote
for it is, how its speaker words it, and what kind of question it is. Two figures come of it: the
probability that the answer is right, and what going on would gain beyond its cost. They differ:
a question that defeats every model is not worth asking on, however doubtful the answer is.
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
MAIN = 6
"""How many of the features come first and matter most; the others are details."""


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
    """What was fitted after one step; weights are in the order of `features`.

    `chance` gives the log odds that the leading answer is right, `gain` the quality that going on
    adds less its cost (none after the last step). `lengths` is the mean and the spread of the log
    length of each model's answers.
    """

    chance: tuple[float, ...]
    gain: tuple[float, ...]
    lengths: Mapping[str, tuple[float, float]]


class Score(Struct, frozen=True):
    """The probability that the leading answer is right, and what asking the next model gains."""

    chance: float
    gain: float


class Scorers(Struct, frozen=True):
    """The steps of a cascade, by the models heard so far in the order they were asked."""

    steps: Mapping[str, Step]

    def of(
        self, heard: Sequence[Heard], speaker: str, wording: Wording, question: Question
    ) -> Score | None:
        """The score of the leading answer; `None` for steps never fitted.

        `speaker` is the model whose reply, worded so, would be served.
        """
        step = self.steps.get(key_of([each.model for each in heard]))
        if step is None:
            return None
        mean, spread = step.lengths.get(speaker, (wording.length, 1.0))
        row = features(heard, (wording.length - mean) / spread, wording, question)
        odds = sum(a * b for a, b in zip(row, step.chance, strict=True))
        chance = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, odds))))
        gain = sum(a * b for a, b in zip(row, step.gain, strict=True)) if step.gain else 0.0
        return Score(chance, gain)


def key_of(models: Sequence[str]) -> str:
    return "|".join(models)


def wording_of(text: str, *, plain: bool) -> Wording:
    """The wording of a reply's text."""
    hedges = sum(1 for _ in zip(_HEDGES.finditer(text), range(_MOST_HEDGES), strict=False))
    return Wording(math.log(len(text) + 20), float(hedges), plain)


def features(
    heard: Sequence[Heard], length: float, wording: Wording, question: Question
) -> list[float]:
    """One row: a constant; how many agree, the share and the weight of the leader; then details:
    who agrees, the wording, the traits of the question.

    `length` is in spreads from the speaker's usual length.
    """
    lead = sum(each.weight for each in heard if each.agrees)
    total = sum(each.weight for each in heard if each.agrees is not None)
    agreeing = sum(1 for each in heard if each.agrees)
    traits = (*question.traits, *([0.0] * TRAITS))[:TRAITS]
    return [
        1.0,
        1.0 if agreeing > 1 else 0.0,
        1.0 if agreeing > 2 else 0.0,
        lead / total if total > 0.0 else 0.0,
        math.log1p(lead),
        0.0 if agreeing else 1.0,
        *(0.0 if each.agrees is None else 1.0 if each.agrees else -1.0 for each in heard),
        length,
        wording.hedges,
        1.0 if wording.plain else 0.0,
        *traits,
    ]
