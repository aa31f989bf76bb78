"""What there is to learn from, and how far it has come."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from learn.test_gathering import ONE, TWO
from teppan.cli.main import app
from teppan.core.chat import ChatRequest, say
from teppan.core.ids import LOCAL
from teppan.store import Store


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two answers of one conversation, the first of which was liked."""

    async def ask() -> None:
        store = await Store.open(tmp_path / "teppan.db", durability="process")
        for place, trace in enumerate((ONE, TWO)):
            store.traces.put(replace(trace, tenant="local", started=time.time() - 60 + place))
        await store.feedback.record(LOCAL, "tr_1", "rating", 1.0)
        await store.close()

    monkeypatch.chdir(tmp_path)
    asyncio.run(ask())


def printed(*words: str) -> str:
    result = CliRunner().invoke(app, ["learning-stats", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_totals_stages_and_whether_it_is_enough_are_told(asked: None) -> None:
    told = json.loads(printed("--json"))
    stages = told["stages"]
    assert told["looked_at"]["traces"] == stages["answers"] == 2
    assert stages["signals"] == told["totals"]["signals"] > 0
    assert (stages["reviewed"], stages["dataset"], stages["taught"]) == (0, 0, 0)
    assert (told["totals"]["heard"], told["ready"]) == (1, False)
    text = printed()
    for word in ("mean quality", "By stage", "reviewed", "in a dataset", "not ready"):
        assert word in text


def test_vendors_whose_terms_nobody_read_are_named(asked: None) -> None:
    told = json.loads(printed("--json"))
    assert told["terms_unread"] == {"openllm": told["totals"]["signals"]}
    assert "Terms nobody has read yet" in printed()


def test_exported_traces_are_scrubbed_unless_asked_raw(asked: None, tmp_path: Path) -> None:
    async def ask() -> None:
        store = await Store.open(tmp_path / "teppan.db", durability="process")
        said = ChatRequest(model="shop", messages=(say("user", "Write to ana.lopez@example.com"),))
        store.traces.put(replace(ONE, id="tr_9", tenant="local", started=time.time(), request=said))
        await store.close()

    asyncio.run(ask())
    for words, told in ((), False), (("--raw",), True):
        path = tmp_path / "out.jsonl"
        result = CliRunner().invoke(app, ["trace", "--export", str(path), *words])
        assert result.exit_code == 0, result.output
        text = path.read_text()
        assert ("ana.lopez@example.com" in text) is told
        assert ("[EMAIL_1]" in text) is not told
        assert "$55" in text
