"""A folder to publish: a table for each split and `dataset-metadata.json`.

The rules of the metadata are the documented ones: lengths of title, subtitle and slug, exactly one
licence of the list, and all fields of each table, in order. A published set is for everyone, so
only rows go in that anybody may train on.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from teppan.core.errors import BadRequest
from teppan.learn.datasets.examples import Example
from teppan.learn.datasets.formats.files import Limits, Place, Problem, Record, sized, strict
from teppan.learn.datasets.formats.messages import written
from teppan.learn.datasets.splitting import SPLITS, Split

METADATA = "dataset-metadata.json"
TITLE, SUBTITLE, SLUG = (6, 50), (20, 80), (3, 50)
"""Lengths that are allowed, from and to."""
LICENCES = frozenset(
    "CC0-1.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC-BY-NC-SA-4.0 GPL-2.0 ODbL-1.0 DbCL-1.0 copyright-authors "
    "other unknown CC-BY-4.0 CC-BY-NC-4.0 PDDL CC-BY-3.0 CC-BY-3.0-IGO US-Government-Works "
    "CC-BY-NC-SA-3.0-IGO CDLA-Permissive-1.0 CDLA-Sharing-1.0 CC-BY-ND-4.0 CC-BY-NC-ND-4.0 "
    "ODC-BY-1.0 LGPL-3.0 AGPL-3.0 FDL-1.3 EU-ODP-Legal-Notice apache-2.0 GPL-3.0".split()
)
TYPES = frozenset(
    "string boolean numeric datetime id uuid latitude longitude coordinates country province "
    "postalcode address email url integer decimal city".split()
)
COLUMNS: Mapping[str, tuple[str, str]] = {
    "id": ("id", "Name of the example"),
    "prompt": ("string", "What the model was told before the conversation"),
    "conversation": ("string", "What was said before the question, as JSON"),
    "question": ("string", "What is asked"),
    "answer": ("string", "The answer to learn"),
    "rejected": ("string", "Worse answers to the same, as JSON"),
    "task": ("string", "Kind of task"),
    "intent": ("string", "What the question is about"),
    "language": ("string", "Language of the question"),
    "quality": ("decimal", "How good the answer was, from 0 to 1"),
}
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_OWNER = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9-]*")


def row_of(example: Example) -> Record | None:
    """`None` for a conversation whose last word is not a question."""
    messages = written(example.messages)
    prompt = [each["content"] for each in messages if each["role"] == "system"]
    said = [each for each in messages if each["role"] != "system"]
    if not said or said[-1]["role"] != "user":
        return None
    return {
        "id": example.id,
        "prompt": "\n\n".join(prompt),
        "conversation": json.dumps(said[:-1], ensure_ascii=False) if said[1:] else "",
        "question": said[-1]["content"],
        "answer": example.chosen,
        "rejected": json.dumps(example.rejected, ensure_ascii=False) if example.rejected else "",
        "task": example.task_type,
        "intent": example.intent,
        "language": example.language,
        "quality": f"{example.quality:.4f}",
    }


class FolderWriter:
    """Tables, and what describes them. Raises `BadRequest` where a detail is not given."""

    def __init__(self, place: Place, suffix: str) -> None:
        for name in ("owner", "title", "license"):
            if not place.details.get(name):
                raise BadRequest(f"a folder to publish needs `--{name}`")
        self._place = place
        self._suffix = suffix
        self._open: dict[Split, Any] = {}
        self._tables: dict[Split, Any] = {}

    def add(self, split: Split, example: Example) -> int:
        row = row_of(example)
        if row is None:
            return 0
        if split not in self._open:
            path = self._place.path(split, self._suffix)
            self._open[split] = path.open("w", encoding="utf-8", newline="")
            self._tables[split] = csv.DictWriter(
                self._open[split], COLUMNS, lineterminator="\n", quoting=csv.QUOTE_ALL
            )
            self._tables[split].writeheader()
        self._tables[split].writerow(row)
        return 1

    def close(self) -> None:
        for each in self._open.values():
            each.close()
        paths = [self._place.path(each, self._suffix).name for each in SPLITS if each in self._open]
        metadata = metadata_of(self._place.details, paths)
        text = json.dumps(metadata, indent=2, ensure_ascii=False) + "\n"
        (self._place.folder / METADATA).write_text(text, "utf-8")


def metadata_of(details: Mapping[str, str], paths: list[str]) -> Record:
    title = details["title"]
    metadata: Record = {"title": title}
    if details.get("subtitle"):
        metadata["subtitle"] = details["subtitle"]
    if details.get("description"):
        metadata["description"] = details["description"]
    slug = details.get("slug") or re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    metadata["id"] = f"{details['owner']}/{slug}"
    metadata["licenses"] = [{"name": details["license"]}]
    fields = [
        {"name": name, "title": title, "type": kind} for name, (kind, title) in COLUMNS.items()
    ]
    metadata["resources"] = [
        {
            "path": path,
            "description": f"Examples of the split {path.split('.')[-2]}",
            "schema": {"fields": fields},
        }
        for path in paths
    ]
    return metadata


def writer(place: Place, limits: Limits) -> FolderWriter:
    return FolderWriter(place, limits.suffix)


# --- the rules -------------------------------------------------------------------------------


def check(place: Place, limits: Limits) -> Iterator[Problem]:
    path = place.folder / METADATA
    try:
        metadata = strict(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        yield Problem(METADATA, 0, "file", f"cannot be read: {error}", "write one object")
        return
    if not isinstance(metadata, dict):
        yield Problem(METADATA, 0, "file", "is no object", "write one object")
        return
    for fault in _metadata(metadata):
        yield Problem(METADATA, 0, *fault)
    yield from _resources(metadata.get("resources"), place.folder)
    seen = False
    for split in SPLITS:
        table = place.path(split, limits.suffix)
        if table.exists():
            seen = True
            yield from _table(table, split, limits)
    if not seen:
        yield Problem(place.folder.name, 0, "files", "there are none", "add examples")


def _metadata(metadata: Record) -> Iterator[tuple[str, str, str]]:
    yield from _length(metadata.get("title"), "title", TITLE)
    if "subtitle" in metadata:
        yield from _length(metadata["subtitle"], "subtitle", SUBTITLE)
    owner, _, slug = str(metadata.get("id", "")).partition("/")
    if not _OWNER.fullmatch(owner):
        yield "id", "begins with no owner", "write owner/slug, with the name of your account"
    if not _SLUG.fullmatch(slug) or not SLUG[0] <= len(slug) <= SLUG[1]:
        yield "id", "ends in no slug", "use 3 to 50 small letters, digits and hyphens"
    licences = metadata.get("licenses")
    if not isinstance(licences, list) or len(licences) != 1 or not isinstance(licences[0], dict):
        yield "licenses", "are not exactly one", "name one licence"
    elif licences[0].get("name") not in LICENCES:
        yield "licenses", f"{licences[0].get('name')!r} is not listed", "choose one of the list"
    words = metadata.get("keywords", [])
    if not isinstance(words, list) or not all(isinstance(each, str) for each in words):
        yield "keywords", "are no list of words", "list words, or leave them out"


def _length(value: Any, field: str, allowed: tuple[int, int]) -> Iterator[tuple[str, str, str]]:
    if not isinstance(value, str) or not allowed[0] <= len(value) <= allowed[1]:
        have = len(value) if isinstance(value, str) else "no"
        yield field, f"has {have} letters", f"use {allowed[0]} to {allowed[1]}"


def _resources(resources: Any, folder: Path) -> Iterator[Problem]:
    if not isinstance(resources, list):
        yield Problem(METADATA, 0, "resources", "are no list", "list the files")
        return
    for number, each in enumerate(resources):
        field = f"resources[{number}]"
        path = each.get("path") if isinstance(each, dict) else None
        if not isinstance(path, str) or "/" in path or not (folder / path).is_file():
            yield Problem(METADATA, 0, f"{field}.path", "names no file", "name one of the folder")
            continue
        fields = (each.get("schema") or {}).get("fields") or []
        names = [one.get("name") for one in fields if isinstance(one, dict)]
        with (folder / path).open(encoding="utf-8", newline="") as file:
            head = next(csv.reader(file), [])
        if names != head:
            yield Problem(
                METADATA, 0, f"{field}.schema", "is not that of the table", "list all its columns"
            )
        if any(one.get("type") not in TYPES for one in fields if isinstance(one, dict)):
            yield Problem(METADATA, 0, f"{field}.schema", "has an unknown type", "use a listed one")


def _table(path: Path, split: Split, limits: Limits) -> Iterator[Problem]:
    csv.field_size_limit(sys.maxsize)
    count = 0
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        head = next(rows, [])
        if head != list(COLUMNS):
            yield Problem(path.name, 1, "header", "is another", f"write {', '.join(COLUMNS)}")
            return
        for row in rows:
            count += 1
            if len(row) != len(head):
                yield Problem(path.name, rows.line_num, "row", "is too short or long", "quote it")
                continue
            named = dict(zip(head, row, strict=True))
            for field in ("id", "question", "answer"):
                if not named[field].strip():
                    yield Problem(path.name, rows.line_num, field, "is empty", "write words")
            for field in ("conversation", "rejected"):
                if named[field] and not _is_list(named[field]):
                    yield Problem(path.name, rows.line_num, field, "is no list", "write JSON")
            if not re.fullmatch(r"0\.\d{4}|1\.0000", named["quality"]):
                yield Problem(path.name, rows.line_num, "quality", "is no share", "write 0 to 1")
    yield from sized(path, split, count, limits)


def _is_list(text: str) -> bool:
    try:
        return isinstance(strict(text), list)
    except ValueError:
        return False
