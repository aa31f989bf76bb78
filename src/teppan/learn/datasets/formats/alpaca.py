"""Alpaca's list of `instruction`, `input`, `output`: all of them text, the input may be empty.

The instruction is the question, the input what was said before it. A prompt has no place in it, and
a conversation that called tools cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from teppan.core.chat import ToolResult
from teppan.learn.datasets.examples import Example
from teppan.learn.datasets.formats.files import Fault, Limits, Place, Problem, Record, sized, strict
from teppan.learn.datasets.formats.messages import unknown
from teppan.learn.datasets.splitting import SPLITS, Split

FIELDS = ("instruction", "input", "output")
_SPEAKERS = {"user": "Customer", "assistant": "Answer"}


def records(example: Example) -> Iterator[Record]:
    messages = [each for each in example.messages if each.role in _SPEAKERS]
    acted = any(each.tool_calls for each in messages) or any(
        isinstance(part, ToolResult) for each in example.messages for part in each.parts
    )
    if not acted and messages and messages[-1].role == "user":
        before = [f"{_SPEAKERS[each.role]}: {each.text}" for each in messages[:-1] if each.text]
        yield {
            "instruction": messages[-1].text,
            "input": "\n".join(before),
            "output": example.chosen,
        }


def faults(record: Any) -> Iterator[Fault]:
    if not isinstance(record, dict):
        yield "entry", "is no object", "write the three fields"
        return
    yield from unknown(record, FIELDS)
    for field in FIELDS:
        value = record.get(field)
        if not isinstance(value, str):
            yield field, "is no text", "write words; an input may be empty"
        elif not value.strip() and field != "input":
            yield field, "is empty", "write words"


class ListWriter:
    """A JSON list for each split, an entry a line."""

    def __init__(self, place: Place, suffix: str) -> None:
        self._place = place
        self._suffix = suffix
        self._open: dict[Split, Any] = {}

    def add(self, split: Split, example: Example) -> int:
        count = 0
        for record in records(example):
            fresh = split not in self._open
            if fresh:
                self._open[split] = self._place.path(split, self._suffix).open("wb")
            self._open[split].write((b"[\n" if fresh else b",\n") + orjson.dumps(record))
            count += 1
        return count

    def close(self) -> None:
        for each in self._open.values():
            each.write(b"\n]\n")
            each.close()


def writer(place: Place, limits: Limits) -> ListWriter:
    return ListWriter(place, limits.suffix)


def check(place: Place, limits: Limits) -> Iterator[Problem]:
    paths = {split: place.path(split, limits.suffix) for split in SPLITS}
    if not any(path.exists() for path in paths.values()):
        yield Problem(place.folder.name, 0, "files", "there are none", "add examples")
    for split, path in paths.items():
        if not path.exists():
            continue
        try:
            entries = strict(path.read_text("utf-8"))
        except ValueError as error:
            yield Problem(path.name, 0, "file", f"is no JSON: {error}", "write one list")
            continue
        if not isinstance(entries, list):
            yield Problem(path.name, 0, "file", "is no list", "write one list")
            continue
        for number, entry in enumerate(entries, 2):  # the list begins in the line before
            yield from (Problem(path.name, number, *each) for each in faults(entry))
        yield from sized(path, split, len(entries), limits)
