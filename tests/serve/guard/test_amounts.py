"""Amounts: numbers as people write them, and every sum that follows from prices and counts."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teppan.config.pack import load_pack
from teppan.core.chat import ChatRequest, say
from teppan.routing.language import Languages
from teppan.serve.guard.counting import Money, number
from teppan.serve.guard.guard import Guard
from teppan.serve.guard.reading import digits, plain

BOOK = load_pack(Path(__file__).parents[3] / "packs" / "myhibachi").book
GUARD = Guard(BOOK, Languages(("en",)), lambda: 0.5)
FEW = settings(max_examples=40, deadline=None)


def broken(question: str, answer: str, *earlier: str) -> set[str]:
    messages = tuple(say("user", each) for each in (*earlier, question))
    request = ChatRequest(model="m", messages=messages)
    return {each.rule for each in GUARD.check(request, answer).violations}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1,100", 1100),
        ("1.100", 1100),
        ("1,100.50", "1100.5"),
        ("1.100,50", "1100.5"),
        ("55", 55),
        ("55.00", 55),
        ("0.5", "0.5"),
        ("1,234,567", 1234567),
    ],
)
def test_a_number_is_read_as_it_is_written(written: str, value: str | int) -> None:
    assert number(written) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("twenty-five guests", "25 guests"),
        ("two hundred guests", "200 guests"),
        ("one or two", "1 or 2"),
        ("ten and five", "10 and 5"),
        ("treinta y dos adultos", "32 adultos"),
        ("二十五位", "25位"),
        ("一起去", "一起去"),
        ("十名", "10名"),
    ],
)
def test_number_words_become_digits(text: str, told: str) -> None:
    assert digits(text) == told


@pytest.mark.parametrize("text", ["$1,100", "1100 dollars", "US$1,100", "1,100 USD", "1100美元"])
def test_amounts_are_found_however_they_are_written(text: str) -> None:
    assert Money(BOOK).found(text) == [Decimal(1100)]


def test_hidden_signs_and_emphasis_do_not_hide_an_amount() -> None:
    assert Money(BOOK).found(plain("**$**1\u200b,100 and ＄９０")) == [1100, 90]


@FEW
@given(st.integers(10, 200), st.integers(0, 60))
def test_an_exact_quote_passes_and_one_that_is_a_dollar_off_does_not(
    adults: int, children: int
) -> None:
    total = 55 * adults + 30 * children
    asked = f"What do {adults} adults and {children} children cost?"
    assert broken(asked, f"That is ${total:,}.") == set()
    assert "true-prices" in broken(asked, f"That is ${total + 1:,}.")


@FEW
@given(st.integers(31, 100))
def test_the_fee_beyond_the_free_miles_is_exact(miles: int) -> None:
    asked = f"We live {miles} miles away, what is the travel fee?"
    assert broken(asked, f"Travel is ${2 * (miles - 30)}.") == set()
    assert broken(asked, f"Travel is ${2 * miles}.") == {"true-prices"}


@FEW
@given(st.integers(10, 60), st.booleans(), st.booleans())
def test_a_total_holds_the_upgrades_that_were_asked_for(
    guests: int, filet: bool, lobster: bool
) -> None:
    wanted = [*(["filet mignon"] if filet else []), *(["lobster"] if lobster else [])]
    extra = 5 * filet + 10 * lobster
    asked = f"{guests} adults with {' and '.join(wanted) or 'chicken'}, what is the total?"
    assert broken(asked, f"The total is ${(55 + extra) * guests:,}.") == set()
    if extra:
        assert broken(asked, f"The total is ${55 * guests:,}.") == {"true-prices"}


@FEW
@given(st.integers(1, 9))
def test_a_small_party_is_told_of_the_minimum(adults: int) -> None:
    asked = f"What do {adults} adults cost?"
    assert "minimum" in broken(asked, f"That is ${55 * adults}.")
    assert broken(asked, f"${55 * adults}, so the minimum of $550 applies.") == set()


def test_counts_of_the_last_question_that_has_any_hold() -> None:
    assert broken("And with filet?", "Then it is $660.", "We are 11 adults") == set()
    assert broken("Sorry, 12 adults.", "Then it is $660.", "We are 11 adults") == set()
    assert broken("Sorry, 12 adults.", "Then it is $605.", "We are 11 adults") == {"true-prices"}


def test_an_amount_of_the_customers_may_be_denied_but_not_granted() -> None:
    assert broken("I was told $400 for 10 adults.", "It is not $400 but $550.") == set()
    assert broken("I was told $400 for 10 adults.", "Yes, $400 it is.") == {"true-prices"}


@FEW
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_can_be_checked(question: str, answer: str) -> None:
    request = ChatRequest(model="m", messages=(say("user", question),))
    assert GUARD.check(request, answer).failed == ()


HOSTILE = [
    (
        "10 or 12 or 14 adults, 3 or 5 kids, filet lobster noodles tip 45 miles",
        "That is $55. ",
    ),
    ("x", "$1,"),
    ("x", "wagyu "),
    ("x", "free included, "),
    ("10 " * 4_000, "$550 10 adults "),
    ("one hundred " * 1_000, "one hundred "),
    ("allergic " * 800, "a, "),
]


@pytest.mark.parametrize(("question", "answer"), HOSTILE)
def test_no_text_is_looked_at_by_the_square_of_its_length(question: str, answer: str) -> None:
    began = time.process_time()
    broken(question, answer * (19_000 // len(answer)))
    assert time.process_time() - began < 20  # by the square it takes minutes
