"""The night's stages have an order, its time has no gaps, and its questions are counted once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from teppan.core.chat import say
from teppan.core.ids import LOCAL, Scope
from teppan.core.trace import ModelCall, Trace
from teppan.learn.asking import Asked
from teppan.learn.cron import parse
from teppan.learn.loop import (
    DAY,
    LONGEST,
    NIGHT,
    TALLY,
    Counted,
    Report,
    Tally,
    day_of,
    job_id,
    night_of,
    told,
    window,
)


async def nothing(scope: Scope, since: float, until: float, report: Report) -> None: ...


def test_stages_come_in_the_order_of_the_night() -> None:
    bound = dict.fromkeys(("lessons.write", "signals", "review"), nothing)
    assert [each.name for each in night_of(bound)] == ["signals", "review", "lessons.write"]
    assert next(name for name, _ in NIGHT) == "signals"
    with pytest.raises(ValueError, match="dreams"):
        night_of({"dreams": nothing})


def test_a_night_begins_where_the_last_one_ended_within_reason() -> None:
    until = 100 * DAY
    assert window(None, until) == (until - DAY, until)
    assert window(until - 3 * DAY, until) == (until - 3 * DAY, until)
    assert window(0.0, until) == (until - LONGEST, until)
    assert window(until + 5, until) == (until, until)


def test_a_job_is_named_by_its_time() -> None:
    at = datetime(2026, 11, 28, 2, 30)
    assert job_id("night", "anna", day_of(parse("30 2 * * *"), at)) == "night/anna/2026-11-28"
    assert day_of(parse("*/30 2 * * *"), at) == "2026-11-28T02:30"
    assert job_id("sweep", "", "x") == "sweep/x"


def test_counts_are_told_in_a_line() -> None:
    assert told({"traces": 1200, "kept": 4, "note": "", "why": "late", "x": [1]}) == (
        "traces 1,200, kept 4, why late"
    )
    assert told({"ready": True, "told": "enough"}) == "enough"


async def test_a_question_costs_once_however_often_it_is_asked() -> None:
    costs = {"a": 7, "b": None}

    async def ask(scope: Scope, model: str, messages: Any, *, key: str, **more: Any) -> Asked:
        call = ModelCall(
            id="c", trace_id="tr", model=model, role="single", outcome="ok", cost=costs[key]
        )
        trace = Trace(
            id="tr", tenant="t", key_id="k", started=0.0, asked=model, strategy="single",
            status="ok", calls=(call,),
        )  # fmt: skip
        return Asked(trace, again=True)

    counted, tally = Counted(ask), Tally()
    await counted(LOCAL, "a/b", [say("user", "?")], key="a")  # nobody counts here
    token = TALLY.set(tally)
    for key in ("a", "b", "a"):
        assert (await counted(LOCAL, "a/b", [say("user", "?")], key=key)).again
    TALLY.reset(token)
    assert tally.total == 7
