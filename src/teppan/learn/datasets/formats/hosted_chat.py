"""Chat fine-tuning as hosted vendors document it: a conversation a line, the last word an answer.

Earlier answers of a conversation have weight 0: they were never judged, so they are read and not
learned.
"""

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
from teppan.learn.datasets.formats.messages import (
    answer,
    message_faults,
    tool_faults,
    tools_of,
    unknown,
    written,
)

FIELDS = ("messages", "tools", "parallel_tool_calls")


def records(example: Example) -> Iterator[Record]:
    messages = written(example.messages)
    for each in messages:
        if each["role"] == "assistant":
            each["weight"] = 0
    record: Record = {"messages": [*messages, answer(example.chosen)]}
    if example.tools:
        record["tools"] = tools_of(example.tools)
    yield record


def faults(record: Any) -> Iterator[Fault]:
    yield from unknown(record, FIELDS)
    messages = record.get("messages")
    yield from message_faults(messages, "messages", weights=True)
    yield from tool_faults(record.get("tools"), messages)
    if not isinstance(record.get("parallel_tool_calls", True), bool):
        yield "parallel_tool_calls", "is neither true nor false", "take it out"
    last = messages[-1] if isinstance(messages, list) and messages else None
    if isinstance(last, dict):
        if last.get("role") != "assistant":
            yield "messages", "do not end with an answer", "the last message must be an assistant's"
        elif last.get("weight", 1) == 0:
            yield "messages", "teach nothing: the last answer has weight 0", "give it weight 1"


def writer(place: Place, limits: Limits) -> LineWriter:
    return LineWriter(place, limits.suffix, records)


def check(place: Place, limits: Limits) -> Iterator[Problem]:
    return check_lines(place, limits, faults)
