"""A month that was driven -> what it cost, how good it was, and how sure that is.

Two months of the same customers are compared request by request. A persona's answer to a question
is right or wrong as a whole, whoever asks and however often: so the interval comes from drawing
*questions* again, not requests (a cluster bootstrap; drawing requests would claim too much).
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from month.drive import Run, Served
from teppan.core.trace import ModelCall
from teppan.simulate.personas import Cast
from teppan.simulate.questions import Question

DRAWS = 2000


@dataclass(slots=True)
class Row:
    """One way to answer, over all seeds. Money in micro-dollars, shares from 0 to 1."""

    name: str
    asked: int = 0
    right: int = 0
    cost: int = 0
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cached_in: int = 0
    failed: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    other_question: int = 0
    wrong_hits: int = 0
    latency: list[float] = field(default_factory=list)
    by_intent: dict[str, list[int]] = field(default_factory=dict)
    models: Counter[str] = field(default_factory=Counter)
    rights: list[tuple[str, bool]] = field(default_factory=list)
    """Of each request, in order: the question (with its seed), and whether it was right."""
    seconds: float = 0.0

    @property
    def quality(self) -> float:
        return self.right / self.asked

    def add(self, run: Run, cast: Cast, seed: int) -> None:
        """Adds the month of one seed."""
        made: dict[str, list[ModelCall]] = defaultdict(list)
        for call in run.calls:
            made[call.trace_id].append(call)
            self.cost += call.cost or 0
            self.tokens_in += call.usage.input
            self.tokens_out += call.usage.output
            self.cached_in += call.usage.cached
            self.models[call.model] += 1
        self.calls += len(run.calls)
        self.failed += run.failed
        asked_by_trace = {each.trace_id: each for each in run.served}
        for each in run.served:
            self.count(each.step.question, each.right, seed)
            self.latency.append(waited(made.get(each.trace_id, ()), cast))
            if each.cache in ("exact", "semantic"):
                self._hit(each, run, asked_by_trace)

    def plus(self, other: Row) -> Row:
        """Both together: two seeds of one row."""
        both = Row(self.name)
        for name in ("asked", "right", "cost", "calls", "tokens_in", "tokens_out", "cached_in",
                     "failed", "hits", "other_question", "wrong_hits", "latency", "models",
                     "rights", "seconds"):  # fmt: skip
            setattr(both, name, getattr(self, name) + getattr(other, name))
        for intent in {**self.by_intent, **other.by_intent}:
            right, asked = self.by_intent.get(intent, (0, 0))
            more, further = other.by_intent.get(intent, (0, 0))
            both.by_intent[intent] = [right + more, asked + further]
        return both

    def count(self, question: Question, right: bool, seed: int) -> None:
        """Counts one answer."""
        self.asked += 1
        self.right += right
        tally = self.by_intent.setdefault(question.intent, [0, 0])
        tally[0] += right
        tally[1] += 1
        self.rights.append((f"{seed}/{question.id}", right))

    def _hit(self, each: Served, run: Run, asked: Mapping[str, Served]) -> None:
        """A hit is wrong when its answer is, though it was right where it was first given."""
        self.hits[each.cache] += 1
        trace = run.traces.get(each.trace_id)
        source = asked.get(trace.remembered.source) if trace and trace.remembered else None
        if source is None:
            return
        self.other_question += source.step.question.id != each.step.question.id
        self.wrong_hits += source.right and not each.right

    def told(self, reference: Row) -> dict[str, Any]:
        """The row as it is printed, beside the reference."""
        low, high = interval(self.rights, reference.rights)
        hits = sum(self.hits.values())
        return {
            "cost_micros": self.cost,
            "saved": round(1.0 - self.cost / reference.cost, 4),
            "quality": round(self.quality, 4),
            "quality_gain": round(self.quality - reference.quality, 4),
            "quality_gain_95": [round(low, 4), round(high, 4)],
            "quality_gain_by_seed": _by_seed(self.rights, reference.rights),
            "by_intent": {
                intent: round(right / asked, 4)
                for intent, (right, asked) in sorted(self.by_intent.items())
            },
            "hits": {kind: round(count / self.asked, 4) for kind, count in self.hits.items()},
            "hit_share": round(hits / self.asked, 4),
            "wrong_hits": round(self.wrong_hits / hits, 4) if hits else None,
            "hits_of_another_question": round(self.other_question / hits, 4) if hits else None,
            "tokens_in": self.tokens_in,
            "tokens_in_of_reference": round(self.tokens_in / reference.tokens_in, 4),
            "tokens_out": self.tokens_out,
            "cached_in": self.cached_in,
            "calls_per_request": round(self.calls / self.asked, 3),
            "latency_p50": round(median(self.latency), 3),
            "failed": self.failed,
            "requests": self.asked,
            "models": dict(self.models.most_common()),
        }


def waited(calls: Sequence[ModelCall], cast: Cast) -> float:
    """Seconds a customer would have waited for these calls at the personas' median speeds.

    Calls that overlapped count as the longest of them; checks behind the answer do not count.
    """
    total, reached, longest = 0.0, float("-inf"), 0.0
    for call in sorted(calls, key=lambda each: each.started):
        if call.role in ("verify", "shadow"):
            continue
        vendor, _, name = call.model.partition("/")
        persona = cast.find(vendor, name)
        if persona is None:
            continue
        length = (persona.first_ms + persona.token_ms * call.usage.output) / 1000.0
        if call.started < reached:
            longest = max(longest, length)
        else:
            total, longest = total + longest, length
        reached = max(reached, call.started + call.latency)
    return total + longest


def _by_seed(
    ours: Sequence[tuple[str, bool]], theirs: Sequence[tuple[str, bool]]
) -> dict[str, float]:
    """The difference in quality, month by month."""
    gained: dict[str, list[int]] = defaultdict(list)
    for (question, mine), (_, other) in zip(ours, theirs, strict=True):
        gained[question.partition("/")[0]].append(mine - other)
    return {seed: round(sum(some) / len(some), 4) for seed, some in gained.items()}


def interval(
    ours: Sequence[tuple[str, bool]], theirs: Sequence[tuple[str, bool]], seed: int = 7
) -> tuple[float, float]:
    """95 % of the difference in quality, by drawing questions with replacement."""
    gained: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (question, mine), (_, other) in zip(ours, theirs, strict=True):
        gained[question][0] += mine - other
        gained[question][1] += 1
    clusters = [(gain, count) for gain, count in gained.values()]
    chance = random.Random(seed)
    means = []
    for _ in range(DRAWS):
        drawn = chance.choices(clusters, k=len(clusters))
        means.append(sum(gain for gain, _ in drawn) / sum(count for _, count in drawn))
    means.sort()
    return means[int(0.025 * DRAWS)], means[int(0.975 * DRAWS) - 1]
