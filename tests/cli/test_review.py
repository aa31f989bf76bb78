"""`teppan review`: filled, shown, decided by key or by option, and what chance tells."""

from __future__ import annotations

import asyncio
import io
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console

from cli.conftest import printed, teppan, told
from learn.review.test_filling import asked
from teppan.build.review import open_reviewing
from teppan.cli.review.flow import Flow, Hands, edited
from teppan.config.schema import Settings
from teppan.core.errors import BadRequest, ConfigError, Taken
from teppan.core.ids import LOCAL
from teppan.core.trace import Said
from teppan.store import Store

EVIL = "\x1b[31mred\x1b]0;title\x07 [bold]$55[/bold]"


@pytest.fixture
def traced(folder: Path) -> Path:
    """Two answers in the store, of which one is doubtful and wants to drive the terminal."""
    now = time.time() - 4000
    traces = [
        asked(1, "Do you bring chairs?", 0.9, tenant="local", started=now),
        asked(2, "What is the deposit?", 0.2, tenant="local", started=now + 1),
    ]
    traces[1] = replace(traces[1], replies=(Said("sim/other", "member", EVIL),))

    async def put() -> None:
        store = await Store.open(folder / "teppan.db")
        for each in traces:
            store.traces.put(each)
        await store.close()

    asyncio.run(put())
    return folder


def filled() -> list[str]:
    told(teppan("review", "fill", "--json"))
    return [each["id"] for each in told(teppan("review", "list", "--json"))["items"]]


def test_it_is_filled_listed_and_shown(traced: Path) -> None:
    assert "nothing" in printed(["review", "list"]).lower()
    assert "looked at 2 answers: 2 are new" in printed(["review", "fill"])
    assert "looked at 0 answers" in printed(["review", "fill"])
    rows = printed(["review", "list"])
    assert "What is the deposit?" in rows
    items = told(teppan("review", "list", "--json"))["items"]
    [doubtful] = [each for each in items if each["trace_id"] == "tr_00002"]
    page = printed(["review", "show", doubtful["id"]])
    assert "[bold]$55[/bold]" in page
    assert "\x1b]0;" not in page
    assert "Why: " in page


def test_decisions_without_a_terminal(traced: Path) -> None:
    first, second = filled()
    done = told(teppan("review", "decide", first, "--edit", "It is $100.", "--as", "mia", "--json"))
    assert (done["status"], done["by"]) == ("edited", "local/mia")
    assert "is rejected" in printed(["review", "decide", second, "--reject", "--reason", "rude"])
    refused = teppan("review", "decide", first, "--approve", "--as", "tom")
    assert isinstance(refused.exception, Taken)
    shown = told(teppan("review", "show", second, "--json"))
    assert [(each["action"], each["reason"]) for each in shown["steps"]] == [("reject", "rude")]
    undone = told(teppan("review", "decide", first, "--undo", "--as", "mia", "--json"))
    assert undone["status"] == "claimed"
    stats = told(teppan("review", "stats", "--json"))
    assert stats["answers"]["judged"] == 1
    assert "are right in 0.0% of cases" in printed(["review", "stats"])


def test_what_cannot_be_meant_is_said(traced: Path) -> None:
    [first, _] = filled()
    for words in (
        ["decide", first],
        ["decide", first, "--approve", "--skip"],
        ["list", "--status", "x"],
    ):
        assert isinstance(teppan("review", *words).exception, BadRequest)
    assert isinstance(teppan("review").exception, BadRequest)  # no terminal here


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


def at_the_keys(
    runner: asyncio.Runner, keys: str, text: str | None = None, *, lines: Sequence[str] = ()
) -> tuple[int, str]:
    """What somebody reviews with these keys, and what they see."""
    said, typed, out = iter(lines), iter(keys), io.StringIO()
    store = runner.run(Store.open("teppan.db"))

    def key() -> str:
        pressed = next(typed)
        if pressed == "!":
            raise KeyboardInterrupt
        return pressed

    hands = Hands(key, lambda asked: next(said), lambda before: text)
    desk = open_reviewing(Settings(), None, store)
    screen = Console(file=out, width=120, highlight=False)
    count = Flow(runner, desk, "local/mia", hands, screen).review()
    runner.run(store.close())
    return count, out.getvalue()


def test_one_key_a_decision(traced: Path, runner: asyncio.Runner) -> None:
    filled()
    count, seen = at_the_keys(runner, "xar", lines=["too short"])
    assert count == 2
    assert "0 decided, 2 wait" in seen
    assert "answered by" in seen
    assert "nothing waits: 2 decided" in seen
    items = told(teppan("review", "list", "--status", "all", "--json"))["items"]
    assert sorted(each["status"] for each in items) == ["approved", "rejected"]


def test_an_edit_is_taken_back_and_made_again(traced: Path, runner: asyncio.Runner) -> None:
    filled()
    count, seen = at_the_keys(runner, "eue!", "It is $100.")
    assert "taken back" in seen
    assert count == 1

    async def corrected() -> list[tuple[str, int]]:
        store = await Store.open("teppan.db")
        rows = await store.corrections.counting(LOCAL)
        await store.close()
        return [(each.text, each.version) for each in rows]

    assert runner.run(corrected()) == [("It is $100.", 2)]
    left = told(teppan("review", "list", "--json"))["items"]
    assert len(left) == 1  # who quits holds nothing


def test_the_editor_is_the_persons_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\nprintf " and more" >> "$1"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(script))
    assert edited("It is $55") == "It is $55 and more"
    monkeypatch.setenv("EDITOR", "true")
    assert edited("It is $55") is None
    monkeypatch.setenv("EDITOR", str(tmp_path / "missing"))
    with pytest.raises(ConfigError, match="does not start"):
        edited("It is $55")
