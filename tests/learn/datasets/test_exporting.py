"""An export is the same bytes for the same version, whole or not there, and only what may leave."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from dataset_signals import MakeDesk, built, question, signal
from teppan.core.errors import BadRequest, NotFound, Refused
from teppan.core.ids import LOCAL, Scope
from teppan.core.signal import Signal
from teppan.learn.datasets.building import Desk
from teppan.learn.datasets.evaluation import EvaluationSet
from teppan.learn.datasets.exporting import Manifest, Standard, export
from teppan.learn.datasets.leaks import LeakCheck
from teppan.learn.datasets.making import Origin
from teppan.learn.signals import terms_by
from teppan.store import Store

FORMATS = ("openai", "openai-dpo", "trl-sft", "trl-dpo", "alpaca", "kaggle", "parquet")
DETAILS = {"title": "Support of a caterer", "owner": "anna", "license": "CC0-1.0"}
ORIGINS = {f"tr_{n}": Origin((), {"No idea.": "ollama/tiny"}, True) for n in range(99)}


def signals() -> list[Signal]:
    return [signal(n, rejected=("No idea.",)) for n in range(60)]


def left(folder: Path) -> list[str]:
    """What lies in a folder, but for the database."""
    names = sorted(path.name for path in folder.iterdir())
    return [name for name in names if not name.startswith(("sets.db", "pepper"))]


def standard(desk: Desk, *sets: EvaluationSet, **terms: str) -> Standard:
    table = {"ollama": "free", "mistral": "own"} | terms
    return Standard(
        recipe=desk.recipe,
        terms_of=terms_by(table),  # type: ignore[arg-type]
        check=LeakCheck(sets),
    )


async def exported(
    store: Store, desk: Desk, name: str, out: Path, *sets: EvaluationSet, **terms: str
) -> Manifest:
    return await export(
        store.datasets, LOCAL, "sets", name, out, standard(desk, *sets, **terms), DETAILS
    )


@pytest.mark.parametrize("name", FORMATS)
async def test_the_same_version_makes_the_same_bytes_and_a_manifest_that_holds(
    store: Store, desk: MakeDesk, tmp_path: Path, name: str
) -> None:
    if name == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    at = desk(origins=ORIGINS)
    made = await built(at, store, signals())
    first = await exported(
        store,
        at,
        name,
        tmp_path / "a",
    )
    second = await exported(store, at, name, tmp_path / "b")
    assert first == second
    assert first.hash == made.hash
    assert sum(first.records.values()) == made.card.rows
    for each in first.files:
        data = (tmp_path / "a" / each.path).read_bytes()
        assert data == (tmp_path / "b" / each.path).read_bytes()
        assert hashlib.sha256(data).hexdigest() == each.sha256
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {"manifest.json", *(each.path for each in first.files)}
    assert json.loads((tmp_path / "a" / "manifest.json").read_text())["dataset"] == "sets@1"
    assert "# Dataset sets@1" in (tmp_path / "a" / "card.md").read_text("utf-8")
    assert left(tmp_path) == ["a", "b"]


async def test_a_file_name_becomes_one_of_each_split(
    store: Store, desk: MakeDesk, tmp_path: Path
) -> None:
    at = desk()
    await built(at, store, signals())
    (tmp_path / "mine.txt").write_text("mine")
    await exported(store, at, "openai", tmp_path / "support.jsonl")
    assert (tmp_path / "support.train.jsonl").is_file()
    assert (tmp_path / "support.manifest.json").is_file()
    assert (tmp_path / "mine.txt").is_file()


async def test_an_earlier_export_is_replaced_and_other_files_are_left_alone(
    store: Store, desk: MakeDesk, tmp_path: Path
) -> None:
    at = desk()
    await built(at, store, signals())
    await exported(store, at, "openai", tmp_path / "out")
    await exported(store, at, "alpaca", tmp_path / "out")
    assert not (tmp_path / "out" / "train.jsonl").exists()
    assert (tmp_path / "out" / "train.json").is_file()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(BadRequest, match="other files"):
        await exported(store, at, "openai", tmp_path / "full")
    with pytest.raises(BadRequest, match="is a file"):
        await exported(store, at, "openai", tmp_path / "full" / "thesis.txt")


async def test_what_breaks_the_rules_of_its_format_is_not_written(
    store: Store, desk: MakeDesk, tmp_path: Path
) -> None:
    at = desk()
    await built(at, store, [signal(n) for n in range(6)])
    with pytest.raises(Refused, match=r"train.jsonl: examples: there are \d, and 10 are the few"):
        await exported(store, at, "openai", tmp_path / "out")
    with pytest.raises(Refused, match="no row of `sets@1` has what `trl-dpo` says"):
        await exported(store, at, "trl-dpo", tmp_path / "out")
    assert left(tmp_path) == []


async def test_rows_that_may_not_leave_any_more_are_named(
    store: Store, desk: MakeDesk, tmp_path: Path
) -> None:
    at = desk()
    await built(at, store, signals())
    exam = EvaluationSet("exam", (question(7),))
    with pytest.raises(Refused, match="sig_00007: leak: a question of exam"):
        await exported(store, at, "openai", tmp_path / "out", exam)
    with pytest.raises(Refused, match=r"sig_00000: terms.*restricted"):
        await exported(store, at, "openai", tmp_path / "out", ollama="restricted")
    with pytest.raises(Refused, match=r"terms.*are own, and this needs free"):
        await exported(store, at, "kaggle", tmp_path / "out", ollama="own")
    assert left(tmp_path) == []


async def test_only_a_finished_version_of_this_tenant_is_exported(
    store: Store, desk: MakeDesk, tmp_path: Path
) -> None:
    at = desk()
    await store.datasets.begin(LOCAL, "sets", 0.0, 1.0)
    with pytest.raises(BadRequest, match="still being built"):
        await export(store.datasets, LOCAL, "sets@1", "openai", tmp_path / "x", standard(at))
    await built(at, store, signals())
    with pytest.raises(NotFound):
        await export(
            store.datasets, Scope("ben", "k"), "sets", "openai", tmp_path / "x", standard(at)
        )
