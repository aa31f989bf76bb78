"""Live lessons against chance: which help, which harm, and how good answers are from week to week.

    traces of the last days ── scored ── by lesson and day, given or held back ── figures kept
                                                   └─ all days of a lesson ── stays, or retires

Days are written anew from their traces, so a night that is run again counts nothing twice, and a
rating that comes late counts as long as its day is looked at again. Only answers of which enough is
known count: what an answer shows of itself says little of whether it was right.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from teppan.core.ids import Scope
from teppan.learn.lessons.desk import Desk, Report, quiet
from teppan.learn.lessons.helping import Verdict, judged
from teppan.learn.lessons.past import seen
from teppan.store.lesson_rows import Day, Lesson, Sums

DAY = 86_400.0
WEEK = 7


class Measured(Struct, frozen=True, kw_only=True):
    """What one run saw: answers, live lessons, those retired."""

    answers: int = 0
    lessons: int = 0
    retired: int = 0


class Week(Struct, frozen=True, kw_only=True):
    """Seven days of a model: how good its answers were, and what lessons did to those they bore on.

    `week` is the first day, counted from 1970; `answers` are those of which enough is known. `lift`
    is the mean quality with lessons less that of answers they were held back from; `None` where one
    is missing.
    """

    model: str
    week: int
    answers: int
    quality: float | None
    live: int
    given: int
    withheld: int
    lift: float | None


async def measure(
    desk: Desk, scope: Scope, since: float, until: float, report: Report = quiet
) -> Measured:
    """Scores the answers of the time, and of the last days, and decides which lessons stay.

    May be cut anywhere and run again. Asks no model. Raises `StoreError`.
    """
    await desk.lessons.refresh()
    since = min(since, until - desk.policy.days * DAY)
    first = int(since // DAY)
    report(0, 2, "scoring answers")
    days, answers = await _days(desk, scope, first * DAY, until)
    await desk.lessons.put_days(scope, days)
    report(1, 2, "deciding which lessons stay")
    lives = [each.lesson for each in desk.lessons.live(scope)]
    retired = 0
    for lesson in lives:
        retired += await _decide(desk, scope, lesson)
    report(2, 2, "lessons measured")
    return Measured(answers=answers, lessons=len(lives), retired=retired)


async def _days(desk: Desk, scope: Scope, since: float, until: float) -> tuple[list[Day], int]:
    lives = [each.lesson for each in desk.lessons.live(scope)]
    given: dict[tuple[str, str, int], Sums] = {}
    withheld: dict[tuple[str, str, int], Sums] = {}
    answers = 0
    async for page in seen(desk, scope, since, until):
        answers += len(page)
        for each in page:
            if not each.told(desk.policy.known):
                continue
            trace, quality = each.trace, each.score.value
            model, day = trace.asked, int(trace.started // DAY)
            for names, sums in ((("", *trace.lessons), given), (trace.withheld, withheld)):
                for name in names:
                    place = (model, name, day)
                    sums[place] = sums.get(place, Sums()).and_(quality)
    days = [
        Day(
            model=place[0],
            lesson=place[1],
            day=place[2],
            given=given.get(place, Sums()),
            withheld=withheld.get(place, Sums()),
            live=0 if place[1] else _alive(lives, place[0], (place[2] + 1) * DAY),
        )
        for place in sorted(given.keys() | withheld.keys())
    ]
    return days, answers


def _alive(lives: Sequence[Lesson], model: str, at: float) -> int:
    """How many of those live now were live by then."""
    return sum(each.model == model and (each.live_since or 0.0) < at for each in lives)


async def _decide(desk: Desk, scope: Scope, lesson: Lesson) -> bool:
    """Whether the lesson retires."""
    since = int((lesson.live_since or 0.0) // DAY)
    days = await desk.lessons.days(scope, lesson=lesson.id, since=since)
    given, withheld = added([each.given for each in days]), added([each.withheld for each in days])
    policy, now = desk.policy, desk.now()
    verdict = judged(given, withheld, lesson.used, policy.worth, policy.first_look)

    def become(was: Lesson) -> Lesson | None:
        if was.status != "live":
            return None
        used = replace(verdict.used, at=now)
        if verdict.what == "stays":
            return replace(was, used=used)
        return replace(was, used=used, status="retired", why=_why(verdict), changed=now)

    kept = await desk.lessons.change(scope, lesson.id, become)
    return kept is not None and kept.status == "retired"


def _why(verdict: Verdict) -> str:
    used = verdict.used
    if used.with_it is None or used.without is None:
        return f"it {verdict.what}"
    return (
        f"it {verdict.what}: quality {used.with_it:.2f} of {used.given} answers with it, "
        f"{used.without:.2f} of {used.withheld} without"
    )


def added(sums: Sequence[Sums]) -> Sums:
    return Sums(
        sum(each.n for each in sums),
        sum(each.sum for each in sums),
        sum(each.squares for each in sums),
    )


def weeks(days: Sequence[Day]) -> list[Week]:
    """How it went from week to week, by model, the first week first."""
    by: dict[tuple[str, int], list[Day]] = {}
    for each in days:
        by.setdefault((each.model, each.day - (each.day - 4) % WEEK), []).append(each)
    return [_week(model, week, some) for (model, week), some in sorted(by.items())]


def _week(model: str, week: int, some: Sequence[Day]) -> Week:
    """Weeks begin on Monday; 1970 began on a Thursday."""
    whole = added([each.given for each in some if not each.lesson])
    given = added([each.given for each in some if each.lesson])
    withheld = added([each.withheld for each in some if each.lesson])
    both = given.mean is not None and withheld.mean is not None
    return Week(
        model=model,
        week=week,
        answers=whole.n,
        quality=whole.mean,
        live=max((each.live for each in some), default=0),
        given=given.n,
        withheld=withheld.n,
        lift=(given.mean or 0.0) - (withheld.mean or 0.0) if both else None,
    )
