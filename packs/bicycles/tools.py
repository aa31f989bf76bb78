"""What agents of Radhaus can do. Each function marked `@tool` is one; models see its words."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field

from teppan import Talk, tool

from . import bicycle_prices as prices
from . import bicycle_times as times
from .bicycle_prices import Job, money
from .bicycle_times import Work

Jobs = Annotated[
    list[Job],
    Field(max_length=20, description="each as often as it is done: two brakes are `brake` twice"),
]
Km = Annotated[
    float, Field(ge=0, le=1000, description="from the workshop to the customer, one way")
]
Days = Annotated[int, Field(ge=1, le=60, description="a weekend is 2")]
Many = Annotated[int, Field(ge=0, le=50)]
Day = Annotated[dt.date, Field(description="YYYY-MM-DD")]
Start = Annotated[dt.time, Field(description="HH:MM, on the hour or the half hour")]
Name = Annotated[str, Field(min_length=1, max_length=100, description="of the customer")]
Phone = Annotated[str, Field(max_length=40)]
Code = Annotated[str, Field(max_length=20, description="of the appointment")]


@tool(stable=True)
def repair_price(jobs: Jobs, e_bike: bool = False, km: Km | None = None) -> dict[str, object]:
    """What repairs cost in all, line by line; with `km` also the collection. Use it for every
    total; never add up yourself."""
    lines = prices.repair(jobs, e_bike, km)
    return {
        "lines": [line.told() for line in lines],
        "total": money(prices.total(lines)),
        "not_included": "parts, except the tube of a puncture repair",
        "vat": "included",
    }


@tool(stable=True)
def rental_price(
    days: Days, city_bikes: Many = 0, e_bikes: Many = 0, child_bikes: Many = 0, helmets: Many = 0
) -> dict[str, object]:
    """What a rental costs in all, and the deposit. Use it for every total; never multiply
    yourself."""
    lines = prices.rental(days, city_bikes, e_bikes, child_bikes, helmets)
    bikes = city_bikes + e_bikes + child_bikes
    return {
        "lines": [line.told() for line in lines],
        "total": money(prices.total(lines)),
        "deposit": f"{money(bikes * prices.CENTS['deposit'])}, given back when the bikes come back",
        "vat": "included",
    }


@tool
def free_times(talk: Talk, date: Day, work: Work) -> dict[str, object]:
    """At which times of a day there is time for a job."""
    with talk.tables() as db:
        starts = times.free_starts(talk, db, date, work)
    return {"date": f"{date:%A, %Y-%m-%d}", "free_starts": times.told_starts(starts)}


def told_of_appointment(
    talk: Talk, date: Day, start: Start, work: Work, name: Name, phone: Phone
) -> str:
    clock = start.replace(tzinfo=None)
    number = times.digits(phone)
    with talk.tables() as db:
        times.check(talk, db, date, clock, work)
    day, job = times.told_day(date, talk.language), times.told_work(work, talk.language)
    if talk.language == "de":
        return f"Termin am {day} um {clock:%H:%M} Uhr: {job}, für {name}, Telefon {number}."
    return f"An appointment on {day} at {clock:%H:%M}: {job}, for {name}, phone {number}."


@tool(confirm=told_of_appointment)
def make_appointment(
    talk: Talk, date: Day, start: Start, work: Work, name: Name, phone: Phone
) -> dict[str, object]:
    """Makes an appointment. The code in the result is what the customer needs later."""
    return times.make(talk, date, start.replace(tzinfo=None), work, name, times.digits(phone))


def told_of_cancelling(talk: Talk, code: Code, phone: Phone) -> str:
    with talk.tables() as db:
        row = times.found(talk, db, code, phone)
    day = times.told_day(row.day, talk.language)
    if talk.language == "de":
        return f"Den Termin {row.code} am {day} um {row.start:%H:%M} Uhr absagen."
    return f"Cancel the appointment {row.code} on {day} at {row.start:%H:%M}."


@tool(confirm=told_of_cancelling)
def cancel_appointment(talk: Talk, code: Code, phone: Phone) -> dict[str, object]:
    """Cancels an appointment."""
    return times.cancel(talk, code, phone)
