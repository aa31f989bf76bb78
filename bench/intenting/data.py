"""What is taught and what is asked: public utterances with their intents, by data set.

Rows have `dataset`, `text`, `intent`, `split`. Intent `oos` is out of scope: it is never taught.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

from msgspec import Struct

Examples = list[tuple[str, str]]

OUT = "oos"
_PARTS = 5


class Task(Struct, frozen=True):
    """Examples to teach, questions with their intents, and questions of none of the intents."""

    name: str
    taught: Examples
    asked: Examples
    strangers: list[str]


def tasks(fit: Path, data: Path | None, *, develop: bool, most: int) -> list[Task]:
    """One task a data set, of the folder `fit` or taught from it and asked from `data`.

    `develop` asks a part of the training rows, or the validation rows where there are some; else
    the test rows are asked, or, of `data` without such rows, all that were not taught.
    """
    known, fresh = _rows(fit), _rows(data) if data else {}
    found = []
    for name in sorted(fresh or known):
        own, new = known.get(name, []), fresh.get(name, [])
        taught = [row for row in own + new if row["split"] == "train"]
        if develop:
            asked = [row for row in own if row["split"] == "val"]
            if not asked:
                random.Random(5).shuffle(taught)
                cut = len(taught) // _PARTS
                asked, taught = taught[:cut], taught[cut:]
            out = [row for row in own if row["split"] == "train"]
        else:
            asked = [row for row in new or own if row["split"] == "test"] or new
            out = [row for row in new or own if row["split"] != "train"]
        found.append(_task(name, taught, asked, out, most))
    return [each for each in found if each.taught and each.asked]


def _task(
    name: str, taught: list[Any], asked: list[Any], out: list[Any], most: int
) -> Task:  # rows as they stand in the file
    asking = {row["text"] for row in asked}
    examples = dict.fromkeys(
        (row["text"], row["intent"])
        for row in taught
        if row["intent"] != OUT and row["text"] not in asking
    )
    intents = {intent for _, intent in examples}
    questions = [(row["text"], row["intent"]) for row in asked if row["intent"] in intents]
    strangers = sorted({row["text"] for row in out if row["intent"] == OUT})
    mixed = random.Random(1)
    return Task(
        name,
        list(examples),
        mixed.sample(questions, min(most, len(questions))),
        mixed.sample(strangers, min(most, len(strangers))),
    )


def draw(examples: Examples, each: int, seed: int) -> Examples:
    """At most `each` examples of every intent, drawn by chance."""
    by_intent = defaultdict(list)
    for example in examples:
        by_intent[example[1]].append(example)
    chance = random.Random(seed)
    return [
        example
        for _, some in sorted(by_intent.items())
        for example in chance.sample(some, min(each, len(some)))
    ]


def _rows(folder: Path) -> dict[str, list[Any]]:
    found = defaultdict(list)
    for path in sorted(folder.glob("intents_*")):
        raw = path.read_bytes()
        text = gzip.decompress(raw) if path.suffix == ".gz" else raw
        for line in text.splitlines():
            row = json.loads(line)
            found[row["dataset"]].append(row)
    return dict(found)
