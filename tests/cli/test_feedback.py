"""`teppan feedback` and the keys for pages: ranked safely, listed, refused in words."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.conftest import teppan, told
from teppan.cli import feedback
from teppan.cli.keys import origin_of
from teppan.core.clock import FixedClock
from teppan.core.errors import BadRequest
from teppan.core.ids import Scope
from teppan.store import Store
from teppan.store.feedback import Opinion


@pytest.fixture
def rated(folder: Path) -> Path:
    """In 20 days 40 people like a/x, 40 do not like b/y, and one rates a conversation."""

    async def said() -> None:
        clock = FixedClock(time.time() - 20 * 86_400)
        store = await Store.open(folder / "teppan.db", clock=clock)
        for n in range(80):
            clock.advance(20_000)
            model, value = ("a/x", 1.0) if n % 2 else ("b/y", 0.0)
            opinion = Opinion(
                trace_id=f"tr_{n}", value=value, source=f"user:{n}", model=model, comment="hm"
            )
            await store.feedback.say(Scope("shop", "k"), opinion)
        clock.advance(1)
        stars = Opinion(episode="ep-1", value=0.75, raw=4.0, kind="stars", source="user:1")
        await store.feedback.say(Scope("shop", "k"), stars)
        await store.close()

    asyncio.run(said())
    return folder


def printed(*words: str) -> str:
    result = CliRunner().invoke(feedback.app, words)
    assert result.exit_code == 0, result.output
    return result.output


def test_models_are_ranked_with_their_bounds(rated: Path) -> None:
    found = json.loads(printed("--json"))
    assert [each["model"] for each in found["models"]] == ["a/x", "b/y"]
    assert (found["models"][0]["value"], found["models"][0]["above"]) == (1.0, ["b/y"])
    assert [each["place"] for each in found["models"]] == [1, 2]
    assert "share a place" not in printed()
    assert found["unplaced"] == 1
    assert "1 ratings are of conversations" in printed()
    assert json.loads(printed("summary", "--tenant", "other", "--json"))["models"] == []


def test_what_was_said_is_listed(rated: Path) -> None:
    found = json.loads(printed("list", "--limit", "2", "--json"))["feedback"]
    assert [each["episode"] for each in found] == ["ep-1", ""]
    assert "4 stars" in printed("list")


def test_a_key_for_pages_names_its_sites(folder: Path) -> None:
    made = told(
        teppan("keys", "create", "page", "--role", "feedback", "--origin",
               "https://Shop.example:443/", "--json")
    )  # fmt: skip
    [key] = told(teppan("keys", "list", "--json"))
    assert (key["id"], key["role"]) == (made["id"], "feedback")
    assert key["origins"] == ["https://shop.example"]


@pytest.mark.parametrize(
    "words",
    [
        ("--origin", "https://shop.example"),
        ("--role", "owner"),
        ("--role", "feedback", "--admin"),
        ("--role", "feedback", "--origin", "*"),
    ],
)
def test_a_key_that_would_open_too_much_is_refused(folder: Path, words: tuple[str, ...]) -> None:
    assert isinstance(teppan("keys", "create", "page", *words).exception, BadRequest)


@pytest.mark.parametrize(
    ("site", "origin"),
    [
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_a_site_is_named_as_browsers_do(site: str, origin: str) -> None:
    assert origin_of(site) == origin


@pytest.mark.parametrize(
    "site", ["shop.example", "*", "null", "https://", "https://a/b", "https://u@a", "https://a:x"]
)
def test_what_is_no_site_is_refused(site: str) -> None:
    with pytest.raises(BadRequest):
        origin_of(site)
