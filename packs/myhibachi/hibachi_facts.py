"""The figures of `facts.md`, read from its sentences: what is changed there, changes in the tools.

A sentence that cannot be found stops the pack from loading. A tool that reckons with a price of
yesterday would be worse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True)
class Facts:
    """Money is in cents, distances in miles, hours of the day from 0 to 24."""

    adult: int
    child: int
    child_from: int
    child_to: int
    free_to: int
    minimum: int
    filet: int
    lobster: int
    third_protein: int
    noodles: int
    gyoza: int
    edamame: int
    plates: int
    tables: int
    deposit: int
    per_mile: int
    free_miles: int
    most_miles: int
    usual_tip: int
    notice_hours: int
    guests_hours: int
    asked_hours: int
    move_days: int
    refund_days: int
    guests_per_chef: int
    first_start: int
    last_start: int
    proteins: tuple[str, ...]
    included: tuple[str, ...]


_DOLLARS = r"\$(\d[\d,]*(?:\.\d\d)?)"
_NUMBER = r"(\d+)"
_LIST = r"([^.:]+?)"

MONEY: Mapping[str, str] = MappingProxyType(
    {
        "adult": rf"Adults are {_DOLLARS} each",
        "child": rf"Children from \d+ to \d+ are {_DOLLARS} each",
        "minimum": rf"An event costs at least {_DOLLARS} before upgrades and travel",
        "filet": rf"Filet mignon is {_DOLLARS} more per person",
        "lobster": rf"Lobster tail is {_DOLLARS} more per person",
        "third_protein": rf"A third protein is {_DOLLARS} more per person",
        "noodles": rf"Noodles are {_DOLLARS} more per person",
        "gyoza": rf"A dozen gyoza is {_DOLLARS}",
        "edamame": rf"A bowl of edamame is {_DOLLARS}",
        "plates": rf"Plates and cutlery can be rented for {_DOLLARS} per guest",
        "tables": rf"tables and chairs for {_DOLLARS} per guest",
        "deposit": rf"The deposit is {_DOLLARS}",
        "per_mile": rf"After that it is {_DOLLARS} per mile, one way",
    }
)
NUMBERS: Mapping[str, str] = MappingProxyType(
    {
        "child_from": rf"Children from {_NUMBER} to \d+ are",
        "child_to": rf"Children from \d+ to {_NUMBER} are",
        "free_to": rf"Children of {_NUMBER} and under eat free",
        "free_miles": rf"The first {_NUMBER} miles are free",
        "most_miles": rf"within {_NUMBER} miles of Sacramento, not further",
        "usual_tip": rf"{_NUMBER} % is usual",
        "notice_hours": rf"Bookings need at least {_NUMBER} hours' notice",
        "guests_hours": rf"number of guests can be changed until {_NUMBER} hours before",
        "asked_hours": rf"soy sauce is free of charge when it is asked for {_NUMBER} hours ahead",
        "move_days": rf"date can be changed once, free of charge, until {_NUMBER} days before",
        "refund_days": rf"refunded when the customer cancels at least {_NUMBER} days before",
        "guests_per_chef": rf"One booking holds one chef for up to {_NUMBER} guests",
        "first_start": rf"Events start between {_NUMBER} am and",
        "last_start": rf"Events start between \d+ am and {_NUMBER} pm",
    }
)
LISTS: Mapping[str, str] = MappingProxyType(
    {
        "proteins": rf"Every guest chooses two proteins: {_LIST}\.",
        "included": rf"- {_LIST} are included\.",
    }
)
SAID = (
    "every day except Thanksgiving and Christmas Day",
    "There is no wagyu",
    "No nuts and no peanut oil are used",
    "at no extra charge",
)
"""Sentences without a figure that the tools rely on."""

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def read_facts(text: str) -> Facts:
    """The figures of a text as `facts.md` is. Raises `ValueError` naming what it does not say."""
    plain = " ".join(_COMMENT.sub("", text).split())
    for sentence in SAID:
        if sentence not in plain:
            raise ValueError(f"facts.md no longer says {sentence!r}, on which tools.py relies")
    found: dict[str, int | tuple[str, ...]] = {}
    for name, pattern in MONEY.items():
        found[name] = _cents(_found(name, pattern, plain))
    for name, pattern in NUMBERS.items():
        found[name] = int(_found(name, pattern, plain))
    for name, pattern in LISTS.items():
        listed = re.split(r", | or | and ", _found(name, pattern, plain))
        found[name] = tuple(each.strip().lower() for each in listed)
    found["last_start"] = int(_found("last_start", NUMBERS["last_start"], plain)) + 12
    return Facts(**found)  # type: ignore[arg-type]  # every field is one of the three tables


def _found(name: str, pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"facts.md has no sentence for {name!r}; tools.py looks for: {pattern}")
    return found.group(1)


def _cents(text: str) -> int:
    dollars, _, cents = text.replace(",", "").partition(".")
    return int(dollars) * 100 + int(cents or 0)


FACTS = read_facts(Path(__file__).with_name("facts.md").read_text("utf-8"))

assert {each.name for each in fields(Facts)} == {*MONEY, *NUMBERS, *LISTS}
