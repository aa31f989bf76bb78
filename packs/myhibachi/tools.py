"""What agents of My Hibachi can do. Each function marked `@tool` is one; models see its words.

Prices and deadlines come from `facts.md` (`hibachi_facts.py`), what the facts leave open from the
constants that `decisions.md` names.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field

from teppan import Talk, ToolRefused, tool

from . import hibachi_bookings as bookings
from . import hibachi_calendar as calendar
from . import hibachi_changes as changes
from . import hibachi_distance as distance
from . import hibachi_menu as dishes
from .hibachi_facts import FACTS
from .hibachi_prices import MOST_GUESTS, Extras, Party, bill, money, told_extras

Adults = Annotated[int, Field(ge=0, le=500, description="guests of 13 years and more")]
Children = Annotated[int, Field(ge=0, le=500, description="children from 6 to 12")]
Small = Annotated[int, Field(ge=0, le=500, description="children of 5 and under; they eat free")]
Guests = Annotated[int, Field(ge=1, le=500, description="all who come, small children too")]
Miles = Annotated[float, Field(ge=0, le=10_000, description="from Sacramento by road, one way")]
Place = Annotated[str, Field(max_length=100, description="the city, in English: `Napa`")]
Day = Annotated[dt.date, Field(description="YYYY-MM-DD")]
Start = Annotated[dt.time, Field(description="HH:MM on the 24-hour clock: 6 pm is 18:00")]
Code = Annotated[str, Field(max_length=20, description="of the booking, as the customer gives it")]
Known = Annotated[str, Field(max_length=200, description="e-mail or phone given at booking")]
Name = Annotated[str, Field(max_length=100, description="of the customer")]
Email = Annotated[str, Field(max_length=200)]
Phone = Annotated[str, Field(max_length=40)]
Address = Annotated[str, Field(max_length=200, description="street and city of the event")]
Notes = Annotated[
    str, Field(max_length=500, description="for the chef: proteins, allergies, the occasion")
]
Words = Annotated[str, Field(max_length=100, description="in English; empty for all")]
Allergen = Annotated[str, Field(max_length=100, description="one, in English: `shellfish`")]


@tool(stable=distance.ROUTES is None)
def quote(
    adults: Adults,
    children: Children = 0,
    small_children: Small = 0,
    extras: Extras | None = None,
    miles: Miles | None = None,
    place: Place | None = None,
) -> dict[str, object]:
    """What an event costs, line by line, with the minimum and, if miles or the city are given,
    with travel. Use it for every total; never add up yourself."""
    party = Party(adults=adults, children=children, small_children=small_children)
    far = None if miles is None and place is None else _miles(miles, place)[1]
    reckoned = bill(party, extras or Extras(), far)
    told: dict[str, object] = {
        "guests": party.told(),
        "lines": reckoned.told(),
        "total": money(reckoned.total),
        "minimum_applies": reckoned.topped_up > 0,
        "not_included": "tax and tip",
        "deposit": money(FACTS.deposit),
    }
    if far is None:
        told["travel"] = (
            f"not in the total: the first {FACTS.free_miles} miles are free, then "
            f"{money(FACTS.per_mile)} per mile. Ask where the event is."
        )
    if party.guests > MOST_GUESTS:
        told["note"] = f"Events of more than {MOST_GUESTS} guests are planned by a person."
    return told


@tool(stable=distance.ROUTES is None)
def travel_fee(
    miles: Miles | None = None,
    place: Place | None = None,
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None,
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None,
) -> dict[str, object]:
    """Whether we come to a place, and what the drive costs. Give the miles, or the city, or
    latitude and longitude."""
    if latitude is not None and longitude is not None and miles is None and place is None:
        return distance.fee(distance.miles_at(latitude, longitude))
    name, far = _miles(miles, place)
    return distance.fee(far, name)


@tool(stable=True)
def menu(search: Words = "") -> dict[str, object]:
    """Dishes, proteins, extras and rentals with their prices, and what is not offered."""
    return dishes.searched(search)


@tool(stable=True)
def allergens(allergen: Allergen) -> dict[str, object]:
    """Which dishes hold an allergen, what the chef can do, and what must be said about it."""
    return dishes.told_of_allergen(allergen)


@tool
def availability(
    talk: Talk, date: Day, guests: Guests, start: Start | None = None
) -> dict[str, object]:
    """Whether a chef is free on a day, at a time if one is given; if not, what is free near it."""
    calendar.check_day(talk.now, date)
    if start is not None:
        calendar.check_start(talk.now, date, start)
    if guests > MOST_GUESTS:
        raise ToolRefused(f"Events of more than {MOST_GUESTS} guests are planned by a person.")
    chefs = Party(adults=guests).chefs
    with talk.tables() as db:
        free = bookings.free_starts(talk, db, date, chefs)
        is_free = bool(free) if start is None else start.replace(tzinfo=None) in free
        told: dict[str, object] = {
            "date": calendar.told_day(date),
            "free": is_free,
            "chefs": chefs,
            "free_starts_that_day": bookings.told_starts(free) or "none",
        }
        if not is_free:
            near = bookings.nearest_days(talk, db, date, start, chefs)
            told["free_days_near"] = [calendar.told_day(day) for day in near] or "none"
    return told


def told_of_booking(
    talk: Talk,
    date: Day,
    start: Start,
    adults: Adults,
    name: Name,
    address: Address,
    miles: Miles,
    children: Children = 0,
    small_children: Small = 0,
    email: Email | None = None,
    phone: Phone | None = None,
    extras: Extras | None = None,
    notes: Notes = "",
) -> str:
    order = bookings.Order(
        date,
        start.replace(tzinfo=None),
        Party(adults=adults, children=children, small_children=small_children),
        bookings.contact(name, email, phone),
        bookings.cleaned(address, 200),
        miles,
        extras or Extras(),
        bookings.cleaned(notes, 500),
    )
    with talk.tables() as db:
        bookings.check(talk, db, order)
    with_extras = told_extras(order.extras)
    last = calendar.days_before(date, order.start, FACTS.refund_days)
    return (
        f"Reserve {calendar.told_start(date, order.start)} for {order.contact.name} at "
        f"{order.address}: {order.party.told()}{', with ' + with_extras if with_extras else ''}. "
        f"The total is {money(order.total)} before tax and tip. A deposit of "
        f"{money(FACTS.deposit)} holds the date; it is refunded when cancelled by "
        f"{calendar.told_moment(last)}."
    )


@tool(confirm=told_of_booking)
def book(
    talk: Talk,
    date: Day,
    start: Start,
    adults: Adults,
    name: Name,
    address: Address,
    miles: Miles,
    children: Children = 0,
    small_children: Small = 0,
    email: Email | None = None,
    phone: Phone | None = None,
    extras: Extras | None = None,
    notes: Notes = "",
) -> dict[str, object]:
    """Reserves a chef. Needs an e-mail address or a phone number; ask `travel_fee` for the miles.
    The code in the result is what the customer needs later."""
    order = bookings.Order(
        date,
        start.replace(tzinfo=None),
        Party(adults=adults, children=children, small_children=small_children),
        bookings.contact(name, email, phone),
        bookings.cleaned(address, 200),
        miles,
        extras or Extras(),
        bookings.cleaned(notes, 500),
    )
    return bookings.once(talk, "book", lambda db: bookings.reserve(talk, db, order))


def told_of_change(
    talk: Talk,
    code: Code,
    contact: Known,
    date: Day | None = None,
    start: Start | None = None,
    adults: Adults | None = None,
    children: Children | None = None,
    small_children: Small | None = None,
    extras: Extras | None = None,
) -> str:
    change = changes.Change(date, start, adults, children, small_children, extras)
    with talk.tables() as db:
        return changes.planned(talk, db, code, contact, change).told()


@tool(confirm=told_of_change)
def change_booking(
    talk: Talk,
    code: Code,
    contact: Known,
    date: Day | None = None,
    start: Start | None = None,
    adults: Adults | None = None,
    children: Children | None = None,
    small_children: Small | None = None,
    extras: Extras | None = None,
) -> dict[str, object]:
    """Changes the date, the guests or the extras of a booking. Leave out what stays; extras, if
    given, are all that are wanted afterwards."""
    change = changes.Change(date, start, adults, children, small_children, extras)
    return bookings.once(
        talk,
        "change_booking",
        lambda db: changes.apply(talk, db, changes.planned(talk, db, code, contact, change)),
    )


def told_of_cancelling(talk: Talk, code: Code, contact: Known) -> str:
    with talk.tables() as db:
        return changes.told_of_cancelling(talk, db, code, contact)


@tool(confirm=told_of_cancelling)
def cancel_booking(talk: Talk, code: Code, contact: Known) -> dict[str, object]:
    """Cancels a booking, and says whether the deposit is refunded."""
    return bookings.once(talk, "cancel_booking", lambda db: changes.cancel(talk, db, code, contact))


@tool
def my_booking(talk: Talk, code: Code, contact: Known) -> dict[str, object]:
    """What is booked under a code. Needs the e-mail or phone given at booking too."""
    with talk.tables() as db:
        return bookings.told(bookings.found(talk, db, code, contact))


Wish = Annotated[str, Field(min_length=1, max_length=1000, description="what the customer wants")]


def told_of_lead(
    talk: Talk,
    name: Name,
    wish: Wish,
    email: Email | None = None,
    phone: Phone | None = None,
    date: Day | None = None,
    guests: Guests | None = None,
) -> str:
    who = bookings.contact(name, email, phone)
    reach = " and ".join(each for each in (who.email, who.phone) if each)
    return f"Our team may write to {who.name} at {reach} about this: {bookings.cleaned(wish, 1000)}"


@tool(confirm=told_of_lead)
def save_lead(
    talk: Talk,
    name: Name,
    wish: Wish,
    email: Email | None = None,
    phone: Phone | None = None,
    date: Day | None = None,
    guests: Guests | None = None,
) -> dict[str, object]:
    """Notes a customer who is not ready to book, so that the team can write or call."""
    who = bookings.contact(name, email, phone)
    row = {
        "name": who.name,
        "email": who.email,
        "phone": who.phone,
        "wish": bookings.cleaned(wish, 1000),
        "day": date,
        "guests": guests,
    }
    return bookings.once(talk, "save_lead", lambda db: bookings.keep_lead(talk, db, row))


def _miles(miles: float | None, place: str | None) -> tuple[str | None, int]:
    """What is known of a distance; miles that the customer names count before our estimate."""
    if miles is not None:
        return place, distance.whole_miles(miles)
    if place is not None:
        return distance.miles_to(place)
    raise ToolRefused("Give the miles, or the city, or latitude and longitude.")
