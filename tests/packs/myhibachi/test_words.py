"""What the tools say keeps the rules of the pack when an agent says it on."""

from __future__ import annotations

import json
import tomllib

import pytest

from packs.kitchen import ANNA, FOLDER, NOON, Kitchen, module
from teppan.config.rules import read_rules
from teppan.core.chat import ChatRequest, say
from teppan.routing.language import Languages
from teppan.serve.guard.guard import Guard

PATH = FOLDER / "rules.toml"
BOOK = read_rules(tomllib.loads(PATH.read_text("utf-8")), PATH)
GUARD = Guard(BOOK, Languages(("en",)), lambda: 0.5)
tools = module("tools")


def broken(question: str, answer: str, known: object) -> list[str]:
    """The rules an answer breaks, when a tool had said `known` before."""
    request = ChatRequest(model="agent/booking", messages=(say("user", question),))
    found = GUARD.check(request, answer, known=json.dumps(known))
    return [f"{each.rule}: {each.found}" for each in found.violations]


def test_an_amount_that_no_tool_gave_is_still_found() -> None:
    told = tools.quote(12)
    assert broken("What do 12 adults pay?", "12 adults are $661 in all.", told)


def test_the_sentence_that_a_customer_agrees_to_keeps_the_rules(kitchen: Kitchen) -> None:
    asked = "We are 12 adults on December 12 at 6 pm, 12 Oak Street in Davis. Please book."
    for changes in ({}, {"children": 3, "extras": {"lobster": 4}}, {"miles": 45}):
        told = kitchen.asks("book", ANNA | changes)
        assert broken(asked, f"{told} Is that right?", told) == []


def test_so_does_what_is_said_when_it_is_done(kitchen: Kitchen) -> None:
    made = kitchen.book()
    words = f"Reserved: {made['when']}, code {made['code']}. The deposit of {made['deposit']} "
    words += f"makes it firm. The total is {made['total']}, {made['not_included']} not included."
    assert broken("Yes, please.", words, made) == []
    mine = {"code": made["code"], "contact": "anna@example.com"}
    change = mine | {"adults": 14, "extras": {"filet": 14}}
    told = kitchen.asks("change_booking", change)
    assert broken("We are 14 now, with filet mignon for all.", told, told) == []


@pytest.mark.parametrize("days", [0, 11])
def test_and_what_is_said_of_the_deposit(kitchen: Kitchen, days: int) -> None:
    mine = {"code": kitchen.book()["code"], "contact": "anna@example.com"}
    kitchen.now = NOON.replace(day=30) if not days else NOON.replace(month=12, day=days)
    told = kitchen.asks("cancel_booking", mine)
    assert broken("Please cancel my booking.", told, told) == []


@pytest.mark.parametrize(
    ("adults", "children", "miles"), [(8, 0, None), (12, 3, 45), (10, 0, 30), (20, 10, 100)]
)
def test_and_every_quote(adults: int, children: int, miles: float | None) -> None:
    told = tools.quote(adults, children, miles=miles)
    asked = f"What do {adults} adults and {children} children pay"
    asked += f", {miles} miles from you?" if miles else "?"
    minimum = " The event minimum of $550 applies." if told["minimum_applies"] else ""
    words = f"{'; '.join(told['lines'])}. In all {told['total']}, before tax and tip.{minimum}"
    assert broken(asked, words, told) == []


@pytest.mark.parametrize("asked", ["nuts", "shrimp", "egg", "gluten", "milk"])
def test_and_what_is_told_of_an_allergen(asked: str) -> None:
    told = tools.allergens(asked)
    words = " ".join(str(told[name]) for name in ("say", "what_we_can_do", "also") if name in told)
    assert broken(f"One guest is allergic to {asked}.", words, told) == []


@pytest.mark.parametrize("place", ["Davis", "Napa", "Fresno"])
def test_and_what_is_told_of_a_drive(place: str) -> None:
    told = tools.travel_fee(place=place)
    far = f"{place} is about {told['miles']} miles away: {told.get('how') or told['why']}"
    assert broken(f"Do you come to {place}, and what is the travel fee?", far, told) == []
