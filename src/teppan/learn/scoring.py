"""How good an answer was, from what is known of it days later.

    feedback    30 %   what people said of it                 (each source once; robust)
    outcome     25 %   what the business saw: booked, escalated, left
    coherence   20 %   on topic, and at one with what was said before     (`coherence.py`)
    sentiment   15 %   the customer's mood after it, how it changed, and whether they object
    efficiency  10 %   quick, short, and not asked again

A part that nothing tells gives its weight to the others, and the score says how much was known.
What broke a rule, or a critic found wrong, or a person corrected, is capped however it was liked.
What a reviewer approved is good whatever a critic thought of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from teppan.core.signal import PARTS, Part, PartName, Score
from teppan.core.trace import Trace
from teppan.core.verdict import NEEDS_IMPROVEMENT
from teppan.learn.coherence import Vectors, coherence, repeats
from teppan.learn.objections import objects
from teppan.routing.language import Languages
from teppan.routing.sentiment import sentiment

WEIGHTS: Mapping[PartName, float] = {
    "feedback": 0.30,
    "outcome": 0.25,
    "coherence": 0.20,
    "sentiment": 0.15,
    "efficiency": 0.10,
}
OUTCOMES: Mapping[str, float] = {
    "booking": 1.0,
    "resolved": 1.0,
    "escalated": 0.2,
    "abandoned": 0.0,
    "cancelled": 0.4,
}
"""What an outcome is worth; another metric counts by its own value, squeezed into [0, 1]."""
RULE_CAPS: Mapping[str, float] = {"high": 0.0, "medium": 0.25, "low": 0.6}
CORRECTED = 0.5
"""The most an answer is worth that a person wrote anew."""
REJECTED = 0.2
"""The most it is worth when a reviewer rejected it."""
APPROVED = 0.95
"""The least it is worth when a reviewer approved it, and it breaks no rule."""
_QUICK, _SLOW = 2.0, 30.0
"""Seconds to an answer that nobody minds, and that everybody does."""
_SHORT, _LONG = 80, 400
"""Words of an answer that are read, and that are not."""
_OBJECTED = 0.15
"""The mood of somebody who says that an answer was wrong, however calmly."""
_MOVED = 0.5
"""How much of the mood is its change since before the answer."""


class Reviewed(Struct, frozen=True):
    """What a reviewer decided of an answer; what the model `suggester` would have said instead."""

    decision: Literal["approved", "edited", "rejected"]
    suggestion: str = ""
    suggester: str = ""


class Heard(Struct, frozen=True, kw_only=True):
    """One trace, and all that is known of it. `before` and `after` are the customer's messages of
    the conversation around it, `answers` what was answered before. `ratings` are in [0, 1], one for
    each source; `outcomes` by metric. `corrected` is the better text, if somebody wrote one."""

    trace: Trace
    before: Sequence[str] = ()
    after: Sequence[str] = ()
    answers: Sequence[str] = ()
    ratings: Sequence[float] = ()
    outcomes: Mapping[str, float] = {}
    corrected: str | None = None
    reviewed: Reviewed | None = None

    @property
    def approved(self) -> bool:
        return self.reviewed is not None and self.reviewed.decision == "approved"


class Scorer:
    """Scores answers. `vectors` embed texts, for what is on topic; weights need not sum to one."""

    def __init__(
        self,
        languages: Languages,
        vectors: Vectors | None = None,
        weights: Mapping[PartName, float] = WEIGHTS,
        outcomes: Mapping[str, float] = OUTCOMES,
    ) -> None:
        self._languages = languages
        self._vectors = vectors
        self._weights = weights
        self._outcomes = outcomes

    def score(self, heard: Heard) -> Score:
        """The score of one answer. A trace without words has no coherence and no sentiment."""
        parts = (
            self._feedback(heard),
            self._outcome(heard),
            self._coherence(heard),
            self._sentiment(heard),
            self._efficiency(heard),
        )
        found = summed(parts, self._weights, *cap_of(heard))
        if not heard.approved:
            return found
        return replace(found, value=max(found.value, min(APPROVED, found.cap)), known=1.0)

    def _feedback(self, heard: Heard) -> Part:
        if not heard.ratings:
            return Part("feedback", None, why="nobody said anything")
        value = sum(heard.ratings) / len(heard.ratings)
        return Part("feedback", value, why=f"{len(heard.ratings)} said {value:.2f}")

    def _outcome(self, heard: Heard) -> Part:
        """The best and the worst thing that came of it count alike."""
        if not heard.outcomes:
            return Part("outcome", None, why="nothing came of it yet")
        worth = {
            name: (self._outcomes[name] if value else 1.0 - self._outcomes[name])
            if name in self._outcomes
            else min(1.0, max(0.0, value))
            for name, value in heard.outcomes.items()
        }
        value = (max(worth.values()) + min(worth.values())) / 2
        return Part("outcome", value, why=", ".join(sorted(worth)))

    def _coherence(self, heard: Heard) -> Part:
        trace = heard.trace
        if trace.request is None or trace.answer is None or not trace.answer.text.strip():
            return Part("coherence", None, why="no words were kept")
        found = coherence(trace.request.question, trace.answer.text, heard.answers, self._vectors)
        return Part("coherence", found.value, why=found.why)

    def _sentiment(self, heard: Heard) -> Part:
        if not heard.after:
            return Part("sentiment", None, why="the customer said nothing after it")
        mood, objected = self._answered_by(heard.after[0])
        if not heard.before:
            return Part("sentiment", mood, why=f"mood {mood:.2f} after it{objected}")
        was = self._mood(heard.before[-1])
        moved = min(1.0, max(0.0, 0.5 + mood - was))
        value = _MOVED * moved + (1.0 - _MOVED) * mood
        return Part("sentiment", value, why=f"mood {was:.2f} before, {mood:.2f} after{objected}")

    def _answered_by(self, text: str) -> tuple[float, str]:
        """The mood of what was said after an answer; who objects to it calmly was not served."""
        mood = self._mood(text)
        objection = objects(text, self._languages.of(text[:4000]))
        if not objection:
            return mood, ""
        return min(mood, _OBJECTED), f", with the words: {objection[:60]}"

    def _mood(self, text: str) -> float:
        return sentiment(text[:4000], self._languages.of(text[:4000]))

    def _efficiency(self, heard: Heard) -> Part:
        trace = heard.trace
        found = {"quick": _falling(trace.latency, _QUICK, _SLOW)}
        if trace.answer is not None:
            found["short"] = _falling(len(trace.answer.text.split()), _SHORT, _LONG)
        if trace.request is not None and heard.after:
            again = repeats(trace.request.question, heard.after[0])
            found["not asked again"] = 0.0 if again else 1.0
        value = sum(found.values()) / len(found)
        return Part("efficiency", value, why=", ".join(f"{k} {v:.2f}" for k, v in found.items()))


def cap_of(heard: Heard) -> tuple[float, str]:
    """The most an answer can be worth, and why."""
    trace, caps = heard.trace, [(1.0, "")]
    for broken in trace.violations:
        if broken.draft == max(each.draft for each in trace.violations) and not trace.passed_rules:
            caps.append((RULE_CAPS[broken.severity], f"rule {broken.rule}"))
    if trace.guarded == "replaced":
        caps.append((0.0, "the safe answer stood in for it"))
    if trace.status != "ok":
        caps.append((0.0, trace.status))
    if heard.reviewed is not None and heard.reviewed.decision == "rejected":
        caps.append((REJECTED, "a reviewer rejected it"))
    if heard.corrected is not None and not heard.approved:
        caps.append((CORRECTED, "a person wrote it anew"))
    verdict = trace.verdict
    if verdict is not None and verdict.fallback is None and not heard.approved:
        if verdict.best == NEEDS_IMPROVEMENT:
            caps.append((0.3, "the critic wanted another"))
        for judged in verdict.judgements:
            if judged.label == verdict.best and judged.hallucinations:
                caps.append((0.4, "the critic found something made up"))
    return min(caps, key=lambda each: each[0])


def summed(
    parts: Sequence[Part], weights: Mapping[PartName, float], cap: float = 1.0, why: str = ""
) -> Score:
    """The weighted mean of the parts that are known, under its cap.

    Without any the score is 0.5 under the cap, of which nothing is known.
    """
    there = [each for each in parts if each.value is not None and weights.get(each.name, 0.0) > 0]
    whole = math.fsum(weights.get(name, 0.0) for name in PARTS)
    total = math.fsum(weights[each.name] for each in there)
    shared = {each.name: weights[each.name] / total for each in there} if total else {}
    value = math.fsum(shared[each.name] * (each.value or 0.0) for each in there) if there else 0.5
    value = min(1.0, max(0.0, value))
    told = tuple(
        Part(each.name, each.value, shared.get(each.name, 0.0), each.why) for each in parts
    )
    known = total / whole if whole else 0.0
    return Score(min(value, cap), told, cap, why if value > cap or cap < 1.0 else "", known)


def _falling(value: float, good: float, bad: float) -> float:
    """1 up to `good`, 0 from `bad` on, by the logarithm in between."""
    if value <= good:
        return 1.0
    return 0.0 if value >= bad else 1.0 - math.log(value / good) / math.log(bad / good)
