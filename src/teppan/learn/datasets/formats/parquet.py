"""One typed table: all that is known of a row, in columns. Written and read by pyarrow.

Messages are lists of structs; the calls of tools and the tools themselves are the text of JSON, for
their shapes differ from row to row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from teppan.core.errors import ConfigError
from teppan.learn.datasets.examples import Example
from teppan.learn.datasets.formats.files import Limits, Place, Problem, Record, sized
from teppan.learn.datasets.formats.messages import message_faults, tools_of, written
from teppan.learn.datasets.splitting import SPLITS, Split

GROUP = 1_000
"""Rows that are written together."""
TERMS = ("free", "own")
_TEXTS = ("id", "chosen", "tools", "task", "intent", "language", "model", "terms", "source")


def arrow() -> tuple[Any, Any]:
    """The two modules. Raises `ConfigError` that says how to get them."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise ConfigError(
            "the format `parquet` needs pyarrow, which is not installed: "
            '`pip install "teppan[parquet]"` brings it'
        ) from None


def schema() -> Any:
    """The columns of the table; none may be empty but where a list is."""
    pa, _ = arrow()
    message = pa.struct(
        [
            pa.field("role", pa.string(), nullable=False),
            pa.field("content", pa.string(), nullable=False),
            pa.field("tool_calls", pa.string()),
            pa.field("tool_call_id", pa.string()),
        ]
    )
    texts = {name: pa.field(name, pa.string(), nullable=False) for name in _TEXTS}
    return pa.schema(
        [
            texts["id"],
            pa.field("messages", pa.list_(pa.field("item", message, nullable=False)), False),
            texts["chosen"],
            pa.field("rejected", pa.list_(pa.field("item", pa.string(), nullable=False)), False),
            *(texts[name] for name in _TEXTS[2:]),
            pa.field("quality", pa.float64(), nullable=False),
            pa.field("reviewed", pa.bool_(), nullable=False),
            pa.field("at", pa.timestamp("us", tz="UTC"), nullable=False),
        ]
    )


def row_of(example: Example) -> Record:
    messages = []
    for each in written(example.messages):
        calls = each.get("tool_calls")
        messages.append(
            {
                "role": each["role"],
                "content": each["content"],
                "tool_calls": json.dumps(calls, ensure_ascii=False) if calls else None,
                "tool_call_id": each.get("tool_call_id"),
            }
        )
    return {
        "id": example.id,
        "messages": messages,
        "chosen": example.chosen,
        "rejected": list(example.rejected),
        "tools": json.dumps(tools_of(example.tools), ensure_ascii=False) if example.tools else "",
        "task": example.task_type,
        "intent": example.intent,
        "language": example.language,
        "model": example.model,
        "terms": example.terms,
        "source": example.source,
        "quality": example.quality,
        "reviewed": example.grade > 0,
        "at": round(example.at * 1_000_000),
    }


class TableWriter:
    """A file for each split, a group of rows at a time."""

    def __init__(self, place: Place, suffix: str) -> None:
        self._pa, self._parquet = arrow()
        self._schema = schema()
        self._place = place
        self._suffix = suffix
        self._open: dict[Split, Any] = {}
        self._rows: dict[Split, list[Record]] = {}

    def add(self, split: Split, example: Example) -> int:
        rows = self._rows.setdefault(split, [])
        rows.append(row_of(example))
        if len(rows) >= GROUP:
            self._flush(split)
        return 1

    def _flush(self, split: Split) -> None:
        if split not in self._open:
            path = self._place.path(split, self._suffix)
            self._open[split] = self._parquet.ParquetWriter(path, self._schema, compression="zstd")
        table = self._pa.Table.from_pylist(self._rows[split], self._schema)
        self._open[split].write_table(table, row_group_size=GROUP)
        self._rows[split] = []

    def close(self) -> None:
        for split, rows in self._rows.items():
            if rows:
                self._flush(split)
        for each in self._open.values():
            each.close()


def writer(place: Place, limits: Limits) -> TableWriter:
    return TableWriter(place, limits.suffix)


def check(place: Place, limits: Limits) -> Iterator[Problem]:
    """Whether the files hold the schema, and rows that can be trained on."""
    pa, parquet = arrow()
    expected = schema()
    seen = False
    for split in SPLITS:
        path = place.path(split, limits.suffix)
        if not path.exists():
            continue
        seen = True
        try:
            file = parquet.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            yield Problem(path.name, 0, "file", f"is no Parquet: {error}", "export it again")
            continue
        with file:
            if not file.schema_arrow.equals(expected):
                yield Problem(path.name, 0, "schema", "is another", f"it must be {expected.names}")
                continue
            number = 0
            for batch in file.iter_batches(batch_size=GROUP):
                for row in batch.to_pylist():
                    number += 1
                    yield from _row(path.name, number, row)
            yield from sized(path, split, number, limits)
    if not seen:
        yield Problem(place.folder.name, 0, "files", "there are none", "add examples")


def _row(file: str, number: int, row: Record) -> Iterator[Problem]:
    messages = []
    for each in row["messages"] or []:
        message = {"role": each["role"], "content": each["content"]}
        if each["tool_calls"] is not None:
            try:
                message["tool_calls"] = json.loads(each["tool_calls"])
            except ValueError:
                yield Problem(file, number, "messages", "hold calls that are no JSON", "mend them")
        if each["tool_call_id"] is not None:
            message["tool_call_id"] = each["tool_call_id"]
        messages.append(message)
    for field, what, remedy in message_faults(messages, "messages"):
        yield Problem(file, number, field, what, remedy)
    for field in ("id", "chosen"):
        if not (row[field] or "").strip():
            yield Problem(file, number, field, "is empty", "write words")
    if row["chosen"] in (row["rejected"] or []):
        yield Problem(file, number, "rejected", "holds what is chosen", "give different answers")
    if row["terms"] not in TERMS:
        yield Problem(file, number, "terms", f"are {row['terms']!r}", "such rows may not train")
    if row["quality"] is None or not 0 <= row["quality"] <= 1:
        yield Problem(file, number, "quality", f"is {row['quality']!r}", "it lies in [0, 1]")
