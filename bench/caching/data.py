"""The texts of the bench: a stream of questions with their intents, and pairs of near texts."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct


class Pair(Struct, frozen=True):
    """May `other` be answered from the entry of `one`?"""

    source: str
    kind: str
    one: str
    other: str
    same: bool


class Asked(Struct, frozen=True):
    """A question of the stream; two of one intent have one answer."""

    text: str
    intent: str


def rows(folder: Path, prefix: str) -> Iterator[dict[str, Any]]:
    """All rows of the files of this prefix, whatever their suffix."""
    for path in sorted(folder.glob(f"{prefix}*.jsonl*")):
        raw = path.read_bytes()
        text = gzip.decompress(raw) if path.suffix == ".gz" else raw
        for line in text.splitlines():
            yield json.loads(line)


def pairs(folder: Path) -> list[Pair]:
    return [
        Pair(row["source"], row["kind"], row["text_a"], row["text_b"], row["same_meaning"])
        for row in rows(folder, "semantic_pairs_")
    ]


def stream(folder: Path, length: int, seed: int) -> list[Asked]:
    """Banking questions in a mixed order: from the intents' file, else from the pairs."""
    found = [
        Asked(row["text"], row["intent"])
        for row in rows(folder, "intents_")
        if row["dataset"].startswith("banking")
    ]
    if not found:
        known: dict[str, Asked] = {}
        for row in rows(folder, "semantic_pairs_"):
            if row["source"].startswith("banking"):
                for side in "ab":
                    text = row[f"text_{side}"]
                    known[text] = Asked(text, row[f"group_{side}"])
        found = [known[text] for text in sorted(known)]
    random.Random(seed).shuffle(found)
    return found[:length]
