"""Bookings changed and cancelled: what may be, until when, and what becomes of the deposit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from teppan.core.tool import Talk, ToolRefused

from . import hibachi_bookings as bookings
from . import hibachi_calendar as calendar
from .hibachi_facts import FACTS
from .hibachi_prices import Extras, Party, bill, money, told_extras

Given = int | None


@dataclass(frozen=True)
class Change:
    """What shall be otherwise; `None` stays as it is."""

    day: dt.date | None
    start: dt.time | None
    adults: Given
    children: Given
    small_children: Given
    extras: Extras | None


@dataclass(frozen=True)
class Plan:
    """A booking as it will be. `moves` says that the time changes, `total` is in cents."""

    row: Row[Any]
    day: dt.date
    start: dt.time
    party: Party
    extras: Extras
    total: int

    @property
    def moves(self) -> bool:
        return (self.day, self.start) != (self.row.day, self.row.start)

    @property
    def other_chefs(self) -> bool:
        return self.moves or self.party.chefs != bookings.party_of(self.row).chefs

    def told(self) -> str:
        """The sentence that the customer agrees to."""
        extras = told_extras(self.extras)
        return (
            f"Change booking {self.row.code} to {calendar.told_start(self.day, self.start)}, "
            f"{self.party.told()}{', with ' + extras if extras else ''}. "
            f"The new total is {money(self.total)} instead of {money(self.row.total)}, "
            "before tax and tip."
            + (" The date can be changed only this once." if self.moves else "")
        )


def planned(talk: Talk, db: Connection, code: str, contact: str, change: Change) -> Plan:
    """Raises `ToolRefused` for a change that cannot be made; changes nothing."""
    row = _standing(talk, db, code, contact)
    was = bookings.party_of(row)
    party = Party(
        adults=was.adults if change.adults is None else change.adults,
        children=was.children if change.children is None else change.children,
        small_children=(
            was.small_children if change.small_children is None else change.small_children
        ),
    )
    extras = Extras(**row.extras) if change.extras is None else change.extras
    day = change.day or row.day
    start = row.start if change.start is None else change.start.replace(tzinfo=None)
    plan = Plan(row, day, start, party, extras, bill(party, extras, row.miles).total)
    _check_deadlines(talk, plan, was)
    bookings.check_party(party)
    if plan.other_chefs:
        free = bookings.free_chefs(talk, db, day, start, row.code)
        if len(free) < party.chefs:
            raise ToolRefused(bookings.taken(talk, db, day, start, party.chefs))
    return plan


def apply(talk: Talk, db: Connection, plan: Plan) -> bookings.Result:
    """Makes the change, within the transaction in which it was planned."""
    code = plan.row.code
    if plan.other_chefs:
        bookings.release(talk, db, code)
        bookings.hold(talk, db, code, plan.day, plan.start, plan.party.chefs)
    values = {
        "day": plan.day,
        "start": plan.start,
        **plan.party.model_dump(),
        "extras": plan.extras.model_dump(exclude_defaults=True),
        "total": plan.total,
        "moved": plan.row.moved + plan.moves,
    }
    return bookings.told(bookings.changed(talk, db, code, values))


def told_of_cancelling(talk: Talk, db: Connection, code: str, contact: str) -> str:
    """The sentence that the customer agrees to. Raises `ToolRefused`."""
    row = _standing(talk, db, code, contact)
    when = calendar.told_start(row.day, row.start)
    return f"Cancel booking {row.code} for {when}. {_deposit(talk, row)}"


def cancel(talk: Talk, db: Connection, code: str, contact: str) -> bookings.Result:
    row = _standing(talk, db, code, contact)
    bookings.release(talk, db, row.code)
    bookings.changed(talk, db, row.code, {"status": "cancelled"})
    return {
        "code": row.code,
        "status": "cancelled",
        "deposit_refunded": _refunds(talk, row),
        "say": _deposit(talk, row),
    }


def _standing(talk: Talk, db: Connection, code: str, contact: str) -> Row[Any]:
    row = bookings.found(talk, db, code, contact)
    if row.status != "reserved":
        raise ToolRefused("This booking was cancelled.")
    if calendar.hours_until(talk.now, row.day, row.start) <= 0:
        raise ToolRefused("This event has begun or is over; a person of the team must look at it.")
    return row


def _check_deadlines(talk: Talk, plan: Plan, was: Party) -> None:
    row = plan.row
    if not plan.moves and plan.party == was and plan.extras == Extras(**row.extras):
        raise ToolRefused("Nothing would change. Ask what shall be otherwise.")
    if plan.moves:
        if row.moved:
            raise ToolRefused("The date can be changed once, and it was; a person must decide.")
        if not calendar.is_in_time(talk.now, row.day, row.start, FACTS.move_days):
            last = calendar.told_moment(calendar.days_before(row.day, row.start, FACTS.move_days))
            raise ToolRefused(
                f"The date can be changed until {FACTS.move_days} days before the event: that was "
                f"{last}."
            )
        calendar.check_start(talk.now, plan.day, plan.start)
    hours = calendar.hours_until(talk.now, row.day, row.start)
    if hours < FACTS.guests_hours:
        raise ToolRefused(
            f"Guests and menu can be changed until {FACTS.guests_hours} hours before the event; "
            "it is too late for that."
        )


def _refunds(talk: Talk, row: Row[Any]) -> bool:
    return calendar.is_in_time(talk.now, row.day, row.start, FACTS.refund_days)


def _deposit(talk: Talk, row: Row[Any]) -> str:
    """What becomes of the deposit."""
    kept, days = money(row.deposit), FACTS.refund_days
    if _refunds(talk, row):
        return f"The deposit of {kept} is refunded: it is at least {days} days before the event."
    return f"The deposit of {kept} is not refunded: it is less than {days} days before the event."
