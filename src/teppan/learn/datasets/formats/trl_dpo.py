"""Conversational preferences with a prompt of their own, as TRL's `DPOTrainer` takes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from teppan.learn.datasets.examples import Example
from teppan.learn.datasets.formats.files import (
    Fault,
    Limits,
    LineWriter,
    Place,
    Problem,
    Record,
    check_lines,
)
from teppan.learn.datasets.formats.messages import answer, unknown
from teppan.learn.datasets.formats.trl_sft import answer_faults, prompt_faults, prompt_of

FIELDS = ("prompt", "chosen", "rejected", "tools")


def records(example: Example) -> Iterator[Record]:
    """One for each worse answer."""
    for worse in example.rejected:
        yield {
            **prompt_of(example),
            "chosen": [answer(example.chosen)],
            "rejected": [answer(worse)],
        }


def faults(record: Any) -> Iterator[Fault]:
    yield from unknown(record, FIELDS)
    yield from prompt_faults(record)
    yield from answer_faults(record.get("chosen"), "chosen")
    yield from answer_faults(record.get("rejected"), "rejected")
    if record.get("chosen") == record.get("rejected"):
        yield "rejected", "is what is chosen", "give two different answers"


def writer(place: Place, limits: Limits) -> LineWriter:
    return LineWriter(place, limits.suffix, records)


def check(place: Place, limits: Limits) -> Iterator[Problem]:
    return check_lines(place, limits, faults)
