"""One call of a tool: typed, timed, and never more than a result."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from serve.agents.office import pack_tool, talk_of
from teppan.core.tool import tool
from teppan.serve.agents.tools import LONGEST, Ran, told
from teppan.serve.strategies.scripted import ScriptedCase

CASE = ScriptedCase()


async def ran(function: Callable[..., Any], arguments: str = "{}") -> Ran:
    return await pack_tool(function).run(arguments, talk_of(CASE), CASE)


async def test_a_sync_tool_does_not_hold_the_others_up() -> None:
    gate = threading.Event()

    @tool
    def waits() -> str:
        gate.wait(5)
        return "done"

    running = asyncio.create_task(ran(waits))
    await asyncio.sleep(0)
    gate.set()
    assert await running == Ran("ok", "done")


async def test_a_tool_that_takes_too_long_is_left_alone() -> None:
    gate = threading.Event()

    @tool(seconds=0.01)
    def hangs() -> str:
        gate.wait(5)
        return "late"

    assert (await ran(hangs)).status == "timed_out"
    gate.set()


async def test_an_exit_of_a_tool_is_a_failure_like_any_other() -> None:
    @tool
    def leaves() -> str:
        raise SystemExit(3)

    @tool
    async def fails() -> str:
        raise KeyError("x")

    assert (await ran(leaves)).status == "failed"
    assert (await ran(fails)).status == "failed"


def test_results_are_told_as_json() -> None:
    value = {"day": dt.date(2026, 1, 2), "cost": Decimal("1.50"), "of": ("a", "b")}
    assert told(value) == '{"cost":"1.50","day":"2026-01-02","of":["a","b"]}'
    assert told("as it is") == "as it is"


def test_a_long_result_is_cut_and_says_so() -> None:
    text = told("x" * (LONGEST + 5))
    assert text.startswith("x" * LONGEST)
    assert f"{LONGEST + 5} characters" in text
