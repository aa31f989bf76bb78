"""Traces of a time -> scored examples: joined with what was said and what came of them since.

    traces ── conversation around each ── feedback, outcomes, corrections ── score ── signal

Run again over the same time it makes the same rows, so it may be broken off anywhere. What became
known late (a rating after days) brings its trace back: `again` names the traces that were spoken of
since the last time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from teppan.core.chat import Message
from teppan.core.ids import Scope
from teppan.core.signal import Signal
from teppan.core.trace import Trace
from teppan.learn.scoring import Heard, Reviewed, Scorer
from teppan.learn.signals import Filters, TermsOf, signal_of

JOB = "job"
"""The endpoint of what jobs ask (`serve/backroom.py`)."""
IntentOf = Callable[[str], tuple[str, float]]


class Spoken(Struct, frozen=True):
    """What is known of one trace: ratings in [0, 1], one for each source; outcomes by metric; the
    better text, if somebody wrote one; what a reviewer decided."""

    ratings: tuple[float, ...] = ()
    outcomes: Mapping[str, float] = {}
    corrected: str | None = None
    reviewed: Reviewed | None = None


class Talk(Protocol):
    async def of(self, scope: Scope, trace: Trace) -> Spoken:
        """What people and the business said of a trace and its conversation."""


class Kept(Protocol):
    async def put(self, scope: Scope, made: Sequence[Signal]) -> int: ...

    async def drop(self, scope: Scope, trace_ids: Sequence[str]) -> int: ...


class Gathered(Struct, frozen=True):
    """What one run saw and made. `new` rows were not there before, `kept` in all make an example,
    `dropped` made one before and do no more."""

    traces: int = 0
    kept: int = 0
    new: int = 0
    dropped: int = 0


class Gatherer:
    """Makes examples of traces. `terms_of` says what may be trained on whose words."""

    def __init__(
        self,
        scorer: Scorer,
        spoken: Talk,
        kept: Kept,
        terms_of: TermsOf,
        filters: Filters | None = None,
        intent_of: IntentOf | None = None,
    ) -> None:
        self._scorer = scorer
        self._spoken = spoken
        self._kept = kept
        self._terms_of = terms_of
        self._filters = filters or Filters()
        self._intent_of = intent_of

    async def gather(self, scope: Scope, traces: Sequence[Trace]) -> Gathered:
        """Scores these traces and keeps what may be learned from. Raises `StoreError`; what was
        kept before stays, and the whole may be run again."""
        following = follow(traces)
        made: list[Signal] = []
        gone: list[str] = []
        for trace in traces:
            if trace.endpoint == JOB:  # what a job asked is learned from by that job
                continue
            signal = await self._one(scope, trace, following.get(trace.id))
            if signal is None:
                gone.append(trace.id)
            else:
                made.append(signal)
        new = await self._kept.put(scope, made)
        dropped = await self._kept.drop(scope, gone)
        return Gathered(len(traces), len(made), new, dropped)

    async def _one(self, scope: Scope, trace: Trace, next_one: Trace | None) -> Signal | None:
        if trace.request is None or trace.answer is None:
            return None
        spoken = await self._spoken.of(scope, trace)
        heard = heard_of(trace, next_one, spoken)
        intent = self._intent_of(trace.request.question)[0] if self._intent_of else ""
        score = self._scorer.score(heard)
        return signal_of(heard, score, self._terms_of, self._filters, intent=intent)


def heard_of(trace: Trace, next_one: Trace | None, spoken: Spoken) -> Heard:
    """One trace with the conversation around it."""
    messages = trace.request.messages if trace.request else ()
    customer = [each.text for each in messages if each.role == "user"]
    after = [next_one.request.question] if next_one is not None and next_one.request else []
    return Heard(
        trace=trace,
        before=customer[-1:],
        after=after,
        answers=[each.text for each in messages if each.role == "assistant" and each.text],
        ratings=spoken.ratings,
        outcomes=spoken.outcomes,
        corrected=spoken.corrected,
        reviewed=spoken.reviewed,
    )


def follow(traces: Sequence[Trace]) -> dict[str, Trace]:
    """By trace the one that came next in its conversation.

    Clients send the whole conversation again with every turn, so the next request begins with the
    words of this one and its answer; where they do not, an episode tells, by time.
    """
    ended = {}
    for trace in traces:
        if trace.request is not None and trace.answer is not None:
            ended[_place((*_spoken(trace.request.messages), trace.answer.text))] = trace
    found: dict[str, Trace] = {}
    last: dict[str, Trace] = {}
    for trace in sorted(traces, key=lambda each: each.started):
        if trace.request is None:
            continue
        before = ended.get(_place(_spoken(trace.request.messages)[:-1]))
        if before is None and trace.episode is not None:
            before = last.get(trace.episode)
        if before is not None and before.id != trace.id:
            found.setdefault(before.id, trace)
        if trace.episode is not None:
            last[trace.episode] = trace
    return found


def _spoken(messages: Sequence[Message]) -> tuple[str, ...]:
    """What was said, without what the gateway or the client told the model."""
    return tuple(each.text for each in messages if each.role in ("user", "assistant"))


def _place(said: Sequence[str]) -> str:
    whole = "\0".join(" ".join(each.split()) for each in said)
    return hashlib.sha256(whole.encode()).hexdigest()
