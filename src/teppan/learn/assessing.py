"""Scored traces -> what tells the quality of an answer before it is sent; its error; its age.

    traces spoken of ── heard, scored ── known well enough? ── good or not
                                                ┬─ earlier ── fit ──┐
                                                └─ later ── errors ─┴─> all: fit

Good is what people said it was and what came of it, as the score weighs them (`scoring.py`); what a
reviewer decided goes before both. The other sides of a score (on topic, short, quick) are made of
the answer itself: a fit would find them again in its own figures and tell nobody anything. Answers
of which nothing was said and nothing came teach nothing.

The error that is shown is that of a fit on earlier conversations, on later ones. What is served by
is then fitted on all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from teppan.core.ids import Scope
from teppan.core.signal import PartName
from teppan.core.trace import JOB, Trace
from teppan.estimate import predictor
from teppan.estimate.predictor import Labelled, Predictor, labelled
from teppan.estimate.seen import seen_of
from teppan.learn.evals.chances import Errors, Range, errors, gain, shift
from teppan.learn.gathering import IntentOf, Spoken, Talks, heard_in
from teppan.learn.scoring import Heard, Scorer, summed

Report = Callable[[int, int, str], None]
"""How far a stage is: done, in all, what."""
DAY = 86_400.0
OUTSIDE: tuple[PartName, ...] = ("feedback", "outcome")
"""The sides of a score that nobody could know when the answer was sent."""
EARLIER = 0.75
"""Share of the examples that the fit whose error is shown learns from."""
FEWEST_LATER = 40
"""Examples that an error is shown on at least."""
FEWEST_SINCE = 100
"""Answers since a fit from which on its age can be told."""
OFF = 0.05
"""How far promises may be from outcomes, on average, before a fit is stale."""


class Wanted(Struct, frozen=True, kw_only=True):
    """`good` is the mean of what people said and of what came of an answer from which it is good,
    `evidence` the share of a score that they must make up, `days` how far a fit looks back, `most`
    how many of the newest examples it takes."""

    good: float = 0.6
    evidence: float = 0.25
    days: float = 90.0
    most: int = 20_000


class Past(Protocol):
    def pages(self, scope: Scope, since: float, until: float) -> AsyncIterator[Sequence[Trace]]:
        """The traces of a time of which something was said, came or was decided, the newest
        first."""


class Kept(Protocol):
    async def put(self, scope: Scope, kind: str, id: str, body: bytes) -> bool: ...

    async def body(self, scope: Scope, kind: str) -> bytes | None:
        """The live one."""


class Desk(Struct, frozen=True):
    """What the stage works with. `language_of` hears the language of a question."""

    past: Past
    talks: Talks
    kept: Kept
    scorer: Scorer
    wanted: Wanted = Wanted()
    intent_of: IntentOf | None = None
    language_of: Callable[[str], str] | None = None


class Compared(Struct, frozen=True):
    """The errors on later conversations: of the fit, of the rate that was usual before them, of the
    confidence that was stated (the usual rate where none was). `over_*` is the log loss that the
    fit saves beside them."""

    ours: Errors
    constant: Errors
    stated: Errors
    over_constant: Range
    over_stated: Range

    @property
    def better(self) -> bool:
        """Whether it is surely better than both."""
        return self.over_constant.low > 0.0 and self.over_stated.low > 0.0


class Stated(Struct, frozen=True):
    """What is kept of a fit: the state, and how wrong it was. Serving reads the first only."""

    predictor: Predictor
    error: Compared


class Fitted(Struct, frozen=True):
    """What one run came to; `traces` are those that were spoken of. `refused` says in words why
    there is no fit; `new` is false when it is the one that was live already."""

    traces: int = 0
    examples: int = 0
    id: str = ""
    new: bool = False
    refused: str = ""
    error: Compared | None = None


class Staleness(Struct, frozen=True):
    """How a fit does on answers since. `off` is the mean promise less the mean outcome, `gain` the
    log loss it saves beside the usual rate; both `None` where too few answers tell."""

    id: str = ""
    answers: int = 0
    stale: bool = False
    why: str = ""
    error: Errors | None = None
    off: Range | None = None
    gain: Range | None = None


async def fit(desk: Desk, scope: Scope, since: float, until: float, report: Report) -> Fitted:
    """Fits on the answers of the `days` before `until` (a night's `since` would be too few), and
    makes the fit the live one. Run again over the same time it makes the same state. Raises
    `StoreError`."""
    begin = min(since, until - desk.wanted.days * DAY)
    examples, seen = await gathered(desk, scope, begin, until, report)
    found = await asyncio.to_thread(fitted, examples)
    if isinstance(found, str):
        return Fitted(seen, len(examples), refused=found)
    id = found.predictor.id
    new = await desk.kept.put(scope, predictor.STATE, id, msgspec.json.encode(found))
    return Fitted(seen, len(examples), id, new, error=found.error)


async def staleness(desk: Desk, scope: Scope, until: float) -> Staleness:
    """How the live fit does on answers that began after the last one it learned from."""
    kept = await live(desk, scope)
    if kept is None:
        return Staleness(why="nothing is fitted")
    made = kept.predictor
    examples, _ = await gathered(desk, scope, made.until, until, _quiet)
    fresh = [each for each in examples if each.at > made.until]
    return await asyncio.to_thread(aged, made, fresh)


async def live(desk: Desk, scope: Scope) -> Stated | None:
    """The live fit with its errors; `None` where nothing is fitted."""
    body = await desk.kept.body(scope, predictor.STATE)
    return None if body is None else msgspec.json.decode(body, type=Stated)


async def gathered(
    desk: Desk, scope: Scope, since: float, until: float, report: Report
) -> tuple[list[Labelled], int]:
    """The examples of a time, oldest first, and how many traces were looked at. What the customer
    said next is not heard: it is no label."""
    examples: list[Labelled] = []
    seen = 0
    async for page in desk.past.pages(scope, since, until):
        asked = [each for each in page if each.endpoint != JOB]
        told = await desk.talks.of_all(scope, asked)
        heard = [heard_in(each, None, told.get(each.id, Spoken())) for each in asked]
        examples += await asyncio.to_thread(_of_page, desk, heard)
        seen += len(page)
        report(seen, seen, "answers looked at")
        if len(examples) >= desk.wanted.most:
            break
    examples.sort(key=lambda each: (each.at, each.group))
    return examples[-desk.wanted.most :], seen


def _of_page(desk: Desk, heard: Sequence[Heard]) -> list[Labelled]:
    """The examples of a page; not on the event loop, where others wait."""
    return [made for each in heard if (made := example(desk, each)) is not None]


def example(desk: Desk, heard: Heard) -> Labelled | None:
    """What an answer teaches; `None` where too little is known of it."""
    trace = heard.trace
    if trace.status != "ok" or trace.request is None or trace.answer is None:
        return None
    good = outcome_of(desk, heard)
    if good is None:
        return None
    question = trace.request.question
    seen = seen_of(
        trace,
        intent=desk.intent_of(question)[0] if desk.intent_of else "",
        language=desk.language_of(question) if desk.language_of else "",
    )
    if seen is None or not seen.text.strip():
        return None
    return labelled(seen, float(good), trace.episode or trace.id, trace.started)


def outcome_of(desk: Desk, heard: Heard) -> bool | None:
    """Whether an answer turned out good, by what is known from outside of it; `None` where that is
    too little."""
    if heard.approved:
        return True
    if heard.reviewed is not None or heard.corrected is not None:
        return False
    if not heard.ratings and not heard.outcomes:
        return None
    score = desk.scorer.score(heard)
    weights = {each.name: each.weight * score.known for each in score.parts}
    outside = summed(score.parts, {name: weights[name] for name in OUTSIDE})
    if sum(weights[name] for name in OUTSIDE) < desk.wanted.evidence - 1e-9:
        return None
    return outside.value >= desk.wanted.good


def fitted(examples: Sequence[Labelled]) -> Stated | str:
    """The state with its errors, or in words why there is none."""
    earlier, later = split(examples)
    lacking = predictor.missing(earlier)
    if lacking:
        return f"of the earlier conversations {lacking}"
    if len(later) < FEWEST_LATER or len({each.good > 0.5 for each in later}) < 2:
        return (
            f"of the later conversations {FEWEST_LATER} scored answers, good and bad, are needed "
            f"to tell the error, {len(later)} are there"
        )
    blind, whole = predictor.fit(earlier), predictor.fit(examples)
    assert blind is not None
    assert whole is not None
    error = compared(blind, later)
    if error.over_constant.high < 0.0:
        return "it would be worse than the usual rate: its figures tell nothing here"
    return Stated(replace(whole, decides=error.better), error)


def split(examples: Sequence[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
    """Earlier and later conversations; a conversation is where it began, with all its answers."""
    began: dict[str, float] = {}
    for each in examples:
        began[each.group] = min(began.get(each.group, each.at), each.at)
    order = sorted(examples, key=lambda each: (began[each.group], each.group, each.at))
    cut = int(len(order) * EARLIER)
    while 0 < cut < len(order) and order[cut].group == order[cut - 1].group:
        cut += 1
    return order[:cut], order[cut:]


def compared(made: Predictor, later: Sequence[Labelled]) -> Compared:
    """The errors of a fit on answers it had not seen, beside what there was without it."""
    good, groups = [each.good for each in later], [each.group for each in later]
    usual = [made.base] * len(later)
    ours = chances_of(made, later)
    stated = [made.base if each.before is None else each.before for each in later]
    return Compared(
        errors(ours, good, groups),
        errors(usual, good, groups),
        errors(stated, good, groups),
        gain(ours, usual, good, groups),
        gain(ours, stated, good, groups),
    )


def chances_of(made: Predictor, examples: Sequence[Labelled]) -> list[float]:
    """What a fit says of each."""
    return [made.curve.of(made.raw(each.figures, each.marks, each.model)) for each in examples]


def aged(made: Predictor, since: Sequence[Labelled]) -> Staleness:
    """How a fit does on these answers, none of which it has learned from."""
    if len(since) < FEWEST_SINCE:
        why = f"{len(since)} scored answers since the fit: {FEWEST_SINCE} tell how it does"
        return Staleness(made.id, len(since), why=why)
    good, groups = [each.good for each in since], [each.group for each in since]
    ours = chances_of(made, since)
    off = shift(ours, good, groups)
    saved = gain(ours, [made.base] * len(since), good, groups)
    why = ""
    if off.low > OFF or off.high < -OFF:
        way = "more" if off.value > 0 else "less"
        why = f"it promises {abs(off.value):.0%} {way} than comes"
    elif saved.high < 0.0:
        why = "the usual rate tells more by now"
    return Staleness(
        made.id,
        len(since),
        bool(why),
        why or "it still tells what comes",
        errors(ours, good, groups),
        off,
        saved,
    )


def _quiet(done: int, total: int, what: str) -> None:
    """Nobody is told."""
