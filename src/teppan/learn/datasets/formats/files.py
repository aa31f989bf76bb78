"""Files of an export: where they lie, how lines are written, and what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct

from teppan.learn.datasets.examples import Example
from teppan.learn.datasets.splitting import SPLITS, Split

Record = dict[str, Any]
Fault = tuple[str, str, str]
"""Which field, what is wrong with it, what to do."""


class Place(Struct, frozen=True):
    """A folder, and what the names of files in it begin with; `details` are what the user says of
    the export (`title`, `owner`, `license`)."""

    folder: Path
    stem: str = ""
    details: Mapping[str, str] = {}

    def path(self, split: Split, suffix: str) -> Path:
        return self.folder / f"{self.stem}{split}{suffix}"


class Limits(Struct, frozen=True):
    """What the owner of a format allows: examples at least, bytes at most; 0 for no limit."""

    suffix: str
    fewest: int = 0
    largest: int = 0


class Problem(Struct, frozen=True):
    """A rule that is broken: in which file and line (from 1; 0 for the whole file)."""

    file: str
    line: int
    field: str
    what: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{place}: {self.field}: {self.what}; {self.remedy}"


class LineWriter:
    """A file of JSON lines for each split; a split without records has none."""

    def __init__(
        self, place: Place, suffix: str, records: Callable[[Example], Iterable[Record]]
    ) -> None:
        self._place = place
        self._suffix = suffix
        self._records = records
        self._open: dict[Split, Any] = {}

    def add(self, split: Split, example: Example) -> int:
        lines = [line_of(each) for each in self._records(example)]
        if lines and split not in self._open:
            self._open[split] = self._place.path(split, self._suffix).open("wb")
        for line in lines:
            self._open[split].write(line)
        return len(lines)

    def close(self) -> None:
        for each in self._open.values():
            each.close()


def line_of(record: Record) -> bytes:
    """One line: the keys as they come, nothing escaped that need not be."""
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def check_lines(
    place: Place, limits: Limits, faults: Callable[[Any], Iterator[Fault]]
) -> Iterator[Problem]:
    """What is wrong with the files of all splits, line by line."""
    seen = False
    for split in SPLITS:
        path = place.path(split, limits.suffix)
        if not path.exists():
            continue
        seen = True
        count = 0
        for line, fault in _lines(path, faults):
            count += 1
            yield from (Problem(path.name, line, *each) for each in fault)
        yield from sized(path, split, count, limits)
    if not seen:
        yield Problem(place.folder.name, 0, "files", "there are none", "add examples")


def sized(path: Path, split: Split, count: int, limits: Limits) -> Iterator[Problem]:
    """Whether a file is within its limits."""
    if split == "train" and count < limits.fewest:
        yield Problem(
            path.name,
            0,
            "examples",
            f"there are {count}, and {limits.fewest} are the fewest",
            "gather more, or lower what is set apart",
        )
    size = path.stat().st_size
    if limits.largest and size > limits.largest:
        yield Problem(
            path.name,
            0,
            "size",
            f"{size:,} bytes, and {limits.largest:,} are the most",
            "keep fewer answers to one question",
        )


def _lines(
    path: Path, faults: Callable[[Any], Iterator[Fault]]
) -> Iterator[tuple[int, list[Fault]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                text = line.decode("utf-8")
                if not text.endswith("\n") or text.endswith("\r\n"):
                    raise ValueError("a line must end in one line feed")
                record = strict(text)
            except ValueError as error:
                yield number, [("line", f"is no JSON: {error}", "write one object on each line")]
                continue
            if not isinstance(record, dict):
                yield number, [("line", "is no object", "write one object on each line")]
                continue
            yield number, list(faults(record))


def strict(text: str) -> Any:
    """JSON as every reader takes it: no name twice, no NaN. Raises `ValueError`."""
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)


def _unique(pairs: list[tuple[str, Any]]) -> Record:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
