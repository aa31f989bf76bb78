"""`teppan dataset` and `teppan export`: built, shown, exported, changed by erasing, deleted."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from dataset_signals import signal
from teppan.cli.dataset import build, card, delete, list_datasets, list_rows, show
from teppan.cli.erase import erase
from teppan.cli.export import export
from teppan.core.errors import BadRequest, NotFound, Refused
from teppan.core.ids import LOCAL
from teppan.store import Store

Say = pytest.CaptureFixture[str]


@pytest.fixture
def here(folder: Path) -> Path:
    """A folder whose database holds examples of a model that may be learned from."""
    with (folder / "teppan.toml").open("a") as file:
        file.write('\n[learn.terms]\nollama = "free"\n')

    async def fill() -> None:
        store = await Store.open(folder / "teppan.db")
        await store.signals.put(LOCAL, [signal(n) for n in range(40)])
        await store.close()

    asyncio.run(fill())
    return folder


def said(capsys: Say) -> str:
    return capsys.readouterr().out


def trained(folder: Path) -> None:
    async def work() -> None:
        store = await Store.open(folder / "teppan.db")
        await store.datasets.trained(LOCAL, "support@1", "tiny-1")
        await store.close()

    asyncio.run(work())


def test_a_dataset_is_built_shown_exported_and_changes_when_somebody_is_erased(
    here: Path, capsys: Say
) -> None:
    build("support")
    assert "support@1 is new" in said(capsys)
    build("support", as_json=True)
    told = json.loads(said(capsys))
    assert (told["id"], told["new"], told["card"]["signals"]) == ("support@1", False, 40)
    list_datasets(as_json=True)
    [listed] = json.loads(said(capsys))
    assert (listed["id"], listed["state"]) == ("support@1", "ready")
    card("support")
    assert "# Dataset support@1" in said(capsys)
    export("support", "trl-sft", here / "out", as_json=True)
    assert json.loads(said(capsys))["records"]["train"] > 20
    assert (here / "out" / "train.jsonl").is_file()
    trained(here)
    erase("u1")
    assert "the student tiny-1 was trained on" in said(capsys).replace("\n", " ")
    show("support", as_json=True)
    now = json.loads(said(capsys))
    assert (now["state"], now["students"][0]["student"]) == ("changed", "tiny-1")
    assert now["erased"] == now["students"][0]["erased"] > 0
    show("support")
    assert "rows erased since" in said(capsys)
    export("support", "trl-sft", here / "out", as_json=True)
    assert json.loads(said(capsys))["hash"] == now["hash"]
    delete("support@1")
    assert "deleted support@1" in said(capsys)
    with pytest.raises(NotFound):
        show("support")


def test_what_leaks_is_left_out_and_told(here: Path, capsys: Say) -> None:
    (here / "exam.txt").write_text(signal(3).messages[0].text + "\n")
    build("support", against=[here / "exam.txt"])
    assert "a question of exam.txt" in said(capsys).replace("\n", " ")
    list_rows("support", out=True, as_json=True)
    rows = json.loads(said(capsys))
    assert ("tr_3", "leak: a question of exam.txt") in [(r["trace"], r["why"]) for r in rows]
    build("other")
    capsys.readouterr()
    with pytest.raises(Refused, match="sig_00003"):
        export("other", "openai", here / "out", against=[here / "exam.txt"])


def test_what_is_asked_for_wrongly_is_said(here: Path) -> None:
    with pytest.raises(NotFound):
        show("nothing")
    with pytest.raises(BadRequest, match="name the version"):
        delete("support")
    build("support", as_json=True)
    with pytest.raises(BadRequest, match="there is no format"):
        export("support", "xml", here / "out")
