"""When the workshop has time, and for whom it is kept."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from teppan import Talk, ToolRefused

from . import tables

Work = Literal["puncture", "small_service", "big_service"]

HALF_HOURS: Mapping[str, int] = MappingProxyType(
    {"puncture": 1, "small_service": 2, "big_service": 4}
)
OPEN: Mapping[int, tuple[int, int]] = MappingProxyType(
    {1: (18, 36), 2: (18, 36), 3: (18, 36), 4: (18, 36), 5: (20, 28)}
)
"""By weekday (0 is Monday): the first half hour of the day, and the first after it."""
STANDS = 2
NOTICE = dt.timedelta(hours=2)
AHEAD = dt.timedelta(days=60)
LETTERS = "ABCDEFGHJKMNPQRTUVWXY346789"
"""Of a code: none is taken for another when it is read out."""

_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "puncture": "puncture",
            "small_service": "small service",
            "big_service": "big service",
        },
        "de": {
            "puncture": "Reifenpanne",
            "small_service": "kleine Inspektion",
            "big_service": "große Inspektion",
        },
    }
)
_DAYS_DE = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")


def free_starts(talk: Talk, db: Connection, day: dt.date, work: Work) -> list[dt.time]:
    """Starts at which a stand is free long enough; none on a day that nobody can have."""
    first, after = OPEN.get(day.weekday(), (0, 0))
    busy = _busy(talk, db, day)
    last = after - HALF_HOURS[work]
    starts = [dt.time(half // 2, half % 2 * 30) for half in range(first, last + 1)]
    return [
        start
        for start in starts
        if _in_reach(talk, day, start) and _free_stands(busy, _halves(start, work))
    ]


def check(talk: Talk, db: Connection, day: dt.date, start: dt.time, work: Work) -> None:
    """Raises `ToolRefused` for an appointment that cannot be made."""
    if day.weekday() not in OPEN:
        raise ToolRefused("We are closed on Sunday and Monday.")
    if not _in_reach(talk, day, start):
        raise ToolRefused(
            f"Appointments are made at least 2 hours and at most 60 days ahead; it is now "
            f"{talk.now:%A, %Y-%m-%d %H:%M}."
        )
    free = free_starts(talk, db, day, work)
    if start not in free:
        raise ToolRefused(f"{start:%H:%M} is not free on {day}. Free: {told_starts(free)}.")


def make(
    talk: Talk, day: dt.date, start: dt.time, work: Work, name: str, phone: str
) -> dict[str, object]:
    """The appointment, once for each `talk.key`. Raises `ToolRefused`."""
    with talk.tables() as db:
        mine = tables.appointments.c
        here = select(tables.appointments).where(mine.tenant == talk.tenant, mine.key == talk.key)
        done = db.execute(here).one_or_none()
        if done is not None:
            return told(done)
        check(talk, db, day, start, work)
        row = {
            "tenant": talk.tenant,
            "code": "".join(secrets.choice(LETTERS) for _ in range(6)),
            "key": talk.key,
            "status": "made",
            "work": work,
            "day": day,
            "start": start,
            "name": name,
            "phone": phone,
        }
        db.execute(insert(tables.appointments).values(row))
        _take(talk, db, str(row["code"]), day, start, work)
        return told(db.execute(here).one())


def found(talk: Talk, db: Connection, code: str, phone: str) -> Row[Any]:
    """Raises `ToolRefused`, in the same words whether the code or the phone is wrong."""
    mine = tables.appointments.c
    row = db.execute(
        select(tables.appointments).where(
            mine.tenant == talk.tenant, mine.code == re.sub(r"[^A-Z0-9]", "", code.upper())
        )
    ).one_or_none()
    if row is None or row.phone != digits(phone):
        raise ToolRefused("There is no appointment with this code and this phone number.")
    return row


def cancel(talk: Talk, code: str, phone: str) -> dict[str, object]:
    """Cancels it and frees the stand; one that is cancelled already stays so."""
    with talk.tables() as db:
        row = found(talk, db, code, phone)
        mine = tables.appointments.c
        here = (mine.tenant == talk.tenant, mine.code == row.code)
        db.execute(update(tables.appointments).where(*here).values(status="cancelled"))
        held = tables.taken.c
        db.execute(delete(tables.taken).where(held.tenant == talk.tenant, held.code == row.code))
        return told(found(talk, db, code, phone))


def told(row: Row[Any]) -> dict[str, object]:
    """An appointment as a tool shows it."""
    return {
        "code": row.code,
        "status": row.status,
        "work": row.work,
        "date": row.day.isoformat(),
        "start": f"{row.start:%H:%M}",
        "name": row.name,
    }


def told_starts(starts: list[dt.time]) -> str:
    return ", ".join(f"{each:%H:%M}" for each in starts) or "no time that day"


def told_day(day: dt.date, language: str) -> str:
    """`Friday, 2026-12-04`; in German `Freitag, 04.12.2026`."""
    return (
        f"{_DAYS_DE[day.weekday()]}, {day:%d.%m.%Y}" if language == "de" else f"{day:%A, %Y-%m-%d}"
    )


def told_work(work: Work, language: str) -> str:
    return _WORDS.get(language, _WORDS["en"])[work]


def digits(phone: str) -> str:
    """A number as it is kept: `+49 761 123` and `0761 123` are one. Raises `ToolRefused`."""
    plain = re.sub(r"[^\d+]", "", phone)
    plain = re.sub(r"^(?:\+|00)49", "0", plain).removeprefix("+")
    if not 6 <= len(plain) <= 16:
        raise ToolRefused(f"{phone!r} is no phone number.")
    return plain


def _take(talk: Talk, db: Connection, code: str, day: dt.date, start: dt.time, work: Work) -> None:
    """Raises `ToolRefused` when others were faster: the appointment is undone with it."""
    halves = _halves(start, work)
    stand = min(_free_stands(_busy(talk, db, day), halves), default=1)
    rows = [
        {"tenant": talk.tenant, "day": day, "stand": stand, "half_hour": half, "code": code}
        for half in halves
    ]
    try:
        db.execute(insert(tables.taken).values(rows))
    except IntegrityError:
        raise ToolRefused(f"{start:%H:%M} has just been taken; offer another time.") from None


def _in_reach(talk: Talk, day: dt.date, start: dt.time) -> bool:
    begins = dt.datetime.combine(day, start, talk.now.tzinfo).astimezone(dt.UTC)
    return NOTICE <= begins - talk.now.astimezone(dt.UTC) <= AHEAD


def _halves(start: dt.time, work: Work) -> range:
    first = start.hour * 2 + start.minute // 30
    return range(first, first + HALF_HOURS[work])


def _busy(talk: Talk, db: Connection, day: dt.date) -> set[tuple[int, int]]:
    held = tables.taken.c
    rows = db.execute(
        select(held.stand, held.half_hour).where(held.tenant == talk.tenant, held.day == day)
    )
    return {(row.stand, row.half_hour) for row in rows}


def _free_stands(busy: set[tuple[int, int]], halves: range) -> list[int]:
    return [
        stand for stand in range(1, STANDS + 1) if not any((stand, half) in busy for half in halves)
    ]
