"""Conversational prompt and completion, as TRL's `SFTTrainer` takes them.

Of this type only the completion is learned, which is what was judged; a conversation under
`messages` would teach every answer in it. `tools` is the JSON text of a list, which TRL reads, for
a table cannot hold schemas of different shapes in one column.
"""

from __future__ import annotations

import json
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
    strict,
)
from teppan.learn.datasets.formats.messages import (
    answer,
    message_faults,
    tool_faults,
    tools_of,
    unknown,
    written,
)

FIELDS = ("prompt", "completion", "messages", "tools")


def prompt_of(example: Example) -> Record:
    """The columns that both kinds of training share."""
    messages = written(example.messages)
    for message in messages:
        for call in message.get("tool_calls", ()):
            call["function"]["arguments"] = json.loads(call["function"]["arguments"] or "{}")
    record: Record = {"prompt": messages}
    if example.tools:
        record["tools"] = json.dumps(tools_of(example.tools), ensure_ascii=False)
    return record


def records(example: Example) -> Iterator[Record]:
    yield {**prompt_of(example), "completion": [answer(example.chosen)]}


def faults(record: Any) -> Iterator[Fault]:
    yield from unknown(record, FIELDS)
    whole = "messages" in record
    if whole and ("prompt" in record or "completion" in record):
        yield "messages", "stands beside a prompt", "use one type: a conversation, or the two parts"
    if whole:
        messages = record["messages"]
        yield from message_faults(messages, "messages")
        roles = [each.get("role") for each in messages or () if isinstance(each, dict)]
        if "assistant" not in roles:
            yield "messages", "hold no answer", "at least one message must be an assistant's"
        yield from column_faults(record.get("tools"), messages)
        return
    yield from prompt_faults(record)
    yield from answer_faults(record.get("completion"), "completion")


def prompt_faults(record: Record) -> Iterator[Fault]:
    """The rules of a prompt: a conversation that waits for an answer."""
    prompt = record.get("prompt")
    yield from message_faults(prompt, "prompt")
    last = prompt[-1] if isinstance(prompt, list) and prompt else None
    if isinstance(last, dict) and last.get("role") not in ("user", "tool"):
        yield "prompt", "does not end with a question", "the answer belongs after it"
    yield from column_faults(record.get("tools"), prompt)


def answer_faults(messages: Any, field: str) -> Iterator[Fault]:
    """The rules of what is learned: answers alone."""
    yield from message_faults(messages, field)
    roles = {each.get("role") for each in messages or () if isinstance(each, dict)}
    if isinstance(messages, list) and messages and roles != {"assistant"}:
        yield field, "is more than an answer", "only an assistant speaks in it"


def column_faults(tools: Any, messages: Any) -> Iterator[Fault]:
    """The functions, as a list or as the text of one."""
    if isinstance(tools, str):
        try:
            tools = strict(tools)
        except ValueError:
            yield "tools", "is no JSON", "write a list of functions"
            return
    yield from tool_faults(tools, messages)


def writer(place: Place, limits: Limits) -> LineWriter:
    return LineWriter(place, limits.suffix, records)


def check(place: Place, limits: Limits) -> Iterator[Problem]:
    return check_lines(place, limits, faults)
