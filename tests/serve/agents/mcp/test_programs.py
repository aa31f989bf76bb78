"""Programs that die, hang, lie and will not go: a tool failed, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from teppan.config.mcp import McpServer
from teppan.core.clock import FixedClock
from teppan.serve.agents.mcp import stdio
from teppan.serve.agents.mcp.link import McpFailed, McpTimeout
from teppan.serve.agents.mcp.tools import McpResult, McpTools

ROUGH = str(Path(__file__).with_name("rough_server.py"))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@contextlib.asynccontextmanager
async def rough(
    folder: Path, mode: str, clock: FixedClock | None = None, **told: Any
) -> AsyncIterator[McpTools]:
    said: dict[str, Any] = {"tools": ("do",), "seconds": 20.0} | told
    server = McpServer(command=(sys.executable, "-S", ROUGH, mode), **said)
    tools = McpTools({"rough": server}, folder, {}, clock=clock)
    try:
        yield tools
    finally:
        await tools.close()


def seen(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "seen").read_text().splitlines()]


async def until(true: Any) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether it lives: one that has ended and was not asked after is not alive."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_nothing_is_started_before_it_is_needed_and_once_for_all(tmp_path: Path) -> None:
    async with rough(tmp_path, "well") as mcp:
        assert not (tmp_path / "started").exists()
        await asyncio.gather(*(mcp.call("rough_do", {}) for _ in range(5)), mcp.tools())
        assert (tmp_path / "started").read_text() == "x"
        assert [each["method"] for each in seen(tmp_path)].count("tools/list") == 1


async def test_a_program_that_died_rests_and_is_started_again(
    tmp_path: Path, clock: FixedClock
) -> None:
    async with rough(tmp_path, "dies", clock) as mcp:
        for rest in (1, 2, 4):
            with pytest.raises(McpFailed, match="has ended"):
                await mcp.call("rough_do", {})
            with pytest.raises(McpFailed, match=f"rests {rest} seconds"):
                await mcp.call("rough_do", {})
            clock.advance(rest)
        assert (tmp_path / "started").read_text() == "xxx"


async def test_a_program_that_died_in_between_is_started_again_at_once(tmp_path: Path) -> None:
    async with rough(tmp_path, "stubborn") as mcp:
        await mcp.tools()
        os.kill(int((tmp_path / "self").read_text()), 9)
        told = None
        async with asyncio.timeout(20):
            while told is None:  # a call that meets the death fails; the next one does not
                with contextlib.suppress(McpFailed):
                    told = await mcp.call("rough_do", {})
        assert told == McpResult("done")


async def test_a_call_without_an_answer_ends_in_time_and_is_taken_back(tmp_path: Path) -> None:
    async with rough(tmp_path, "hangs") as mcp:
        await mcp.tools()
        with pytest.raises(McpTimeout, match="took too long"):
            await mcp.call("rough_do", {}, 0.05)
        waiting = asyncio.create_task(mcp.call("rough_do", {}))
        await until(lambda: len(seen(tmp_path)) == 5)
        waiting.cancel()
        await until(lambda: len(seen(tmp_path)) == 6)
        taken_back = [
            each["params"]["requestId"]
            for each in seen(tmp_path)
            if each["method"] == "notifications/cancelled"
        ]
        assert taken_back == [
            each["id"] for each in seen(tmp_path) if each["method"] == "tools/call"
        ]


async def test_a_program_that_keeps_silent_is_started_anew(
    tmp_path: Path, clock: FixedClock
) -> None:
    async with rough(tmp_path, "hangs", clock) as mcp:
        await mcp.tools()
        for _ in range(3):
            with pytest.raises(McpTimeout):
                await mcp.call("rough_do", {}, 0.05)
        with pytest.raises(McpFailed, match="rests"):
            await mcp.call("rough_do", {}, 5)
        clock.advance(1)
        await mcp.tools()
        assert (tmp_path / "started").read_text() == "xx"


async def test_who_wants_the_tools_does_not_wait_long_for_a_program_that_failed_before(
    tmp_path: Path, clock: FixedClock
) -> None:
    async with rough(tmp_path, "mute", clock, seconds=300.0) as mcp:
        assert await mcp.tools() == []
        clock.advance(1)
        async with asyncio.timeout(60):
            assert await mcp.tools() == []
        assert (tmp_path / "started").read_text() == "xx"


async def test_a_program_that_will_not_go_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    async with rough(tmp_path, "stubborn") as mcp:
        await mcp.tools()
        pids = [int((tmp_path / name).read_text()) for name in ("self", "child")]
        assert all(is_running(pid) for pid in pids)
    await until(lambda: not any(is_running(pid) for pid in pids))


async def test_what_is_no_message_is_passed_over(tmp_path: Path) -> None:
    async with rough(tmp_path, "noisy") as mcp:
        assert await mcp.call("rough_do", {}) == McpResult("done")


@pytest.mark.parametrize(("mode", "told"), [("vast", "has ended"), ("asks", "more than a tool")])
async def test_what_cannot_be_taken_is_a_failure(tmp_path: Path, mode: str, told: str) -> None:
    async with rough(tmp_path, mode) as mcp:
        with pytest.raises(McpFailed, match=told):
            await mcp.call("rough_do", {})


async def test_an_error_of_the_program_is_a_result_of_few_letters(tmp_path: Path) -> None:
    async with rough(tmp_path, "refuses") as mcp:
        told = await mcp.call("rough_do", {})
        assert told.is_error
        assert len(told.text) == 500


async def test_a_tool_that_is_not_listed_or_not_there_is_not_called(tmp_path: Path) -> None:
    async with rough(tmp_path, "schemas", tools=("do", "gone", "far")) as mcp:
        assert [each.reference for each in await mcp.tools()] == ["rough.do"]
        for name in ("rough_other", "rough.other", "do", "rough_gone", "rough_far"):
            with pytest.raises(McpFailed, match="tool"):
                await mcp.call(name, {})
        assert "tools/call" not in [each["method"] for each in seen(tmp_path)]


async def test_a_tool_whose_schema_is_no_good_is_left_out(tmp_path: Path) -> None:
    names = ("far", "odd", "list", "vast", "do")
    async with rough(tmp_path, "schemas", tools=names) as mcp:
        [tool] = await mcp.tools()
        assert tool.reference == "rough.do"
        assert len(tool.description) == 2000


async def test_what_a_program_writes_to_stderr_is_logged_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, object]] = []

    class Log:
        def debug(self, event: str, **told: object) -> None:
            lines.append({"event": event, **told})

        def __getattr__(self, level: str) -> object:
            return lambda *told, **more: None

    monkeypatch.setattr(stdio, "log", Log())
    async with rough(tmp_path, "talks") as mcp:
        await mcp.call("rough_do", {})
        await until(lambda: len(lines) >= 200)
    assert len(lines) == 200
    assert {each["event"] for each in lines} == {"mcp.stderr"}


@pytest.mark.parametrize("command", ["./none", "no-such-program-anywhere", "/"])
async def test_a_program_that_is_not_there_is_a_server_without_tools(
    tmp_path: Path, command: str
) -> None:
    server = McpServer(command=(command,), tools=("do",))
    mcp = McpTools({"gone": server}, tmp_path, {})
    assert await mcp.tools() == []
    with pytest.raises(McpFailed):
        await mcp.call("gone_do", {})
    await mcp.close()


async def test_after_the_end_nothing_is_started_any_more(tmp_path: Path) -> None:
    async with rough(tmp_path, "well") as mcp:
        await mcp.close()
        with pytest.raises(McpFailed, match="closed"):
            await mcp.call("rough_do", {})
    assert not (tmp_path / "started").exists()
