"""`teppan knowledge`: what is added is found, what is edited is shown, what is removed is gone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cli.conftest import printed, teppan, told
from teppan.core.ids import LOCAL
from teppan.store import Store

MENU = "# Menu\n\n## Lobster\nLobster tail is $10 more.\n\n## Tofu\nTofu is for vegetarians.\n"


@pytest.fixture
def menu(folder: Path) -> Path:
    (folder / "docs").mkdir()
    (folder / "docs" / "menu.md").write_text(MENU)
    return folder / "docs" / "menu.md"


def test_a_folder_is_added_listed_searched_and_removed(menu: Path) -> None:
    (menu.parent / "fees.csv").write_text("miles,fee\n40,$20\n")
    (menu.parent / ".hidden.md").write_text("hidden")
    (menu.parent / "photo.png").write_bytes(b"\x89PNG")
    (menu.parent / "outside.md").symlink_to("/etc/hostname")
    added = told(teppan("knowledge", "add", "docs", "--json"))
    assert [(d["name"], d["version"]) for d in added["documents"]] == [
        ("docs/fees.csv", 1),
        ("docs/menu.md", 1),
    ]
    listed = told(teppan("knowledge", "list", "--json"))
    assert listed["knowledge"] == added["knowledge"]
    (best, *_) = told(teppan("knowledge", "search", "how much is lobster", "--json"))
    assert best["path"] == ["Menu", "Lobster"]
    assert "[1] docs/menu.md › Menu › Lobster, version 1" in printed(
        ["knowledge", "search", "how much is lobster"]
    )
    assert "forgotten" in printed(["knowledge", "remove", "docs/menu.md"])
    assert teppan("knowledge", "remove", "docs/menu.md").exit_code == 4
    assert "nothing that is known" in printed(["knowledge", "search", "vegetarians"])


def test_an_edit_is_shown_before_it_is_made(menu: Path) -> None:
    assert told(teppan("knowledge", "diff", str(menu), "--json"))["version"] == 1
    assert "version 1" in printed(["knowledge", "add", str(menu)])
    assert "nothing would change" in printed(["knowledge", "diff", str(menu)])
    menu.write_text(MENU.replace("$10", "$12"))
    shown = printed(["knowledge", "diff", str(menu)])
    assert "-Lobster tail is $10 more." in shown
    assert "+Lobster tail is $12 more." in shown
    assert "would become version 2: 1 pieces new, 1 gone, 1 as they were" in shown
    assert "version 1" in printed(["knowledge", "search", "lobster"])
    assert "version 2" in printed(["knowledge", "add", str(menu)])
    assert "unchanged" in printed(["knowledge", "add", str(menu)])


def test_a_tenant_has_documents_of_its_own(menu: Path) -> None:
    printed(["knowledge", "add", str(menu), "--tenant", "anna", "--as", "menu"])
    assert told(teppan("knowledge", "search", "lobster", "--json")) == []
    assert len(told(teppan("knowledge", "search", "lobster", "--tenant", "anna", "--json"))) >= 1
    assert teppan("knowledge", "remove", "menu").exit_code == 4


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["add", "missing.md"], "cannot be read"),
        (["add", "docs", "teppan.toml", "--as", "one"], "one document"),
        (["add", "teppan.toml"], "kind of file"),
        (["diff", "docs/menu.md", "--as", " "], "letters"),
    ],
)
def test_what_cannot_be_added_says_why(menu: Path, words: list[str], says: str) -> None:
    result = teppan("knowledge", *words)
    assert result.exit_code == 2
    assert says in str(result.exception)


def rate(folder: Path, trace_id: str) -> None:
    async def rated() -> None:
        store = await Store.open(folder / "teppan.db")
        await store.feedback.record(LOCAL, trace_id, "rating", 1.0)
        await store.close()

    asyncio.run(rated())


def test_a_faq_is_proposed_from_answers_that_were_rated_well(folder: Path) -> None:
    assert teppan("knowledge", "propose").exit_code == 4
    for text in ("What is 6 times 7?", "what is 6 times 7"):
        asked = told(teppan("ask", text, "--model", "openai/sim-gpt-small", "--json"))
        rate(folder, asked["trace_id"])
    assert "wrote 1 questions, asked 2 times" in printed(["knowledge", "propose"])
    text = (folder / "proposed-faq.md").read_text()
    assert "## What is 6 times 7?" in text.replace("## what", "## What").replace("7\n", "7?\n")
    assert told(teppan("knowledge", "list", "--json"))["documents"] == []
    assert teppan("knowledge", "propose").exit_code == 2
