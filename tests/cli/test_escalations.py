"""`teppan escalations`: listed, shown, claimed, closed, opened again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cli.conftest import printed, teppan, told
from teppan.core.errors import BadRequest, NotFound, Taken
from teppan.core.ids import Scope
from teppan.store import Store
from teppan.store.escalations import Called


@pytest.fixture
def escalation(folder: Path) -> str:
    async def made() -> str:
        store = await Store.open(folder / "teppan.db")
        called = Called(
            trace_id="tr_1", reason="anger", question="This\nis bad", summary="user: bad"
        )
        [one] = await store.escalations.call(Scope("shop", "anna"), [called])
        await store.close()
        return one.id

    return asyncio.run(made())


def test_what_waits_is_listed_and_shown(escalation: str) -> None:
    assert "This is bad" in printed(["escalations", "list"])
    assert "user: bad" in printed(["escalations", "show", escalation])
    [one] = told(teppan("escalations", "list", "--json"))["escalations"]
    assert (one["id"], one["tenant"], one["status"]) == (escalation, "shop", "open")


def test_it_is_claimed_closed_and_opened_again(escalation: str) -> None:
    assert "claimed" in printed(["escalations", "claim", escalation, "--note", "mine"])
    assert "closed" in printed(["escalations", "close", escalation])
    assert "Nothing is open" in printed(["escalations", "list"])
    refused = teppan("escalations", "claim", escalation)
    assert isinstance(refused.exception, Taken)
    assert "open" in printed(["escalations", "reopen", escalation])
    steps = told(teppan("escalations", "show", escalation, "--json"))["steps"]
    assert [(each["status"], each["note"]) for each in steps] == [
        ("claimed", "mine"),
        ("closed", ""),
        ("open", ""),
    ]


def test_what_does_not_exist_is_said(folder: Path) -> None:
    assert isinstance(teppan("escalations", "show", "esc_no").exception, NotFound)
    assert isinstance(teppan("escalations", "list", "--status", "lost").exception, BadRequest)
