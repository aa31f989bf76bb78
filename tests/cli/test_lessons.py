"""`teppan lessons`: listed, shown, approved, retired, tried; the weeks."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from cli.conftest import printed, teppan, told
from teppan.core.errors import BadRequest, Conflict, NotFound
from teppan.core.ids import LOCAL
from teppan.store import Store
from teppan.store.lesson_rows import (
    Day,
    Lesson,
    Reflection,
    Source,
    Sums,
    Trial,
    Tried,
    Used,
    Written,
)

RULE = "Name the fee for each mile."


@pytest.fixture
def lesson(folder: Path) -> str:
    async def made() -> str:
        store = await Store.open(folder / "teppan.db")
        thoughts = (Reflection("a/teacher", True, "Name the miles too."), Reflection("a/student"))
        written = Written(
            question="What does travel cost?",
            mistake="It said that it is free.",
            said=RULE,
            rule=RULE,
            reflections=thoughts,
        )
        lesson = Lesson(
            id="les_1",
            model="support",
            rule=RULE,
            origin="tr_1",
            status="waiting",
            why="it lifts +0.50 on 10 cases",
            tried=Tried(cases=10, wins=5, lift=0.5, low=0.2, high=0.8, far=6),
            used=Used(given=90, with_it=0.8, withheld=10, without=0.6, effect=0.2),
        )
        source = Source(trace_id="tr_1", lesson="les_1", kind="corrected", written=written)
        await store.lessons.keep(LOCAL, source, lesson)
        trial = Trial(lesson="les_1", trace_id="tr_2", difference=1.0, how="critic")
        await store.lessons.tried(LOCAL, trial)
        today = int(time.time() // 86_400)
        day = Day(model="support", day=today, given=Sums(100, 78.0, 70.0), live=1)
        of_it = Day(model="support", day=today, lesson="les_1", given=Sums(90, 72.0, 60.0),
                    withheld=Sums(10, 6.0, 4.0))  # fmt: skip
        await store.lessons.put_days(LOCAL, [day, of_it])
        await store.close()
        return "les_1"

    return asyncio.run(made())


def test_lessons_are_listed_with_what_they_did(lesson: str) -> None:
    out = printed(["lessons", "list"])
    assert RULE in out
    assert "+0.50 (10)" in out
    assert "+0.20" in out
    [one] = told(teppan("lessons", "list", "--status", "waiting", "--json"))["lessons"]
    assert (one["id"], one["sources"]) == (lesson, 1)
    assert "No lesson is live" in printed(["lessons", "list", "--status", "live"])
    assert "no lessons yet" in printed(["lessons", "list", "--tenant", "other"])
    assert isinstance(teppan("lessons", "list", "--status", "good").exception, BadRequest)


def test_one_is_shown_with_its_case_and_its_trials(lesson: str) -> None:
    out = printed(["lessons", "show", lesson])
    for words in ("It said that it is free.", "agrees. Name the miles too.", "tr_2", "0.80 with"):
        assert words in out
    found = told(teppan("lessons", "show", lesson, "--json"))
    assert found["sources"][0]["kind"] == "corrected"
    assert found["trials"][0]["how"] == "critic"
    assert isinstance(teppan("lessons", "show", "les_9").exception, NotFound)


def test_a_person_approves_and_retires(lesson: str) -> None:
    assert "is live; it was waiting" in printed(["lessons", "approve", lesson])
    assert told(teppan("lessons", "show", lesson, "--json"))["live_since"] is not None
    assert "is retired; it was live" in printed(["lessons", "retire", lesson])
    assert told(teppan("lessons", "show", lesson, "--json"))["why"] == "a person decided"


def test_only_a_candidate_is_tried(lesson: str) -> None:
    assert isinstance(teppan("lessons", "try", lesson).exception, Conflict)


def test_the_weeks_tell_quality_and_lift(lesson: str) -> None:
    out = printed(["lessons", "stats"])
    assert "1 waiting" in out
    assert "0.78" in out
    [week] = told(teppan("lessons", "stats", "--json"))["weeks"]
    assert (week["answers"], week["given"], week["withheld"], week["live"]) == (100, 90, 10, 1)
    assert round(week["lift"], 6) == 0.2
    assert "No week was measured" in printed(["lessons", "stats", "--tenant", "other"])
