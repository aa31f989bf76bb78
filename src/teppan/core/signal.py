"""The words of the learning road: how good an answer was, and an example to learn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from teppan.core.chat import Message
from teppan.core.money import Micros
from teppan.core.verdict import Verdict

PartName = Literal["feedback", "outcome", "coherence", "sentiment", "efficiency"]

PARTS: tuple[PartName, ...] = ("feedback", "outcome", "coherence", "sentiment", "efficiency")


class Part(Struct, frozen=True):
    """One side of a score. `value` is in [0, 1], or `None` where nothing tells it; `weight` is what
    it counted with, after the missing ones gave theirs away. `why` says what was seen."""

    name: PartName
    value: float | None
    weight: float = 0.0
    why: str = ""


class Score(Struct, frozen=True):
    """How good an answer was, in [0, 1], with all it is made of.

    `cap` is the most it could be and `capped` why: a broken rule, a verdict, a correction. `known`
    is the share of the configured weights whose parts were there.
    """

    value: float
    parts: tuple[Part, ...] = ()
    cap: float = 1.0
    capped: str = ""
    known: float = 1.0

    def part(self, name: PartName) -> Part:
        """Raises `KeyError` for a part that was not scored."""
        for each in self.parts:
            if each.name == name:
                return each
        raise KeyError(name)


Terms = Literal["free", "own", "restricted", "unknown"]
"""What the vendor of a model allows: train anything (`free`), one's own model only (`own`), nothing
that competes (`restricted`)."""


class Provenance(Struct, frozen=True):
    """Where an example comes from: whose words, under which release, what their terms allow."""

    model: str
    terms: Terms = "unknown"
    release: str = ""
    strategy: str = ""
    source: Literal["served", "correction", "shadow", "distilled", "review"] = "served"


class Signal(Struct, frozen=True, kw_only=True):
    """A scored example made of one trace.

    `messages` are what was asked (the prompt included), `chosen` the answer to learn, `rejected`
    ones it was preferred to. `truth` is what a person wrote or approved. `agreed` is the share of
    the members that said the same, `rated` whether people said anything. `blocked` names every
    reason for which it may not train.
    """

    id: str
    tenant: str
    trace_id: str
    episode: str | None
    user: str | None = None
    messages: tuple[Message, ...]
    chosen: str
    rejected: tuple[str, ...] = ()
    truth: str | None = None
    score: Score
    verdict: Verdict | None = None
    outcomes: Mapping[str, float] = {}
    task_type: str | None = None
    intent: str = ""
    language: str = ""
    agreed: float | None = None
    rated: bool = False
    cost: Micros | None = None
    provenance: Provenance
    blocked: tuple[str, ...] = ()
    at: float = 0.0

    @property
    def quality(self) -> float:
        return self.score.value

    @property
    def trains(self) -> bool:
        """Whether it may become training data."""
        return not self.blocked
