"""The desk of training sets: terms, evaluation sets and worse answers are those of the house."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from dataset_signals import question, signal, silent
from teppan.build.datasets import evaluation_sets, open_dataset_desk, open_standard
from teppan.config.pack import load_pack
from teppan.config.schema import Settings
from teppan.core.chat import ChatRequest, Choice, Completion, Tool, say
from teppan.core.errors import ConfigError
from teppan.core.ids import LOCAL
from teppan.core.trace import Said, Trace
from teppan.learn.datasets.building import build_dataset
from teppan.store import Store

PACK = Path(__file__).parents[2] / "packs" / "myhibachi"


def settings(**learn: Any) -> Settings:
    return Settings.model_validate({"learn": {"terms": {"ollama": "free"}, **learn}})


def test_what_models_are_judged_by_is_the_packs_the_settings_and_what_is_named(
    tmp_path: Path,
) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"a question of {name}?", "utf-8")
    told = settings(datasets={"evaluation": [str(tmp_path / "a.txt")]})
    again = [tmp_path / "b.txt", tmp_path / "a.txt"]
    names = [each.name for each in evaluation_sets(told, load_pack(PACK), again)]
    assert names[-2:] == ["a.txt", "b.txt"]
    assert "pack conversations/01-first.toml" in names
    assert evaluation_sets(settings(), None) == []
    with pytest.raises(ConfigError):
        open_standard(settings(datasets={"evaluation": [str(tmp_path / "none.txt")]}), None)


def test_a_question_is_found_also_as_it_stands_in_a_scrubbed_conversation(tmp_path: Path) -> None:
    path = tmp_path / "exam.txt"
    path.write_text("Does Anna Smith of anna@smith.com get a refund of her deposit?", "utf-8")
    check = open_standard(settings(), None, [path]).check
    found = check.find(["Does [NAME_1] of [EMAIL_1] get a refund of her deposit?"])
    assert found is not None
    assert check.sizes == [1]


async def test_worse_answers_and_tools_come_from_the_trace_and_terms_from_today(
    tmp_path: Path,
) -> None:
    store = await Store.open(tmp_path / "t.db", durability="process")
    tool = Tool("route", "How far?", {"type": "object", "properties": {}})
    store.traces.put(
        Trace(
            id="tr_1", tenant="local", key_id="k", started=1001.0, asked="a", strategy="s",
            status="ok", served="ollama/tiny",
            request=ChatRequest(model="a", messages=(say("user", "x"),), tools=(tool,)),
            answer=Completion("a", (Choice(say("assistant", "Yes."), "stop"),)),
            replies=(Said("ollama/small", "member", "Worse."), Said("grim/x", "member", "Grim.")),
        )
    )  # fmt: skip
    while store.traces.waiting or await store.traces.get(LOCAL, "tr_1") is None:
        await asyncio.sleep(0.01)
    await store.signals.put(
        LOCAL, [signal(1, rejected=("Worse.", "Grim.")), signal(2, question(8))]
    )
    desk = open_dataset_desk(settings(datasets={"validation": 0, "test": 0}), None, store)
    made = await build_dataset(desk, LOCAL, 0.0, 1e9, silent)
    assert (made.id, made.card.rows, made.card.pairs) == ("default@1", 2, 1)
    assert "grim" not in made.card.recipe
    strict = open_dataset_desk(settings(terms={"ollama": "restricted"}), None, store)
    none = await build_dataset(strict, LOCAL, 0.0, 1e9, silent)
    assert none.card.left_out == {"terms: those of its model are restricted": 2}
    await store.close()
