"""Parts of an agent's turn that are slow or fail: vendors, tools, the client, the clock.

What a customer agreed to is done once and told once, whatever else goes wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from aiohttp import web

from hibachi_desk import FINE, Brain, Desk, Talk, calling, obeying, results
from teppan.core.ids import LOCAL
from teppan.core.trace import Trace

WORKSHOP = {
    "pack.toml": """
name = "workshop"
about = "mends bicycles"
agents = "agents"
tools = "tools.py"
""",
    "agents/desk.md": "You take bicycles in.",
    "agents/desk.toml": 'tools = ["look", "mend", "stuck"]\nsteps = 8\n',
    "tools.py": """
import time
from pathlib import Path

from teppan import Talk, tool


@tool(seconds=0.1)
def look(shelf: int) -> str:
    "Looks for a part."
    time.sleep(60)
    return "nothing"


def told(talk: Talk, bicycle: str) -> str:
    return f"Mend the {bicycle} for $400?"


@tool(confirm=told, seconds=60)
def mend(talk: Talk, bicycle: str) -> dict[str, str]:
    "Mends a bicycle."
    (talk.folder / "begun").touch()
    while not (talk.folder / "go on").exists():
        time.sleep(0.01)
    with (talk.folder / "mended").open("a") as book:
        book.write(f"{talk.key} {bicycle}\\n")
    return {"say": "Mended for $400."}


@tool(confirm=told, seconds=0.1)
def stuck(talk: Talk, bicycle: str) -> str:
    "Mends a bicycle slowly."
    time.sleep(60)
    return "done"
""",
}
BICYCLE = {"bicycle": "red one"}


class Workshop:
    """A gateway whose one tool waits until it may go on."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk = desk
        self.folder = folder

    def talk(self) -> Talk:
        return self.desk.talk("agent/desk")

    def go_on(self) -> None:
        (self.folder / "go on").touch()

    async def begun(self) -> None:
        async with asyncio.timeout(60):
            while not (self.folder / "begun").exists():
                await asyncio.sleep(0.01)

    async def mended(self) -> list[str]:
        """What was mended, once something was."""
        book = self.folder / "mended"
        async with asyncio.timeout(60):
            while not book.exists():
                await asyncio.sleep(0.01)
        return book.read_text().splitlines()


@asynccontextmanager
async def workshop(
    folder: Path, brain: Brain, second: Brain | None = None, **sections: Any
) -> AsyncIterator[Workshop]:
    pack = folder / "workshop"
    for name, text in WORKSHOP.items():
        (pack / name).parent.mkdir(parents=True, exist_ok=True)
        (pack / name).write_text(text)
    sections = {"gateway": {"pack": str(pack)}, "retry": {"first_wait": 0.001}, **sections}
    async with obeying(folder, brain, second, **sections) as desk:
        yield Workshop(desk, pack)


def down(body: dict[str, Any]) -> web.Response:
    return web.json_response({"error": {"message": "overloaded"}}, status=503)


async def last(desk: Desk, status: str) -> Trace:
    """The newest trace, once it has this status."""
    async with asyncio.timeout(60):
        while True:
            found = await desk.house.store.traces.list(LOCAL)
            if found and found[0].status == status:
                trace = await desk.house.store.traces.get(LOCAL, found[0].id)
                assert trace is not None
                return trace
            await asyncio.sleep(0.02)


# --- vendors ------------------------------------------------------------------------------------


async def test_another_model_goes_on_where_one_failed_between_its_tools(tmp_path: Path) -> None:
    first = Brain(lambda body: down(body) if results(body) else [("mend", BICYCLE)], "mind")
    second = Brain(calling(("look", {"shelf": 9}), then="Shall I?"), "other")
    async with workshop(tmp_path, first, second) as shop:
        shop.go_on()
        talk = shop.talk()
        assert await talk.say("Please mend it.") == "Shall I?\n\nMend the red one for $400?"
        assert talk.used == [("mend", "proposed")]
        trace = await shop.desk.trace(talk)
        asked = [(call.model, call.outcome == "ok") for call in trace.calls]
        assert asked[0] == ("mistral/mind", True)
        assert asked[-1] == ("deepseek/other", True)
        assert ("mistral/mind", False) in asked
        await talk.say("yes")
        assert talk.used == [("mend", "confirmed")]
        assert len(await shop.mended()) == 1


async def test_what_was_done_before_all_vendors_failed_is_told_the_next_time(
    tmp_path: Path,
) -> None:
    brain = Brain(calling(("mend", BICYCLE)))
    async with workshop(tmp_path, brain) as shop:
        shop.go_on()
        talk = shop.talk()
        await talk.say("Please mend it.")
        brain.mind = lambda body: down(body) if results(body) else [("mend", BICYCLE)]
        talk.messages.append({"role": "user", "content": "yes"})
        with pytest.raises(openai.APIStatusError):
            await talk.again()
        assert [each.status for each in (await last(shop.desk, "failed")).tools] == ["confirmed"]
        brain.mind = lambda body: results(body)[0] if results(body) else [("mend", BICYCLE)]
        assert "Mended for $400" in await talk.again()
        assert len(await shop.mended()) == 1


# --- tools --------------------------------------------------------------------------------------


async def test_tools_that_hang_are_left_alone_and_a_person_is_called(tmp_path: Path) -> None:
    brain = Brain(calling(("look", {"shelf": 1}), ("look", {"shelf": 2})))
    async with workshop(tmp_path, brain) as shop:
        talk = shop.talk()
        assert await talk.say("Have you got a chain?") == FINE
        assert talk.used == [("look", "timed_out")] * 2
        assert talk.headers["x-teppan-escalated"] == "failed"
        assert [each.reason for each in await shop.desk.called()] == ["failed"]


async def test_what_may_have_been_done_is_neither_told_nor_done_twice(tmp_path: Path) -> None:
    brain = Brain(calling(("stuck", BICYCLE)))
    async with workshop(tmp_path, brain) as shop:
        talk = shop.talk()
        await talk.say("Please mend it.")
        await talk.say("yes")
        assert talk.used == [("stuck", "timed_out")]
        talk.messages.pop()
        await talk.again()
        assert talk.used == [("stuck", "failed")]
        assert "do not do it again" in talk.tools[0]["result"]


# --- the client and the clock -------------------------------------------------------------------


async def test_who_leaves_after_the_yes_finds_it_done(tmp_path: Path) -> None:
    brain = Brain(calling(("mend", BICYCLE)))
    async with workshop(tmp_path, brain) as shop:
        talk = shop.talk()
        await talk.say("Please mend it.")
        talk.messages.append({"role": "user", "content": "yes"})
        asking = asyncio.create_task(talk.again())
        await shop.begun()
        asking.cancel()
        await asyncio.wait({asking})
        left = await last(shop.desk, "cancelled")
        assert [each.status for each in left.tools] == ["timed_out"]
        shop.go_on()
        (line,) = await shop.mended()
        await talk.again()
        assert talk.used == [("mend", "confirmed")]
        assert await shop.mended() == [line]
        assert line == f"{talk.tools[0]['action']} red one"


async def test_a_turn_whose_time_ends_while_a_tool_works_does_it_and_tells_it_later(
    tmp_path: Path,
) -> None:
    brain = Brain(calling(("mend", BICYCLE)))
    async with workshop(tmp_path, brain, clocks={"deadline": 2.0}) as shop:
        talk = shop.talk()
        await talk.say("Please mend it.")
        talk.messages.append({"role": "user", "content": "yes"})
        asking = asyncio.create_task(talk.again())
        await shop.begun()
        await asyncio.sleep(2.0)
        shop.go_on()
        with pytest.raises(openai.APIStatusError):
            await asking
        await talk.again()
        assert talk.used == [("mend", "confirmed")]
        assert len(await shop.mended()) == 1
