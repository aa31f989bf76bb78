"""Dates, times, counts and names are read as customers write them."""

from __future__ import annotations

from datetime import date

import pytest

from teppan.simulate.questions import content_words
from teppan.simulate.reading import arguments, dates, times, typed

TODAY = date(2026, 11, 28)
COUNTS = {
    "type": "object",
    "properties": {"adults": {"type": "integer"}, "children": {"type": "integer"}},
}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("on 2026-12-05", "2026-12-05"),
        ("Dec 5", "2026-12-05"),
        ("the 5th of December", "2026-12-05"),
        ("March 2", "2027-03-02"),
        ("el 5 de diciembre", "2026-12-05"),
        ("12月5日", "2026-12-05"),
        ("tomorrow", "2026-11-29"),
        ("next Saturday", "2026-12-05"),
        ("el sábado", "2026-12-05"),
        ("土曜日", "2026-12-05"),
    ],
)
def test_a_day_is_the_next_one_meant(text: str, day: str) -> None:
    assert next(dates(text, TODAY)).isoformat() == day


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("at 6 pm", "18:00"),
        ("6:30pm", "18:30"),
        ("12 pm", "12:00"),
        ("18:15", "18:15"),
        ("a las 7", "19:00"),
        ("下午6点半", "18:30"),
        ("18時", "18:00"),
    ],
)
def test_a_time_is_that_of_the_clock(text: str, clock: str) -> None:
    assert list(times(text)) == [clock]


@pytest.mark.parametrize("text", ["June 14", "for $55", "12 adults", "2026-12-05"])
def test_no_time_is_read_where_none_is_said(text: str) -> None:
    assert not list(times(text))


@pytest.mark.parametrize(
    "text",
    [
        "14 adults and 6 kids",
        "6 niños y 14 adultos",
        "14个大人，6个小孩",
        "大人14名、子供6名",
    ],
)
def test_guests_are_counted_by_what_they_are(text: str) -> None:
    assert arguments(COUNTS, [text], [text], TODAY) == {"adults": 14, "children": 6}


def test_the_newest_words_count() -> None:
    said = ["make it 15 adults", "we are 12 adults"]
    assert arguments(COUNTS, said, said, TODAY) == {"adults": 15}


def test_numbers_written_as_text_become_numbers_where_one_is_wanted() -> None:
    assert typed(COUNTS, {"adults": "14", "name": "14"}) == {"adults": 14, "name": "14"}


def test_words_without_spaces_are_compared_letter_by_letter() -> None:
    asked, greeted = content_words("12个大人多少钱"), content_words("你好，12个大人多少钱")
    other = content_words("15个大人多少钱")
    assert len(asked & greeted) / len(asked | greeted) > 0.6
    assert len(asked & greeted) > len(asked & other)
