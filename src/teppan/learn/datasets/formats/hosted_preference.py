"""Preferences as hosted vendors document them: an input, an output that is preferred, one that is
not."""

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

FIELDS = ("input", "preferred_output", "non_preferred_output")
OUTPUTS = FIELDS[1:]


def records(example: Example) -> Iterator[Record]:
    """One for each worse answer; an example without one says nothing of preferences."""
    for worse in example.rejected:
        given: Record = {"messages": written(example.messages)}
        if example.tools:
            given["tools"] = tools_of(example.tools)
        yield {
            "input": given,
            "preferred_output": [answer(example.chosen)],
            "non_preferred_output": [answer(worse)],
        }


def faults(record: Any) -> Iterator[Fault]:
    yield from unknown(record, FIELDS)
    given = record.get("input")
    if not isinstance(given, dict):
        yield "input", "is no object", "write `messages`, and `tools` where there are some"
    else:
        for field, what, remedy in unknown(given, ("messages", "tools", "parallel_tool_calls")):
            yield f"input.{field}", what, remedy
        messages = given.get("messages")
        yield from message_faults(messages, "input.messages")
        yield from tool_faults(given.get("tools"), messages, "input.tools")
        if not isinstance(given.get("parallel_tool_calls", True), bool):
            yield "input.parallel_tool_calls", "is neither true nor false", "take it out"
        last = messages[-1] if isinstance(messages, list) and messages else {}
        if isinstance(last, dict) and last.get("role") == "assistant":
            yield "input.messages", "end with an answer", "answers stand in the two outputs"
    for field in OUTPUTS:
        yield from _output(record.get(field), field)
    if record.get(OUTPUTS[0]) == record.get(OUTPUTS[1]):
        yield OUTPUTS[1], "is the one that is preferred", "give two different answers"


def _output(output: Any, field: str) -> Iterator[Fault]:
    yield from message_faults(output, field)
    roles = [each.get("role") for each in output or () if isinstance(each, dict)]
    if isinstance(output, list) and "assistant" not in roles:
        yield field, "holds no answer", "at least one message must be an assistant's"
    if any(role not in ("assistant", "tool") for role in roles):
        yield field, "holds more than an answer", "only an assistant and tools speak in it"


def writer(place: Place, limits: Limits) -> LineWriter:
    return LineWriter(place, limits.suffix, records)


def check(place: Place, limits: Limits) -> Iterator[Problem]:
    return check_lines(place, limits, faults)
