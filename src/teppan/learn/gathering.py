"""Traces of a time -> scored examples: joined with what was said and what came of them since.

    traces ── conversation around each ── feedback, outcomes, corrections ── score ── signal

Run again over the same time it makes the same rows, so it may be broken off anywhere. What became
known late (a rating after days) is in the score when its trace is given again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from teppan.core.ids import Scope
from teppan.core.signal import Signal
from teppan.core.trace import JOB, Trace
from teppan.learn.links import Links
from teppan.learn.scoring import Heard, Reviewed, Scorer
from teppan.learn.signals import Filters, TermsOf, signal_of

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


class Talks(Protocol):
    async def of_all(self, scope: Scope, traces: Sequence[Trace]) -> Mapping[str, Spoken]:
        """The same of many traces, by id."""


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

    def plus(self, more: Gathered) -> Gathered:
        """Both together."""
        return Gathered(
            self.traces + more.traces,
            self.kept + more.kept,
            self.new + more.new,
            self.dropped + more.dropped,
        )


class Gatherer:
    """Makes examples of traces. `terms_of` says what may be trained on whose words."""

    def __init__(
        self,
        scorer: Scorer,
        spoken: Talks,
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

    async def gather(
        self,
        scope: Scope,
        traces: Sequence[Trace],
        links: Links | None = None,
        only: Container[str] | None = None,
    ) -> Gathered:
        """Scores these traces and keeps what may be learned from. Raises `StoreError`; what was
        kept before stays, and the whole may be run again.

        Where they are one page of many, pages come the newest first, and `links` carries
        conversations over from page to page. With `only` the others are but looked at for what
        they say of the ones before them.
        """
        links = links or Links(max(1, len(traces)))
        wanted: list[tuple[Trace, str | None]] = []
        for trace in newest_first(traces):
            if trace.endpoint == JOB:  # what a job asked is learned from by that job
                continue
            following = links.before(trace)
            if only is None or trace.id in only:
                wanted.append((trace, following.question if following else None))
        return await self._keep(scope, wanted)

    async def _keep(self, scope: Scope, wanted: Sequence[tuple[Trace, str | None]]) -> Gathered:
        told = await self._spoken.of_all(scope, [trace for trace, _ in wanted])
        made: list[Signal] = []
        gone: list[str] = []
        for trace, after in wanted:
            signal = self._one(trace, after, told.get(trace.id, Spoken()))
            if signal is None:
                gone.append(trace.id)
            else:
                made.append(signal)
            await asyncio.sleep(0)  # the night may run beside answers: they go first
        new = await self._kept.put(scope, made)
        dropped = await self._kept.drop(scope, gone)
        return Gathered(len(wanted), len(made), new, dropped)

    def _one(self, trace: Trace, after: str | None, spoken: Spoken) -> Signal | None:
        if trace.request is None or trace.answer is None:
            return None
        heard = heard_in(trace, after, spoken)
        intent = self._intent_of(trace.request.question)[0] if self._intent_of else ""
        score = self._scorer.score(heard)
        return signal_of(heard, score, self._terms_of, self._filters, intent=intent)


def heard_of(trace: Trace, next_one: Trace | None, spoken: Spoken) -> Heard:
    """One trace with the conversation around it."""
    asked = next_one.request.question if next_one is not None and next_one.request else None
    return heard_in(trace, asked, spoken)


def heard_in(trace: Trace, after: str | None, spoken: Spoken) -> Heard:
    """The same, where of the next turn only the customer's words are known."""
    messages = trace.request.messages if trace.request else ()
    customer = [each.text for each in messages if each.role == "user"]
    return Heard(
        trace=trace,
        before=customer[-1:],
        after=[] if after is None else [after],
        answers=[each.text for each in messages if each.role == "assistant" and each.text],
        ratings=spoken.ratings,
        outcomes=spoken.outcomes,
        corrected=spoken.corrected,
        reviewed=spoken.reviewed,
    )


def follow(traces: Sequence[Trace]) -> dict[str, Trace]:
    """By trace the one that came next in its conversation (`links.py`)."""
    links = Links(max(1, len(traces)))
    by_id = {trace.id: trace for trace in traces}
    found: dict[str, Trace] = {}
    for trace in newest_first(traces):
        following = links.before(trace)
        if following is not None:
            found[trace.id] = by_id[following.trace_id]
    return found


def newest_first(traces: Sequence[Trace]) -> list[Trace]:
    return sorted(traces, key=lambda each: (each.started, each.id), reverse=True)
