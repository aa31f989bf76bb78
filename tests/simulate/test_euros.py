"""Personas read amounts in euros, and speak German where they are asked in it."""

from __future__ import annotations

import pytest

from teppan.simulate.scene import agrees
from teppan.simulate.telling import amounts, asked_for


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("€18.50", 18.5),
        ("18,50 €", 18.5),
        ("1.300 €.", 1300.0),
        ("€1,300.50", 1300.5),
        ("195 Euro", 195.0),
        ("$1,286.50", 1286.5),
        ("it is $55.", 55.0),
    ],
)
def test_an_amount_is_one_number_however_it_is_written(text: str, value: float) -> None:
    assert amounts(text) == {value}


def test_what_is_missing_is_asked_for_in_german() -> None:
    assert asked_for(["start"], "de") == "Gern. Ich brauche noch: start."


def test_a_german_yes_and_no_are_heard() -> None:
    assert agrees("Ja, bitte.")
    assert not agrees("Ja, aber nicht am Montag.")
    assert not agrees("Nein.")
