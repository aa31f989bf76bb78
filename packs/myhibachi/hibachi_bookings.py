"""Bookings in the pack's tables: what is free, who has it, and each action once."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from teppan.core.tool import Talk, ToolRefused

from . import hibachi_calendar as calendar
from . import tables
from .hibachi_distance import KITCHEN, PLACES, ROAD_MILES, place_of, whole_miles
from .hibachi_facts import FACTS
from .hibachi_prices import MOST_GUESTS, Extras, Party, bill, money, told_extras

CHEFS = 3
"""How many chefs there are."""
LETTERS = "ABCDEFGHJKMNPQRTUVWXY346789"
"""Of a booking's code: none is taken for another when it is read out or written by hand."""
CODE_LENGTH = 6
MISTAKEN_MILES = 10
"""So many miles less than our own estimate for the city of the address are taken for an error."""
MORE_DAYS = 21
"""Days on either side in which another day is looked for."""
SHOWN = 3

Result = dict[str, object]


@dataclass(frozen=True)
class Contact:
    """`email` in small letters, `phone` in digits; one of them may be empty."""

    name: str
    email: str
    phone: str


@dataclass(frozen=True)
class Order:
    """All that is needed to book."""

    day: dt.date
    start: dt.time
    party: Party
    contact: Contact
    address: str
    miles: float
    extras: Extras
    notes: str

    @property
    def total(self) -> int:
        """In cents, before tax and tip."""
        return bill(self.party, self.extras, whole_miles(self.miles)).total


def once(talk: Talk, what: str, work: Callable[[Connection], Result]) -> Result:
    """Does `work` in one transaction, or returns what it gave when it was done before."""
    here = (tables.actions.c.tenant == talk.tenant, tables.actions.c.key == talk.key)
    row = {"tenant": talk.tenant, "key": talk.key, "what": what, "result": {}, "at": _now(talk)}
    with talk.tables() as db:
        try:
            with db.begin_nested():
                db.execute(insert(tables.actions).values(row))
        except IntegrityError:
            done = db.execute(select(tables.actions).where(*here)).one()
            if done.what != what:
                raise ToolRefused("This action was already used for something else.") from None
            return dict(done.result)
        result = work(db)
        db.execute(update(tables.actions).where(*here).values(result=result))
        return result


def contact(name: str, email: str | None, phone: str | None) -> Contact:
    """Raises `ToolRefused` when the customer could not be reached."""
    mail, digits = cleaned(email or "", 200).casefold(), _digits(phone or "")
    if mail and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", mail):
        raise ToolRefused(f"{mail!r} is no e-mail address.")
    if phone and not 10 <= len(digits) <= 15:
        raise ToolRefused(f"{phone!r} is no phone number: it needs 10 digits.")
    if not mail and not digits:
        raise ToolRefused("An e-mail address or a phone number is needed.")
    called = cleaned(name, 100)
    if not called:
        raise ToolRefused("A name is needed.")
    return Contact(called, mail, digits)


def check(talk: Talk, db: Connection, order: Order) -> None:
    """Raises `ToolRefused` for an order that cannot be taken; changes nothing."""
    calendar.check_start(talk.now, order.day, order.start)
    check_party(order.party)
    _check_address(order.address, order.miles)
    _ = order.total  # refuses numbers that do not fit together, and a place that is too far
    _check_no_other(talk, db, order)
    if len(free_chefs(talk, db, order.day, order.start)) < order.party.chefs:
        raise ToolRefused(taken(talk, db, order.day, order.start, order.party.chefs))


def reserve(talk: Talk, db: Connection, order: Order) -> Result:
    check(talk, db, order)
    code = _new_code(talk, db)
    row = {
        "tenant": talk.tenant,
        "code": code,
        "status": "reserved",
        "name": order.contact.name,
        "email": order.contact.email,
        "phone": order.contact.phone,
        "address": order.address,
        "miles": whole_miles(order.miles),
        "day": order.day,
        "start": order.start,
        **order.party.model_dump(),
        "extras": order.extras.model_dump(exclude_defaults=True),
        "notes": order.notes,
        "total": order.total,
        "deposit": FACTS.deposit,
        "moved": 0,
        "created": _now(talk),
        "changed": _now(talk),
    }
    db.execute(insert(tables.bookings).values(row))
    hold(talk, db, code, order.day, order.start, order.party.chefs)
    return told(found(talk, db, code))


def hold(talk: Talk, db: Connection, code: str, day: dt.date, start: dt.time, chefs: int) -> None:
    """Takes the half hours of so many chefs. Raises `ToolRefused` when others were faster."""
    for _ in range(CHEFS):
        free = free_chefs(talk, db, day, start)[:chefs]
        if len(free) < chefs:
            break
        rows = [
            {"tenant": talk.tenant, "day": day, "chef": chef, "half_hour": half, "code": code}
            for chef in free
            for half in calendar.held_half_hours(start)
        ]
        try:
            with db.begin_nested():
                db.execute(insert(tables.held).values(rows))
        except IntegrityError:  # somebody took one of them between our look and our hand
            continue
        return
    raise ToolRefused(f"{calendar.told_start(day, start)} has just been taken. Offer another time.")


def release(talk: Talk, db: Connection, code: str) -> None:
    mine = (tables.held.c.tenant == talk.tenant, tables.held.c.code == code)
    db.execute(delete(tables.held).where(*mine))


def free_starts(talk: Talk, db: Connection, day: dt.date, chefs: int) -> list[dt.time]:
    """The starts of a day that can still be booked, by the clock; none on a day that cannot be."""
    try:
        calendar.check_day(talk.now, day)
    except ToolRefused:
        return []
    busy = _busy(talk, db, day)
    return [
        start
        for start in calendar.starts()
        if calendar.hours_until(talk.now, day, start) >= FACTS.notice_hours
        and len(_unheld(busy, start)) >= chefs
    ]


def nearest_days(
    talk: Talk, db: Connection, day: dt.date, start: dt.time | None, chefs: int
) -> list[dt.date]:
    """The nearest other days with this start free, or with any."""
    near: list[dt.date] = []
    for day_near in _days_around(day):
        free = free_starts(talk, db, day_near, chefs)
        if free if start is None else start in free:
            near.append(day_near)
        if len(near) == SHOWN:
            break
    return sorted(near)


def found(talk: Talk, db: Connection, code: str, contact: str | None = None) -> Row[Any]:
    """The booking, locked until the transaction ends.

    With `contact` it must be the e-mail address or phone number of the booking. Raises
    `ToolRefused`, in the same words whether the code or the contact is wrong.
    """
    plain = re.sub(r"[^A-Z0-9]", "", code.upper())
    mine = (tables.bookings.c.tenant == talk.tenant, tables.bookings.c.code == plain)
    row = db.execute(select(tables.bookings).where(*mine).with_for_update()).one_or_none()
    if row is None or (contact is not None and not _is_theirs(row, contact)):
        raise ToolRefused("There is no booking with this code and this e-mail or phone.")
    return row


def told(row: Row[Any]) -> Result:
    """A booking as a tool shows it."""
    refund = calendar.days_before(row.day, row.start, FACTS.refund_days)
    return {
        "say": _said(row),
        "code": row.code,
        "status": row.status,
        "name": row.name,
        "when": calendar.told_start(row.day, row.start),
        "date": row.day.isoformat(),
        "start": f"{row.start:%H:%M}",
        "address": row.address,
        "guests": party_of(row).told(),
        "extras": told_extras(Extras(**row.extras)) or "none",
        "notes": row.notes,
        "total": money(row.total),
        "not_included": "tax and tip",
        "deposit": money(row.deposit),
        "deposit_refunded_until": calendar.told_moment(refund),
        "date_can_still_be_changed": row.moved == 0 and row.status == "reserved",
    }


def _said(row: Row[Any]) -> str:
    """A booking in a sentence, for the customer."""
    when, guests = calendar.told_start(row.day, row.start), party_of(row).told()
    if row.status != "reserved":
        return f"The booking {row.code} for {when} is {row.status}."
    return (
        f"Reserved under code {row.code}: {when}, {guests}, {row.address}. The total is "
        f"{money(row.total)} before tax and tip. Please keep the code; the deposit of "
        f"{money(row.deposit)} makes it firm."
    )


def party_of(row: Row[Any]) -> Party:
    return Party(adults=row.adults, children=row.children, small_children=row.small_children)


def cleaned(text: str, most: int) -> str:
    """One line of at most so many characters, without any that cannot be printed."""
    words = "".join(each if each.isprintable() else " " for each in text).split()
    return " ".join(words)[:most]


def changed(talk: Talk, db: Connection, code: str, values: Mapping[str, object]) -> Row[Any]:
    """Writes the values into the booking, and returns it."""
    mine = (tables.bookings.c.tenant == talk.tenant, tables.bookings.c.code == code)
    db.execute(update(tables.bookings).where(*mine).values(**values, changed=_now(talk)))
    return found(talk, db, code)


def keep_lead(talk: Talk, db: Connection, row: Mapping[str, object]) -> Result:
    db.execute(insert(tables.leads).values(tenant=talk.tenant, created=_now(talk), **row))
    return {"saved": True, "next": "Our team will be in touch."}


def check_party(party: Party) -> None:
    if party.adults == 0:
        raise ToolRefused("At least one adult must be there.")
    if party.guests > MOST_GUESTS:
        raise ToolRefused(
            f"{party.guests} guests are more than can be booked in the chat ({MOST_GUESTS}): a "
            "person of the team plans such an event. Offer to call one."
        )


def _check_address(address: str, miles: float) -> None:
    if len(address) < 5:
        raise ToolRefused("The street and city of the event are needed.")
    place = place_of(address)
    if place is None:
        return
    known = whole_miles(ROAD_MILES(KITCHEN, PLACES[place]))
    if miles < known - MISTAKEN_MILES:
        raise ToolRefused(f"{place.title()} is about {known} miles away, not {miles:g}.")


def _check_no_other(talk: Talk, db: Connection, order: Order) -> None:
    """One booking a day for one customer: a second is far more often a mistake."""
    theirs = tables.bookings.c
    same = [
        column == value
        for column, value in (
            (theirs.email, order.contact.email),
            (theirs.phone, order.contact.phone),
        )
        if value
    ]
    there = db.execute(
        select(theirs.code).where(
            theirs.tenant == talk.tenant,
            theirs.day == order.day,
            theirs.status == "reserved",
            or_(*same),
        )
    ).first()
    if there is not None:
        raise ToolRefused(
            "There is a booking under this e-mail or phone for that day already; change that one."
        )


def taken(talk: Talk, db: Connection, day: dt.date, start: dt.time, chefs: int) -> str:
    """The words for a customer who comes too late."""
    free = free_starts(talk, db, day, chefs)
    when = calendar.told_start(day, start)
    if not free:
        return f"{when} is taken, and so is the whole day. Look for another with `availability`."
    near = sorted(free, key=lambda other: _apart(other, start))[:SHOWN]
    return f"{when} is taken. Still free that day: {told_starts(sorted(near))}."


def told_starts(starts: list[dt.time]) -> str:
    """`11 am to 1:30 pm, 6 pm`: half hours that follow each other are told as one stretch."""
    stretches: list[list[dt.time]] = []
    for start in starts:
        follows = stretches and _apart(stretches[-1][-1], start) == 1
        if follows:
            stretches[-1].append(start)
        else:
            stretches.append([start])
    say = calendar.told_time
    return ", ".join(
        say(each[0]) if len(each) == 1 else f"{say(each[0])} to {say(each[-1])}"
        for each in stretches
    )


def _apart(one: dt.time, other: dt.time) -> int:
    return abs(calendar.half_hour(one) - calendar.half_hour(other))


def _days_around(day: dt.date) -> Iterator[dt.date]:
    for apart in range(1, MORE_DAYS + 1):
        yield day + dt.timedelta(days=apart)
        yield day - dt.timedelta(days=apart)


def _busy(talk: Talk, db: Connection, day: dt.date, code: str = "") -> set[tuple[int, int]]:
    """`(chef, half hour)` of those held on a day, but for the booking `code`."""
    held = tables.held.c
    here = (held.tenant == talk.tenant, held.day == day, held.code != code)
    rows = db.execute(select(held.chef, held.half_hour).where(*here))
    return {(row.chef, row.half_hour) for row in rows}


def _unheld(busy: set[tuple[int, int]], start: dt.time) -> list[int]:
    halves = calendar.held_half_hours(start)
    return [
        chef for chef in range(1, CHEFS + 1) if not any((chef, half) in busy for half in halves)
    ]


def free_chefs(
    talk: Talk, db: Connection, day: dt.date, start: dt.time, code: str = ""
) -> list[int]:
    """Those with time for an event, the booking `code` left out of account."""
    return _unheld(_busy(talk, db, day, code), start)


def _new_code(talk: Talk, db: Connection) -> str:
    while True:
        code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
        mine = (tables.bookings.c.tenant == talk.tenant, tables.bookings.c.code == code)
        if db.execute(select(tables.bookings.c.code).where(*mine)).first() is None:
            return code


def _is_theirs(row: Row[Any], contact: str) -> bool:
    mail, digits = contact.strip().casefold(), _digits(contact)
    return bool(row.email and row.email == mail) or bool(row.phone and row.phone == digits)


def _digits(phone: str) -> str:
    """Of a phone number; the 1 of North America in front does not count."""
    digits = re.sub(r"\D", "", phone, flags=re.ASCII)
    return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits


def _now(talk: Talk) -> int:
    return int(talk.now.timestamp())
