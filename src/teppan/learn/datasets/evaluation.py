"""What models are judged by, as texts: questions that may stand in no training set.

Read from what there is: a pack's conversations (`[[question]]` with `text`, `variants`, `rows`),
lines of JSON (`messages`, `prompt`, `question`, `input`, `text`, `instruction`), CSV with such a
column, or plain text, a question a line.
"""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from teppan.core.errors import ConfigError

FIELDS = ("question", "prompt", "input", "text", "instruction", "query", "messages")
_ALSO = ("variants", "phrasings", "paraphrases")


class EvaluationSet(Struct, frozen=True):
    """A named set of questions; `also` are the same as they stand in scrubbed conversations."""

    name: str
    texts: tuple[str, ...]
    also: tuple[str, ...] = ()


def read(path: Path, name: str = "") -> EvaluationSet:
    """A file of any known kind. Raises `ConfigError` for one that cannot be read, or in which no
    question is found: a check against nothing would pass everything."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(_READERS))
        raise ConfigError(f"{path}: cannot be checked against; it must be one of {known}")
    try:
        texts = tuple(dict.fromkeys(each.strip() for each in reader(path.read_text("utf-8"))))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, csv.Error) as error:
        raise ConfigError(f"{path}: is not what its name says: {error}") from None
    texts = tuple(each for each in texts if each)
    if not texts:
        fields = ", ".join(f"`{each}`" for each in FIELDS)
        raise ConfigError(f"{path}: no question is in it; they stand in {fields}")
    return EvaluationSet(name or path.name, texts)


def of_pack(folder: Path) -> list[EvaluationSet]:
    """The conversations of a pack, a set for each file; none where it has none."""
    return [
        read(path, f"pack {path.relative_to(folder).as_posix()}")
        for path in sorted((folder / "conversations").glob("*.toml"))
    ]


def _toml(text: str) -> Iterator[str]:
    for item in tomllib.loads(text).get("question", []):
        rows = item.get("rows") or [{}]
        for row in rows:
            for each in (item.get("text", ""), *item.get("variants", [])):
                yield _filled(str(each), row)


def _filled(text: str, row: Mapping[str, Any]) -> str:
    for name, value in row.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.strip():
            yield from _asked(json.loads(line))


def _whole(text: str) -> Iterator[str]:
    found = json.loads(text)
    for each in found if isinstance(found, list) else [found]:
        yield from _asked(each)


def _asked(item: Any) -> Iterator[str]:
    """The questions of one entry, however deep its conversation is packed."""
    if isinstance(item, str):
        yield item
    elif isinstance(item, list):
        users = [each for each in item if isinstance(each, dict) and each.get("role") == "user"]
        for each in users[-1:]:
            yield from _content(each.get("content"))
    elif isinstance(item, dict):
        for field in FIELDS:
            if field in item:
                yield from _asked(item[field])
        for field in _ALSO:
            for each in item.get(field) or ():
                yield from _asked(each)


def _content(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        yield "".join(part.get("text", "") for part in content if isinstance(part, dict))


def _csv(text: str, delimiter: str = ",") -> Iterator[str]:
    table = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    columns: Sequence[str] = table.fieldnames or ()
    field = next((each for each in FIELDS if each in columns), None)
    for row in table:
        yield row.get(field) or "" if field else ""


def _tsv(text: str) -> Iterator[str]:
    return _csv(text, "\t")


def _text(text: str) -> Iterator[str]:
    yield from text.splitlines()


_READERS: Mapping[str, Callable[[str], Iterator[str]]] = {
    ".toml": _toml,
    ".jsonl": _lines,
    ".ndjson": _lines,
    ".json": _whole,
    ".csv": _csv,
    ".tsv": _tsv,
    ".txt": _text,
}
