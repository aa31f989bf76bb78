"""When a persona calls a tool, and with which arguments."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from teppan.simulate import dice
from teppan.simulate.fill import fill
from teppan.simulate.questions import Question, content_words
from teppan.simulate.turn import Tool, ToolCall, Turn

_PROPER = re.compile(r"(?<=[a-z,] )[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\-.]")


def tool_calls(turn: Turn, question: Question | None, seed: int) -> tuple[ToolCall, ...]:
    """The calls this turn asks for; none when no tool is offered, allowed or fits."""
    if not turn.tools or turn.tool_choice == "none" or turn.messages[-1].role == "tool":
        return ()
    chosen = _chosen_tools(turn, question)
    calls: list[ToolCall] = []
    for tool in chosen:
        for known in _argument_sets(turn, tool, question):
            arguments = orjson.dumps(fill(tool.schema, known, text=_topic(turn.question))).decode()
            name = dice.word(24, seed, turn.prompt, tool.name, len(calls))
            calls.append(ToolCall(name, tool.name, arguments))
    return tuple(calls if turn.parallel else calls[:1])


def _chosen_tools(turn: Turn, question: Question | None) -> list[Tool]:
    by_name = {tool.name: tool for tool in turn.tools}
    if turn.tool_choice.startswith("name:"):
        named = by_name.get(turn.tool_choice.removeprefix("name:"))
        return [named] if named else []
    if question is not None and question.tool:
        return [by_name[question.tool]] if question.tool in by_name else []
    words = content_words(turn.question)
    fitting = [tool for tool in turn.tools if _fits(tool, words)]
    if not fitting and turn.tool_choice == "required":
        return [turn.tools[0]]
    return fitting


def _fits(tool: Tool, words: frozenset[str]) -> bool:
    name = content_words(_CAMEL.sub(" ", tool.name)) - {"get", "set", "find", "fetch", "lookup"}
    described = content_words(tool.description)
    return bool(words & name) or len(words & described) >= 2


def _argument_sets(turn: Turn, tool: Tool, question: Question | None) -> list[dict[str, Any]]:
    """What is known of the arguments: one set, or one per name when the question lists several."""
    known: dict[str, Any] = dict(question.arguments) if question else {}
    properties: Mapping[str, Any] = tool.schema.get("properties", {})
    dates = _DATE.findall(turn.question)
    numbers = _NUMBER.findall(_DATE.sub("", turn.question))
    text_names = []
    for name, part in properties.items():
        kind = part.get("type") if isinstance(part, Mapping) else None
        if name in known:
            continue
        if kind in ("integer", "number") and numbers:
            number = numbers.pop(0)
            known[name] = int(number) if number.isdigit() else float(number)
        elif "date" in name.casefold() and dates:
            known[name] = dates[0]
        elif kind == "string" and "enum" not in part:
            text_names.append(name)
    proper = list(dict.fromkeys(_PROPER.findall(turn.question)))
    if text_names and proper:
        return [{**known, text_names[0]: name} for name in proper]
    return [known]


def _topic(question: str) -> str:
    return " ".join(question.split())[:60] or "simulated"


def tool_answer(turn: Turn) -> str | None:
    """The final answer that uses the results of the tools, or None when there are none."""
    results: list[str] = []
    for message in reversed(turn.messages):
        if message.role != "tool":
            break
        name = message.tool_name or "the tool"
        results.append(f"{name} says: {_readable(message.text)}")
    return "According to the tools: " + "; ".join(reversed(results)) + "." if results else None


def _readable(result: str) -> str:
    try:
        value = orjson.loads(result)
    except orjson.JSONDecodeError:
        return result.strip()
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return str(value)
