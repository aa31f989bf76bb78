"""What lessons are made of, and how they stand in the tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, case, delete, select, update

from teppan.core.ids import Scope, new_id
from teppan.store.marks import mark
from teppan.store.schema import instant
from teppan.store.tables.lessons import lesson_days, lesson_sources, lesson_trials, lessons

Status = Literal["candidate", "waiting", "live", "retired", "refused"]
"""`candidate` is to be tried, `waiting` did well and waits for a person, `live` goes into prompts,
`retired` was live, `refused` never was."""

STATUSES: tuple[Status, ...] = ("candidate", "waiting", "live", "retired", "refused")


class Tried(Struct, frozen=True, kw_only=True):
    """How a lesson did on cases of the past: with it, less without it.

    `lift` is the mean difference on cases of its kind, in [-1, 1], with its interval; `wealth` is
    the evidence that it is above zero (`learn/lessons/lift.py`). `far` are unrelated cases, `worse`
    those that got worse there, less those that got better. `before` is the mean quality the same
    cases had when they were answered.
    """

    cases: int = 0
    wins: int = 0
    losses: int = 0
    lift: float = 0.0
    low: float = -1.0
    high: float = 1.0
    wealth: float = 1.0
    far: int = 0
    worse: int = 0
    before: float | None = None
    at: float = 0.0


class Used(Struct, frozen=True, kw_only=True):
    """Quality of answers with a lesson, and of those from which it was held back by chance.

    `looks` counts how often it was decided whether it stays.
    """

    given: int = 0
    with_it: float | None = None
    withheld: int = 0
    without: float | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    looks: int = 0
    at: float = 0.0


class Lesson(Struct, frozen=True, kw_only=True):
    """One rule for one virtual model, of one sentence.

    `intent` and `language` say for which questions it holds; empty for all. `origin` is the trace
    of the case whose words the rule is. `why` says how it came to its status. Instants are seconds
    since 1970.
    """

    id: str
    model: str
    rule: str
    origin: str
    status: Status = "candidate"
    why: str = ""
    intent: str = ""
    language: str = ""
    created: float = 0.0
    changed: float = 0.0
    live_since: float | None = None
    tried: Tried | None = None
    used: Used | None = None


class Reflection(Struct, frozen=True):
    """What a model thought of a lesson: would it do as it says, what else would it do."""

    model: str
    agrees: bool = False
    differently: str = ""
    rule: str = ""


class Written(Struct, frozen=True, kw_only=True):
    """What the critic wrote of a case, and what others thought of it. `question` is what was asked,
    without private words; `rule` what may become a lesson, empty where nothing may."""

    question: str = ""
    challenge: str = ""
    better: str = ""
    reason: str = ""
    mistake: str = ""
    handling: str = ""
    said: str = ""
    rule: str = ""
    why: str = ""
    critic: str = ""
    reflections: tuple[Reflection, ...] = ()


class Source(Struct, frozen=True, kw_only=True):
    """A case that was looked at. `lesson` is the one that came of it, empty for none."""

    trace_id: str
    episode: str | None = None
    user: str | None = None
    lesson: str = ""
    kind: str = ""
    at: float = 0.0
    written: Written = Written()


class Trial(Struct, frozen=True, kw_only=True):
    """One case of the past, answered with a lesson and without: the difference, in [-1, 1].

    `worst` is the severity of a rule that is broken only with it, `how` what judged.
    """

    lesson: str
    trace_id: str
    episode: str | None = None
    user: str | None = None
    near: bool = True
    difference: float = 0.0
    worst: str = ""
    how: str = ""
    at: float = 0.0


class Sums(Struct, frozen=True):
    """Qualities added up: how many, their sum, the sum of their squares."""

    n: int = 0
    sum: float = 0.0
    squares: float = 0.0

    def and_(self, value: float) -> Sums:
        return Sums(self.n + 1, self.sum + value, self.squares + value * value)

    @property
    def mean(self) -> float | None:
        return self.sum / self.n if self.n else None


class Day(Struct, frozen=True, kw_only=True):
    """One day of a lesson; without a lesson, of all answers of a model. Days count from 1970."""

    model: str
    day: int
    lesson: str = ""
    given: Sums = Sums()
    withheld: Sums = Sums()
    live: int = 0


class Live(Struct, frozen=True):
    """A lesson that goes into prompts, and the texts it is found by."""

    lesson: Lesson
    texts: tuple[str, ...]


CHANGES = "lessons"
"""The mark that changes when what is live may have."""
_read_lesson = msgspec.json.Decoder(Lesson).decode
_read_written = msgspec.json.Decoder(Written).decode


def lesson_row(scope: Scope, each: Lesson) -> dict[str, object]:
    return {
        "tenant": scope.tenant,
        "id": each.id,
        "model": each.model,
        "status": each.status,
        "rule": each.rule,
        "created": instant(each.created),
        "changed": instant(each.changed),
        "body": msgspec.json.encode(each),
    }


def lesson_of(body: bytes) -> Lesson:
    return _read_lesson(body)


def source_row(scope: Scope, each: Source) -> dict[str, object]:
    return {
        "tenant": scope.tenant,
        "trace_id": each.trace_id,
        "episode": each.episode,
        "user": each.user,
        "lesson": each.lesson,
        "kind": each.kind,
        "at": instant(each.at),
        "body": msgspec.json.encode(each.written),
    }


def source_of(row: Any) -> Source:
    return Source(
        trace_id=row["trace_id"],
        episode=row["episode"],
        user=row["user"],
        lesson=row["lesson"],
        kind=row["kind"],
        at=row["at"] / 1_000_000,
        written=_read_written(row["body"]),
    )


def find(connection: Connection, scope: Scope, id: str, *, lock: bool = False) -> Lesson | None:
    wanted = select(lessons.c.body).where(lessons.c.tenant == scope.tenant, lessons.c.id == id)
    body = connection.scalar(wanted.with_for_update() if lock else wanted)
    return None if body is None else lesson_of(body)


def write(connection: Connection, scope: Scope, each: Lesson) -> None:
    here = (lessons.c.tenant == scope.tenant) & (lessons.c.id == each.id)
    connection.execute(update(lessons).where(here).values(lesson_row(scope, each)))


def sources_of(connection: Connection, scope: Scope, id: str) -> list[Source]:
    table = lesson_sources.c
    wanted = select(lesson_sources).where(table.tenant == scope.tenant, table.lesson == id)
    ordered = wanted.order_by(table.at, table.trace_id)
    return [source_of(row) for row in connection.execute(ordered).mappings()]


def texts_of(lesson: Lesson, sources: Sequence[Source]) -> tuple[str, ...]:
    """What a lesson is found by: its rule, and what was asked in the cases it comes from."""
    asked = [each.written.question for each in sources]
    told = [each.written.challenge for each in sources if each.trace_id == lesson.origin]
    return tuple(dict.fromkeys(text for text in (lesson.rule, *told, *asked) if text.strip()))


def unsourced(
    connection: Connection,
    scope: Scope,
    gone: ColumnElement[bool],
    theirs: ColumnElement[bool],
    *,
    dry: bool,
) -> int:
    """Settles the lessons of cases that are about to go: one without any other case goes; one whose
    words came from such a case is told in the words of another one, and is a candidate again.

    `gone` finds the cases, `theirs` the trials of the same person: both are left to whoever takes
    rows away. Returns how many lessons went or changed.
    """
    table = lesson_sources.c
    found = select(table.lesson, table.trace_id).where(table.tenant == scope.tenant, gone)
    away: dict[str, set[str]] = {}
    for lesson, trace in connection.execute(found):
        away.setdefault(lesson, set()).add(trace)
    settled = 0
    for id, cases in away.items():
        lesson = find(connection, scope, id, lock=not dry) if id else None
        if lesson is None:
            continue
        left = [each for each in sources_of(connection, scope, id) if each.trace_id not in cases]
        told = next((each for each in left if each.written.rule), None)
        if told is None or lesson.origin in cases:
            settled += 1
            if not dry:
                _settle(connection, scope, lesson, told, theirs)
    if away and not dry:  # also one that only lost a text it was found by
        mark(connection, CHANGES, new_id("chg"))
    return settled


def _settle(
    connection: Connection,
    scope: Scope,
    lesson: Lesson,
    told: Source | None,
    theirs: ColumnElement[bool],
) -> None:
    mine = (lesson_trials.c.tenant == scope.tenant) & (lesson_trials.c.lesson == lesson.id)
    others = case((theirs, 1), else_=0) == 0  # a condition on a missing name is neither
    connection.execute(delete(lesson_trials).where(mine, others))
    if told is None:
        for table, column in ((lessons, "id"), (lesson_days, "lesson")):
            here = (table.c.tenant == scope.tenant) & (table.c[column] == lesson.id)
            connection.execute(delete(table).where(here))
        return
    again = lesson.status in ("candidate", "waiting", "live")
    changed = replace(
        lesson,
        rule=told.written.rule,
        origin=told.trace_id,
        status="candidate" if again else lesson.status,
        why="told in the words of another case" if again else lesson.why,
        live_since=None if again else lesson.live_since,
        tried=None,
        used=None,
    )
    write(connection, scope, changed)
