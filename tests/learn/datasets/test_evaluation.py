"""Questions that models are judged by are read from files of any kind; none at all is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from teppan.core.errors import ConfigError
from teppan.learn.datasets.evaluation import of_pack, read

ROOT = Path(__file__).parents[3]
CHAT = {
    "messages": [
        {"role": "system", "content": "You help."},
        {"role": "user", "content": "an earlier one?"},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": [{"type": "text", "text": "one?"}]},
    ]
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", json.dumps({"question": "one?"}) + "\n\n" + json.dumps({"prompt": "two?"})),
        ("a.jsonl", json.dumps(CHAT) + "\n" + json.dumps({"input": {"messages": [
            {"role": "user", "content": "two?"}]}})),
        ("a.json", json.dumps(["one?", {"text": "two?"}])),
        ("a.json", json.dumps({"question": "one?", "variants": ["two?"]})),
        ("a.csv", "id,question\n1,one?\n2,two?\n"),
        ("a.tsv", "text\tlabel\none?\tx\ntwo?\ty\n"),
        ("a.txt", "one?\n\n  two?\none?\n"),
        ("a.toml", '[[question]]\ntext = "one?"\nvariants = ["two?"]\n'),
        ("a.toml", '[[question]]\ntext = "{n}?"\nrows = [{ n = "one" }, { n = "two" }]\n'),
    ],
)  # fmt: skip
def test_questions_are_read_from_files_of_any_kind(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    assert read(path).texts == ("one?", "two?")
    assert read(path, "mine").name == "mine"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.pdf", "", "must be one of"),
        ("a.txt", "\n \n", "no question"),
        ("a.csv", "id,label\n1,x\n", "no question"),
        ("a.jsonl", "{", "is not what its name says"),
        ("a.toml", "=", "is not what its name says"),
        ("a.json", "[1, 2]", "no question"),
    ],
)
def test_a_check_against_nothing_is_refused(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=message):
        read(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "none.txt")


@pytest.mark.parametrize("name", ["myhibachi", "bicycles"])
def test_the_conversations_of_a_pack_are_evaluation_sets(name: str) -> None:
    folder = ROOT / "packs" / name
    found = of_pack(folder)
    assert len(found) == len(list((folder / "conversations").glob("*.toml")))
    assert all(each.texts and "{" not in "".join(each.texts) for each in found)
    assert of_pack(folder / "prompts") == []
