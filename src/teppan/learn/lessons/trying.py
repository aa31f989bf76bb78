"""A lesson is tried on past cases before it goes live: answered with it, and without it.

    candidate ── cases of its kind ── it helps ── unrelated cases ── none worse ── live
                     └─ too few: waits            └─ refused          └─ or waits for a person

Cases it was written from, of the same conversations, or asked in nearly the same words, are never
among them. Both answers come from the virtual model as it stands now, with the lessons that are
live for that question: what counts is what the lesson adds. Trials are kept, so that another night
goes on where this one stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from teppan.core.ids import Scope, content_hash
from teppan.knowledge.lessons import Shelf, bears, told
from teppan.learn.lessons.desk import Desk, Report, Spent, Till, about, both, quiet
from teppan.learn.lessons.judging import judge
from teppan.learn.lessons.lift import Bound, Decision, decide, interval, wealth
from teppan.learn.lessons.past import Seen, seen, vectors
from teppan.store.lesson_rows import Lesson, Live, Source, Status, Trial, Tried, texts_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from teppan.learn.asking import Asked

DAY = 86_400.0
HELD_OUT = 0.95
"""Two questions that are more alike are one question."""
CLOSE = 3
"""How many times more cases of its kind are drawn from than are tried: the closest ones."""
PATIENCE, PROMISE = 20, 1.0
"""After so many cases a lesson is tried on more the same night only with more evidence."""
FAR = 4
"""Unrelated cases without which nothing goes live."""


class TriedOut(Struct, frozen=True, kw_only=True):
    """What became of the candidates; `trials` are pairs of answers that were judged."""

    lessons: int = 0
    live: int = 0
    waiting: int = 0
    refused: int = 0
    left: int = 0
    trials: int = 0
    calls: int = 0
    again: int = 0
    spent: int = 0
    finished: bool = True


class Past(Struct, frozen=True):
    """The cases there are, and their vectors."""

    cases: tuple[Seen, ...]
    rows: NDArray[np.float32]


async def try_out(
    desk: Desk, scope: Scope, since: float, until: float, report: Report = quiet
) -> TriedOut:
    """Tries candidates on what was asked before `until`: first those that were tried longest ago,
    and of those never tried the ones with most cases.

    May be cut anywhere and run again. Raises `StoreError`, `ModelNotFound`.
    """
    del since  # cases of the past are older than the day
    await desk.lessons.refresh()
    waiting = await desk.lessons.list(scope, status="candidate")
    waiting = [each for each in waiting if each.model in desk.models]
    cases = await desk.lessons.counts(scope)
    waiting.sort(key=lambda each: (_last(each), -cases.get(each.id, 0), each.created, each.id))
    chosen = waiting[: desk.policy.lessons]
    till, counts, trials, finished = Till(desk, scope), dict.fromkeys(_COUNTED, 0), 0, True
    past = await _past(desk, scope, until) if chosen else None
    for at, lesson in enumerate(chosen):
        report(at, len(chosen), f"trying {lesson.id}")
        assert past is not None
        try:
            status, tried = await _try(desk, scope, till, lesson, past)
        except Spent:
            finished = False
            break
        trials += tried
        counts[status] = counts.get(status, 0) + 1
    report(len(chosen), len(chosen), "lessons tried")
    return TriedOut(
        lessons=len(chosen),
        trials=trials,
        calls=till.calls,
        again=till.again,
        spent=till.spent,
        finished=finished,
        left=len(waiting) - sum(counts[name] for name in ("live", "waiting", "refused")),
        **{name: counts[name] for name in ("live", "waiting", "refused")},
    )


def _last(each: Lesson) -> float:
    """When it was tried; 0 for never."""
    return each.tried.at if each.tried is not None else 0.0


_COUNTED: tuple[Status, ...] = ("candidate", "live", "waiting", "refused", "retired")


async def try_one(desk: Desk, scope: Scope, lesson: Lesson, until: float) -> Lesson | None:
    """One lesson, now: what `teppan lessons try` does. Raises `Spent`, `StoreError`."""
    await desk.lessons.refresh()
    till = Till(desk, scope)
    await _try(desk, scope, till, lesson, await _past(desk, scope, until))
    return await desk.lessons.get(scope, lesson.id)


async def _past(desk: Desk, scope: Scope, until: float) -> Past:
    found: list[Seen] = []
    async for page in seen(desk, scope, until - desk.policy.past * DAY, until):
        found += page
        if len(found) >= desk.policy.pool:
            break
    found = found[: desk.policy.pool]
    return Past(tuple(found), await vectors(desk, found))


async def _try(
    desk: Desk, scope: Scope, till: Till, lesson: Lesson, past: Past
) -> tuple[Status, int]:
    """The status a lesson has now, and how many trials were made. Raises `Spent`; what was tried by
    then is kept."""
    sources = await desk.lessons.sources(scope, lesson.id)
    before = await desk.lessons.trials(scope, lesson.id)
    near, far = await _cases(desk, lesson, sources, past, {each.trace_id for each in before})
    bound = bound_of(desk)
    trials = list(before)
    live = await _live(desk, scope, lesson)
    made = 0
    try:
        for cases, close in ((near[: desk.policy.near], True), (far[: desk.policy.far], False)):
            for case in cases:
                if not _goes_on(trials, made, bound, close=close):
                    break
                trial = await _trial(desk, till, lesson, case, live, close=close)
                if trial is not None:
                    await desk.lessons.tried(scope, trial)
                    trials.append(trial)
                    made += 1
    except Spent:
        await _settle(desk, scope, lesson, trials, past)
        raise
    return await _settle(desk, scope, lesson, trials, past), made


def bound_of(desk: Desk) -> Bound:
    policy = desk.policy
    return Bound(policy.error, policy.lift, policy.worse, min(FAR, policy.far), policy.most)


def decided(trials: Sequence[Trial], bound: Bound) -> Decision:
    near = [each.difference for each in trials if each.near]
    return decide(near, [each.difference for each in trials if not each.near], bound)


def _goes_on(trials: Sequence[Trial], made: int, bound: Bound, *, close: bool) -> bool:
    """Whether another case is needed: of its kind until that is decided, or until so many show no
    promise tonight; unrelated ones only for a lesson that helps, and then all of them."""
    what = decided(trials, bound).what
    if not close:
        return what in ("helps", "passed")
    near = [each.difference for each in trials if each.near]
    return what == "more" and (made < PATIENCE or wealth(near) > PROMISE)


async def _cases(
    desk: Desk, lesson: Lesson, sources: Sequence[Source], past: Past, known: set[str]
) -> tuple[list[Seen], list[Seen]]:
    """Cases of the lesson's kind, drawn by chance from those most like it, and unrelated ones drawn
    by chance; none that it was tried on."""
    shelf = await Shelf.of([Live(lesson, texts_of(lesson, sources))], desk.embedder)
    asked = await desk.embedder.embed([each.written.question for each in sources] or [""])
    own = known | {each.trace_id for each in sources}
    talks = {each.episode for each in sources if each.episode}
    near: list[tuple[float, int]] = []
    far: list[tuple[float, int]] = []
    for at, case in enumerate(past.cases):
        row = past.rows[at]
        if case.trace.asked != lesson.model or case.trace.id in own:
            continue
        if case.trace.episode in talks or float((asked @ row).max()) >= HELD_OUT:
            continue
        [found] = shelf.alike(row)
        language = case.trace.language
        is_near = bears(found, lesson.model, case.intent, language, desk.policy.measure)
        (near if is_near else far).append((found.similarity, at))
    near.sort(reverse=True)
    kind = desk.policy.near
    return (
        _drawn(past, lesson.id, [at for _, at in near[: CLOSE * kind]], kind),
        _drawn(past, lesson.id, [at for _, at in far], desk.policy.far),
    )


def _drawn(past: Past, seed: str, places: Sequence[int], most: int) -> list[Seen]:
    """So many of these cases by chance, no two asked in nearly the same words."""
    order = sorted(
        places, key=lambda at: content_hash(f"{seed}/{past.cases[at].trace.id}".encode())
    )
    taken: list[int] = []
    for at in order:
        if len(taken) >= most:
            break
        if not taken or float((past.rows[taken] @ past.rows[at]).max()) < HELD_OUT:
            taken.append(at)
    return [past.cases[at] for at in taken]


async def _live(desk: Desk, scope: Scope, lesson: Lesson) -> Shelf:
    lives = [each for each in desk.lessons.live(scope) if each.lesson.id != lesson.id]
    lives = [each for each in lives if each.lesson.model == lesson.model]
    return await Shelf.of(lives, desk.embedder)


async def _trial(
    desk: Desk, till: Till, lesson: Lesson, case: Seen, live: Shelf, *, close: bool
) -> Trial | None:
    """`None` where no answer came."""
    [row] = await desk.embedder.embed([case.question])
    there = live.bearing(row, lesson.model, case.intent, case.trace.language, desk.policy.measure)
    rules = {each.lesson.id: each.lesson.rule for each in there}
    more = {lesson.id: lesson.rule, **rules}
    most = max(1, desk.policy.measure.most)
    with_it, without = await both(
        _answer(desk, till, case, dict(list(more.items())[:most])),
        _answer(desk, till, case, rules),
    )
    if with_it is None or without is None or not with_it.text or not without.text:
        return None
    found = await judge(desk, till, case, with_it, without)
    if found is None:
        return None
    whose = about(case.trace)
    return Trial(
        lesson=lesson.id,
        trace_id=whose.trace_id,
        episode=whose.episode,
        user=whose.user,
        near=close,
        difference=found.difference,
        worst=found.worst,
        how=found.how,
        at=desk.now(),
    )


async def _answer(desk: Desk, till: Till, case: Seen, rules: dict[str, str]) -> Asked | None:
    """What the virtual model says to a case today, under these lessons."""
    words = "\0".join([*rules, *rules.values()])
    prompt = desk.facts(case.trace.asked).prompt
    name = content_hash(f"{words}\0{prompt}".encode())[:16]
    key = f"lessons/{case.trace.id}/answer/{case.trace.asked}/{name}"
    return await till.ask(
        case.trace.asked, told(case.request.messages, rules), key, about(case.trace)
    )


async def _settle(
    desk: Desk, scope: Scope, lesson: Lesson, trials: Sequence[Trial], past: Past
) -> Status:
    """Keeps what is known of it now, and what follows: the decision is made from the trials alone,
    so that a night that was cut before it comes to the same."""
    decision = decided(trials, bound_of(desk))
    tried = _tried(desk, trials, past)
    full = len([e for e in desk.lessons.live(scope) if e.lesson.model == lesson.model])
    status: Status = lesson.status
    why = decision.why
    if decision.what == "refused":
        status = "refused"
    elif decision.what == "passed" and full >= desk.policy.live:
        why = f"{full} lessons are live, more may not be"
    elif decision.what == "passed":
        status = "live" if desk.policy.approval == "auto" else "waiting"
    now = desk.now()

    def become(was: Lesson) -> Lesson | None:
        if was.status != "candidate" or was.rule != lesson.rule:
            return None  # a person, or an erasure, was quicker
        since = now if status == "live" else None
        return replace(was, status=status, why=why, tried=tried, live_since=since, changed=now)

    kept = await desk.lessons.change(scope, lesson.id, become)
    return kept.status if kept is not None else "retired"


def _tried(desk: Desk, trials: Sequence[Trial], past: Past) -> Tried:
    near = [each.difference for each in trials if each.near]
    far = [each.difference for each in trials if not each.near]
    low, high = interval(near, 2 * desk.policy.error)
    scores = {each.trace.id: each.score.value for each in past.cases}
    were = [scores[each.trace_id] for each in trials if each.near and each.trace_id in scores]
    return Tried(
        cases=len(near),
        wins=sum(each > 0 for each in near),
        losses=sum(each < 0 for each in near),
        lift=sum(near) / len(near) if near else 0.0,
        low=low,
        high=high,
        wealth=wealth(near),
        far=len(far),
        worse=sum(each < 0 for each in far) - sum(each > 0 for each in far),
        before=sum(were) / len(were) if were else None,
        at=desk.now(),
    )
