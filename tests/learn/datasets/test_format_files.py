"""Files of every format are read again by its rules; spoilt ones are refused, line by line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataset_examples import TOOL, examples
from dataset_signals import question
from teppan.core.chat import say
from teppan.core.errors import BadRequest, ConfigError
from teppan.learn.datasets.examples import Example
from teppan.learn.datasets.formats import (
    alpaca,
    format_of,
    formats,
    hosted_chat,
    hosted_preference,
    kaggle,
    trl_dpo,
    trl_sft,
)
from teppan.learn.datasets.formats.files import Limits, Place, Problem
from teppan.learn.datasets.formats.messages import tools_of

MODULES: dict[str, ModuleType] = {
    "openai": hosted_chat,
    "openai-dpo": hosted_preference,
    "trl-sft": trl_sft,
    "trl-dpo": trl_dpo,
    "alpaca": alpaca,
}
SAME_FOLDER = [HealthCheck.function_scoped_fixture]


def put(path: list[Any], value: Any, record: Any) -> None:
    for step in path[:-1]:
        record = record[step]
    record[path[-1]] = value


def line(name: str, number: int) -> bytes:
    example = Example(
        id="x", messages=(say("user", question(number)),), chosen="Yes.", rejected=("No.",)
    )
    return json.dumps(next(iter(MODULES[name].records(example)))).encode() + b"\n"


LINES = [name for name in MODULES if name != "alpaca"]
SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "an empty line": lambda data: data + b"\n",
    "a line that is cut": lambda data: data[:-5],
    "no line feed at the end": lambda data: data[:-1],
    "line ends of another system": lambda data: data.replace(b"\n", b"\r\n"),
    "a mark of byte order": lambda data: b"\xef\xbb\xbf" + data,
    "bytes that are no text": lambda data: data + b'{"a": "\xff"}\n',
    "a name twice": lambda data: data + b'{"prompt": 1, "prompt": 2}\n',
    "a number that is none": lambda data: data + b'{"prompt": NaN}\n',
    "a list in place of an object": lambda data: data + b"[]\n",
    "two objects in a line": lambda data: data + data.replace(b"\n", b" "),
}


def problems(name: str, folder: Path) -> list[Problem]:
    return list(MODULES[name].check(Place(folder), format_of(name).limits))


@pytest.mark.parametrize("name", LINES)
def test_a_whole_file_passes_and_every_spoilt_one_is_refused(name: str, tmp_path: Path) -> None:
    data = b"".join(line(name, number) for number in range(12))
    path = tmp_path / "train.jsonl"
    path.write_bytes(data)
    assert problems(name, tmp_path) == []
    for what, spoil in SPOILT.items():
        path.write_bytes(spoil(data))
        found = problems(name, tmp_path)
        assert found, what
        assert found[0].line > 0
    path.write_bytes(data + b"{}\n")
    assert problems(name, tmp_path)[0].line == 13
    path.unlink()
    assert "there are none" in str(problems(name, tmp_path)[0])


@pytest.mark.parametrize("name", ["openai", "openai-dpo"])
def test_fewer_than_ten_examples_do_not_train(name: str, tmp_path: Path) -> None:
    for many, count in ((9, 1), (10, 0)):
        data = b"".join(line(name, number) for number in range(many))
        (tmp_path / "train.jsonl").write_bytes(data)
        (tmp_path / "test.jsonl").write_bytes(line(name, 1))
        assert len(problems(name, tmp_path)) == count


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_bytes(line("openai", 1))
    [found] = hosted_chat.check(Place(tmp_path), Limits(".jsonl", 0, 50))
    assert "50 are the most" in str(found)


@pytest.mark.parametrize("text", ["{}", "[1]", "[", '[{"instruction": "a"}]', '{"a": 1, "a": 2}'])
def test_a_list_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text(text, "utf-8")
    assert problems("alpaca", tmp_path)


def test_earlier_answers_are_read_and_not_learned() -> None:
    messages = (say("user", "a"), say("assistant", "b"), say("user", "c"))
    [record] = hosted_chat.records(Example(id="x", messages=messages, chosen="d"))
    assert [each.get("weight") for each in record["messages"]] == [None, 0, None, None]


# --- tables ----------------------------------------------------------------------------------

DETAILS = {"title": "Support of a caterer", "owner": "anna", "license": "CC0-1.0"}


def written(
    folder: Path, made: list[Example], name: str = "kaggle", **details: str
) -> list[Problem]:
    module = format_of(name).load()
    limits = format_of(name).limits
    place = Place(folder, "", DETAILS | details)
    writer = module.writer(place, limits)
    for example in made:
        writer.add("train", example)
    writer.close()
    return list(module.check(place, limits))


def plain_example(number: int = 1) -> Example:
    return Example(
        id=f"sig_{number}", messages=(say("user", 'is "it",\nopen?'),), chosen="Yes.", terms="free"
    )


@given(made=st.lists(examples(), min_size=1, max_size=3))
@settings(max_examples=15, deadline=None, suppress_health_check=SAME_FOLDER)
@pytest.mark.parametrize("name", ["kaggle", "parquet", "alpaca"])
def test_tables_hold_what_was_written(name: str, made: list[Example], tmp_path: Path) -> None:
    if name == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    for path in tmp_path.iterdir():
        path.unlink()
    told = [str(each) for each in written(tmp_path, made, name)]
    assert [each for each in told if "there are none" not in each] == []


METADATA: dict[str, tuple[list[Any], Any]] = {
    "a short title": (["title"], "abc"),
    "a long title": (["title"], "x" * 51),
    "a short subtitle": (["subtitle"], "x" * 19),
    "a long subtitle": (["subtitle"], "x" * 81),
    "no owner": (["id"], "slug-alone"),
    "a short slug": (["id"], "anna/ab"),
    "a long slug": (["id"], "anna/" + "x" * 51),
    "a slug with capitals": (["id"], "anna/My Set"),
    "no licence": (["licenses"], []),
    "two licences": (["licenses"], [{"name": "CC0-1.0"}, {"name": "PDDL"}]),
    "an unknown licence": (["licenses"], [{"name": "MIT"}]),
    "keywords that are a word": (["keywords"], "food"),
    "a resource that is not there": (["resources", 0, "path"], "nothing.csv"),
    "a resource outside": (["resources", 0, "path"], "../train.csv"),
    "a field too few": (["resources", 0, "schema", "fields"], []),
    "an unknown type": (["resources", 0, "schema", "fields", 0, "type"], "blob"),
    "resources that are no list": (["resources"], {}),
}


@pytest.mark.parametrize("what", METADATA)
def test_metadata_that_breaks_a_rule_is_refused(what: str, tmp_path: Path) -> None:
    assert written(tmp_path, [plain_example()], subtitle="What customers ask a caterer") == []
    path = tmp_path / kaggle.METADATA
    metadata = json.loads(path.read_text("utf-8"))
    where, value = METADATA[what]
    put(where, value, metadata)
    path.write_text(json.dumps(metadata), "utf-8")
    assert list(kaggle.check(Place(tmp_path), Limits(".csv"))), what


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sig_1", ""),
        ("Yes.", " "),
        ("1.0000", "2"),
        ("question", "asked"),
        (',"Yes."', ',"a","Yes."'),
    ],
)
def test_a_table_that_breaks_a_rule_is_refused(old: str, new: str, tmp_path: Path) -> None:
    assert written(tmp_path, [plain_example()]) == []
    path = tmp_path / "train.csv"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    assert list(kaggle.check(Place(tmp_path), Limits(".csv")))


@pytest.mark.parametrize("missing", ["title", "owner", "license"])
def test_a_set_to_publish_needs_its_details(missing: str, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=f"--{missing}"):
        written(tmp_path, [plain_example()], **{missing: ""})


def test_a_table_of_another_schema_is_refused(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    tables = pytest.importorskip("pyarrow.parquet")
    assert written(tmp_path, [plain_example()], "parquet") == []
    path = tmp_path / "train.parquet"
    table = tables.read_table(path)
    parquet = format_of("parquet").load()
    limits = format_of("parquet").limits
    for broken in (
        table.drop_columns(["model"]),
        table.set_column(2, "chosen", pa.array([""])).cast(table.schema),
        table.set_column(9, "terms", pa.array(["restricted"])).cast(table.schema),
    ):
        tables.write_table(broken, path)
        assert list(parquet.check(Place(tmp_path), limits))
    path.write_bytes(b"no parquet")
    assert list(parquet.check(Place(tmp_path), limits))


def test_parquet_says_what_it_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match="pip install"):
        written(tmp_path, [plain_example()], "parquet")


def test_every_format_has_a_module_and_says_where_its_rules_stand() -> None:
    assert set(formats()) == {*MODULES, "kaggle", "parquet"}
    for name, each in formats().items():
        module = each.load()
        assert callable(module.writer), name
        assert each.rules.startswith("https://")
    with pytest.raises(BadRequest, match="there is no format"):
        format_of("xml")


def test_tools_are_told_as_functions() -> None:
    assert tools_of([TOOL])[0]["function"]["name"] == "free_table"
