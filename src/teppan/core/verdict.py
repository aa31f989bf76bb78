"""Judgements as values: small, frozen, each with its reason. The code that acts on them is dumb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from teppan.core.chat import Json

AgreementLevel = Literal["high", "medium", "low", "conflicting"]

NEEDS_IMPROVEMENT = "NEEDS_IMPROVEMENT"


class RetryDecision(Struct, frozen=True):
    """What to do after a failed attempt.

    `retry` the same model after `wait` seconds, `next_key` at once with another key of the same
    vendor, `next_model` in the fallback chain, or `fail` the request: trying cannot help.
    """

    action: Literal["retry", "next_key", "next_model", "fail"]
    wait: float
    reason: str


class Judgement(Struct, frozen=True):
    """What a critic says of one reply."""

    label: str
    score: float
    issues: tuple[str, ...] = ()
    hallucinations: tuple[str, ...] = ()
    violations: tuple[str, ...] = ()


class Verdict(Struct, frozen=True, kw_only=True):
    """A critic's judgement of replies to one question.

    `best` is the label of the best reply or `NEEDS_IMPROVEMENT`; scores and confidence are in
    [0, 1]. `fallback` says why the verdict is not the critic's own (it failed, or sent no valid
    JSON) and the most trusted reply was taken instead. `consistent` is false when the two
    orders of the replies were judged differently.
    """

    best: str
    consensus_score: float = 0.0
    agreement: AgreementLevel = "low"
    judgements: tuple[Judgement, ...] = ()
    confidence: float = 0.0
    improvement: str = ""
    reason: str = ""
    critic: str = ""
    consistent: bool | None = None
    fallback: str | None = None

    @property
    def violations(self) -> tuple[str, ...]:
        return tuple(rule for each in self.judgements for rule in each.violations)


GuardStatus = Literal["", "passed", "regenerated", "noted", "replaced", "unchecked"]
"""How an answer left the rules of its business: nothing looked at it, it kept them, its second
writing did, it was served although a minor rule is broken, the safe answer was served instead, the
rules themselves failed."""


class Violation(Struct, frozen=True):
    """A rule that an answer broke, as code found it.

    `found` says in words what was seen, `draft` which writing it was: 1 the first, 2 the second.
    """

    rule: str
    severity: Literal["low", "medium", "high"]
    found: str
    draft: int = 1


class Confidence(Struct, frozen=True):
    """The probability that an answer is right.

    `basis` names what it rests on (`vote share`, `critic`, `trust`, ...); `raw` is the figure
    before calibration; `calibrated` is false when no calibration was fitted for this task and
    the shipped prior was used.
    """

    value: float
    basis: str
    raw: float
    calibrated: bool = False


class TrustUpdate(Struct, frozen=True):
    """One step of a model's trust on one kind of task: kept, so that trust can be explained."""

    model: str
    task_type: str
    before: float
    after: float
    quality: float
    trace_id: str = ""
    at: float = 0.0


Evidence = Mapping[str, Json]
"""What a strategy saw when it decided: votes, weights, similarities; JSON values only."""
