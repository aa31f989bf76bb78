"""Rules over German answers, amounts in euros, and what is counted twice: rooms and nights."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.config.rules import read_rules
from teppan.core.chat import ChatRequest, say
from teppan.core.errors import ConfigError
from teppan.routing.language import Languages
from teppan.serve.guard.counting import Money
from teppan.serve.guard.guard import Guard
from teppan.serve.guard.reading import plain, read
from teppan.serve.guard.saying import denies
from teppan.serve.guard.words import words

TABLES: dict[str, Any] = {
    "money": {"signs": ["€"], "words": {"de": ["euro"]}},
    "counts": {
        "rooms": {"after": ["rooms?", "zimmern?"]},
        "nights": {"after": ["nights?", "n(?:a|ä)chten?"]},
        "room_nights": {"times": ["rooms", "nights"]},
    },
    "price": [
        {"id": "room", "amount": 62.5, "per": "room_nights", "about": ["rooms?", "zimmern?"]},
        {"id": "sauna", "amount": 9, "about": ["sauna"]},
    ],
    "rule": [
        {
            "id": "prices",
            "text": "True prices.",
            "check": [{"kind": "amounts"}, {"kind": "surcharge", "prices": ["sauna"]}],
        },
        {
            "id": "dogs",
            "text": "No dogs.",
            "check": [{"kind": "forbidden", "words": ["hunden?", "dogs?"]}],
        },
    ],
}
BOOK = read_rules(TABLES, Path("rules.toml"))
MONEY = Money(BOOK)
GUARD = Guard(BOOK, Languages(("en", "de")), lambda: 0.5)


def broken(question: str, answer: str) -> list[str]:
    request = ChatRequest(model="inn", messages=(say("user", question),))
    return [each.rule for each in GUARD.check(request, answer).violations]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("€18.50", "18.5"),
        ("18,50 €", "18.5"),
        ("18,50€", "18.5"),
        ("1.286,50\u00a0€", "1286.5"),
        ("€1,286.50", "1286.5"),
        ("195 Euro", "195"),
        ("1.300 €", "1300"),
    ],
)
def test_an_amount_is_found_with_its_sign_on_either_side(text: str, value: str) -> None:
    assert MONEY.found(plain(f"Das macht {text}.")) == [Decimal(value)]


def test_a_number_before_a_signed_amount_is_no_amount() -> None:
    assert MONEY.found("For 12 €55 each, that is") == [Decimal(55)]


@given(st.integers(0, 9_999_999))
def test_every_amount_is_read_back_in_both_spellings(cents: int) -> None:
    euros, rest = divmod(cents, 100)
    english = f"€{euros:,}.{rest:02d}"
    german = f"{euros:,}".replace(",", ".") + f",{rest:02d} €"
    want = [Decimal(cents) / 100]
    assert MONEY.found(english) == want
    assert MONEY.found(german) == want


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What are 2 rooms for 3 nights?", "2 rooms for 3 nights are €375."),
        ("Was kosten zwei Zimmer für drei Nächte?", "Zwei Zimmer für drei Nächte kosten 375 €."),
        ("What is a room for 4 nights?", "A room for 4 nights is €250."),
        ("Was kostet ein Zimmer?", "Ein Zimmer kostet 62,50 € pro Nacht."),
    ],
)
def test_what_is_counted_twice_is_multiplied(question: str, answer: str) -> None:
    assert broken(question, answer) == []


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What are 2 rooms for 3 nights?", "2 rooms for 3 nights are €350."),
        ("Was kosten zwei Zimmer für drei Nächte?", "Das macht 365 €."),
    ],
)
def test_a_wrong_product_follows_from_no_fact(question: str, answer: str) -> None:
    assert broken(question, answer) == ["prices"]


@pytest.mark.parametrize(
    "answer",
    [
        "Hunde nehmen wir leider nicht auf.",
        "Nein, keine Hunde.",
        "Bei uns sind keine Hunde erlaubt.",
    ],
)
def test_a_german_denial_is_one(answer: str) -> None:
    assert broken("Darf mein Hund mit?", answer) == []


@pytest.mark.parametrize(
    "answer",
    ["Ja, Hunde sind willkommen.", "Natürlich.", "Kein Problem, wir haben Platz für Hunde."],
)
def test_a_german_offer_is_one(answer: str) -> None:
    assert broken("Darf mein Hund mit, nehmen Sie Hunde?", answer) == ["dogs"]


@pytest.mark.parametrize(
    "answer", ["Die Sauna ist kostenlos.", "Ja, die Sauna ist inklusive.", "Sauna ohne Aufpreis."]
)
def test_german_words_for_free_are_known(answer: str) -> None:
    assert broken("Was kostet die Sauna?", answer) == ["prices"]


def test_no_extra_charge_denies_nothing_in_german() -> None:
    assert not denies("das ist kein Problem")
    assert not denies("das Frühstück ist ohne Aufpreis")
    assert denies("das ist nicht enthalten")


@pytest.mark.parametrize(
    "text",
    [
        "Kann ich mit einem Menschen sprechen?",
        "Ich möchte mit jemandem reden",
        "verbinden Sie mich bitte",
    ],
)
def test_asking_for_a_person_in_german_is_heard(text: str) -> None:
    assert words().asks.search(text)


def test_german_number_words_are_digits() -> None:
    assert read("zwölf Nächte").text == "12 Nächte"


def test_a_product_of_a_count_that_nobody_has_stops_the_start() -> None:
    tables = {"counts": {"both": {"times": ["rooms"]}}}
    with pytest.raises(ConfigError, match=r"counts\.both: `times` names no other count `rooms`"):
        read_rules(tables, Path("rules.toml"))
