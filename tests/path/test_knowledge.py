"""What is known goes with a question, and the answer says what it was made from."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from path.test_spending_less import LARGE, gateway
from teppan.core.ids import LOCAL, Scope
from teppan.knowledge.adding import add
from teppan.store import Store

MODELS = {"helper": {"strategy": "single", "model": LARGE}}
PRICES = "# Prices\n\n## Lobster\nLobster tail is $10 more.\n\n## Tofu\nTofu costs nothing more.\n"
QUESTION = "How much more is the lobster tail?"


async def test_an_answer_names_the_pieces_that_went_with_its_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(tmp_path, monkeypatch, models=MODELS) as asker:
        knowledge = asker.house.store.knowledge
        await add(knowledge, LOCAL, "prices.md", "text", PRICES)
        await add(knowledge, Scope("ben", "k"), "secret.md", "text", "Lobster tail is a secret.")
        text, headers = await asker.ask(QUESTION, "helper", teppan={"include": ["sources"]})
        told = json.loads(text)["teppan"]
        first = told["sources"][0]
        assert first["number"] == 1
        assert (first["document"], first["path"]) == ("prices.md", ["Prices", "Lobster"])
        assert first["version"] == "1"
        assert headers["x-teppan-sources"].split(", ") == [each["id"] for each in told["sources"]]
        assert "replies" not in told
        trace = await asker.house.store.traces.get(LOCAL, headers["x-teppan-trace-id"])
        while trace is None:  # written soon after the answer
            await asyncio.sleep(0.05)
            trace = await asker.house.store.traces.get(LOCAL, headers["x-teppan-trace-id"])
        assert trace.context is not None
        assert {each.document for each in trace.context.sources} == {"prices.md"}


async def test_nothing_known_means_no_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(tmp_path, monkeypatch, models=MODELS) as asker:
        text, headers = await asker.ask(QUESTION, "helper", teppan={"include": ["sources"]})
        assert json.loads(text)["teppan"]["sources"] == []
        assert "x-teppan-sources" not in headers


async def test_an_answer_is_not_remembered_beyond_an_edit_of_what_it_was_made_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(tmp_path, monkeypatch, models=MODELS) as asker:
        here, ben = asker.house.store.knowledge, Scope("ben", "k")
        seen = []
        for scope, text in ((LOCAL, PRICES), (ben, PRICES), (LOCAL, PRICES.replace("$10", "$12"))):
            await add(here, scope, "prices.md", "text", text)
            for _ in range(2):
                _, headers = await asker.ask(QUESTION, "helper")
                seen.append(headers["x-teppan-cache"])
        assert seen == ["miss", "exact", "exact", "exact", "miss", "exact"]


async def test_an_edit_by_another_process_counts_within_moments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(tmp_path, monkeypatch, models=MODELS) as asker:
        await asker.ask(QUESTION, "helper")
        other = await Store.open(tmp_path / "teppan.db")
        await add(other.knowledge, LOCAL, "prices.md", "text", PRICES)
        await other.close()
        async with asyncio.timeout(30):
            while True:
                _, headers = await asker.ask(QUESTION, "helper")
                if "x-teppan-sources" in headers:
                    break
                await asyncio.sleep(0.1)
        assert headers["x-teppan-cache"] == "miss"
