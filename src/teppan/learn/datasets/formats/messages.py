"""Messages as formats write them, `{"role": ..., "content": ...}`, and the rules they share.

The rules are those of the chat format that fine-tuning vendors document: known roles, words in
every message but an answer that calls tools, each call answered before anything else is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from teppan.core.chat import Message, Text, Tool, ToolCall, ToolResult
from teppan.learn.datasets.formats.files import Fault, Record, strict

ROLES = ("system", "user", "assistant", "tool")
_KEYS = frozenset(("role", "content", "name", "weight", "tool_calls", "tool_call_id"))
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def written(messages: Sequence[Message]) -> list[Record]:
    """The messages of a conversation; what developers say is what a system says."""
    found: list[Record] = []
    for message in messages:
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        for result in results:
            text = "".join(part.text for part in result.parts if isinstance(part, Text))
            found.append({"role": "tool", "content": text, "tool_call_id": result.call_id})
        if not results:
            found.append(_message(message))
    return found


def _message(message: Message) -> Record:
    role = "system" if message.role == "developer" else message.role
    record: Record = {"role": role, "content": message.text}
    if message.tool_calls:
        record["tool_calls"] = [_call(each) for each in message.tool_calls]
    return record


def _call(call: ToolCall) -> Record:
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }


def answer(text: str) -> Record:
    return {"role": "assistant", "content": text}


def tools_of(tools: Sequence[Tool]) -> list[Record]:
    """The functions that were offered; a vendor's built-in tools cannot be told."""
    found = []
    for tool in tools:
        if tool.raw is not None:
            continue
        function: Record = {"name": tool.name}
        if tool.description:
            function["description"] = tool.description
        function["parameters"] = dict(tool.parameters or {"type": "object", "properties": {}})
        if tool.strict is not None:
            function["strict"] = tool.strict
        found.append({"type": "function", "function": function})
    return found


# --- the rules -------------------------------------------------------------------------------


def message_faults(messages: Any, field: str, *, weights: bool = False) -> Iterator[Fault]:
    """What is wrong with a list of messages."""
    if not isinstance(messages, list) or not messages:
        yield field, "is no list of messages", "give at least one"
        return
    for place, message in enumerate(messages):
        yield from _one(message, f"{field}[{place}]", weights=weights)
    if all(isinstance(each, dict) for each in messages):
        yield from _answered(messages, field)


def _one(message: Any, field: str, *, weights: bool) -> Iterator[Fault]:
    if not isinstance(message, dict):
        yield field, "is no object", "write `role` and `content`"
        return
    role = message.get("role")
    if role not in ROLES:
        yield f"{field}.role", f"is {role!r}", f"it must be one of {', '.join(ROLES)}"
    yield from (
        (f"{field}.{key}", "is not known", "take it out") for key in message if key not in _KEYS
    )
    content = message.get("content")
    empty = not isinstance(content, str) or not content.strip()
    calls = message.get("tool_calls")
    if content is not None and not isinstance(content, str):
        yield f"{field}.content", "is no text", "write words"
    elif empty and not (role == "tool" and content == "") and not (role == "assistant" and calls):
        yield f"{field}.content", "is empty", "write words, or leave the message out"
    name = message.get("name")
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        yield f"{field}.name", "is no name", "use letters, digits, `_` and `-`, 64 at most"
    if "weight" in message:
        yield from _weight(message, field, weights=weights)
    if calls is not None:
        yield from _calls(message, field)
    if (role == "tool") != ("tool_call_id" in message):
        yield (
            f"{field}.tool_call_id",
            "stands in the wrong place",
            "it names the call a tool answers",
        )


def _weight(message: Record, field: str, *, weights: bool) -> Iterator[Fault]:
    weight = message["weight"]
    if not weights or message.get("role") != "assistant":
        yield f"{field}.weight", "has no meaning here", "take it out"
    elif isinstance(weight, bool) or weight not in (0, 1):
        yield f"{field}.weight", f"is {weight!r}", "it must be 0 or 1"


def _calls(message: Record, field: str) -> Iterator[Fault]:
    calls = message["tool_calls"]
    if message.get("role") != "assistant" or not isinstance(calls, list) or not calls:
        yield f"{field}.tool_calls", "is no list of calls", "only an assistant calls tools"
        return
    for place, call in enumerate(calls):
        here = f"{field}.tool_calls[{place}]"
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or call.get("type") != "function":
            yield here, "calls no function", 'write `"type": "function"` and what is called'
            continue
        if not isinstance(call.get("id"), str) or not call["id"]:
            yield f"{here}.id", "is missing", "give each call an id"
        name = function.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            yield f"{here}.function.name", "is no name", "use letters, digits, `_` and `-`"
        yield from _arguments(function.get("arguments"), f"{here}.function.arguments")


def _arguments(given: Any, field: str) -> Iterator[Fault]:
    """An object, or the text of one."""
    if isinstance(given, str):
        try:
            given = strict(given)
        except ValueError:
            given = None
    if not isinstance(given, dict):
        yield field, "is no JSON object", "write the arguments as the model would"


def _answered(messages: Sequence[Record], field: str) -> Iterator[Fault]:
    """Each call is answered by a tool before anything else is said."""
    waiting: list[str] = []
    for place, message in enumerate(messages):
        if message.get("role") == "tool":
            if message.get("tool_call_id") not in waiting:
                yield f"{field}[{place}].tool_call_id", "answers no call", "name a call before it"
            else:
                waiting.remove(message["tool_call_id"])
            continue
        if waiting:
            yield f"{field}[{place}]", f"comes before call {waiting[0]} is answered", "answer it"
            waiting = []
        calls = message.get("tool_calls")
        if isinstance(calls, list):
            waiting = [str(each.get("id")) for each in calls if isinstance(each, dict)]


def tool_faults(tools: Any, messages: Any, field: str = "tools") -> Iterator[Fault]:
    """What is wrong with the functions that are offered; every one that is called must be there."""
    names: set[str] = set()
    if tools is not None:
        if not isinstance(tools, list):
            yield field, "is no list", "list the functions that may be called"
            return
        for place, tool in enumerate(tools):
            function = tool.get("function") if isinstance(tool, dict) else None
            here = f"{field}[{place}]"
            if not isinstance(function, dict) or tool.get("type") != "function":
                yield here, "is no function", 'write `"type": "function"` and its `function`'
                continue
            name = function.get("name")
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                yield f"{here}.function.name", "is no name", "use letters, digits, `_` and `-`"
            else:
                names.add(name)
            if not isinstance(function.get("parameters", {}), dict):
                yield f"{here}.function.parameters", "is no schema", "write a JSON schema"
    for name in sorted(_called(messages) - names):
        yield field, f"`{name}` is called and not offered", "list every function that is called"


def _called(messages: Any) -> set[str]:
    found: set[str] = set()
    for message in messages if isinstance(messages, list) else ():
        calls = message.get("tool_calls") if isinstance(message, dict) else None
        for call in calls if isinstance(calls, list) else ():
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict) and isinstance(function.get("name"), str):
                found.add(function["name"])
    return found


def unknown(record: Record, known: Sequence[str]) -> Iterator[Fault]:
    """Fields that the format does not have."""
    for key in record:
        if key not in known:
            yield key, "is not known", f"the fields are {', '.join(known)}"
