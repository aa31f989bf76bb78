"""The texts of a conversation, taken out and put back: words, tool calls, results, refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import structs

from teppan.core.chat import (
    ChatRequest,
    Completion,
    Image,
    Media,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)

Scrub = Callable[[str], str]

PICTURE, FILE = "[picture]", "[file]"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d[0-9.eE+-]*')
_KEY = re.compile(r"\s*:")
_LONG_NUMBER = re.compile(r"-?\d{7,}")
"""A number of fewer digits is an amount or a count."""


def texts_of(request: ChatRequest, completion: Completion | None) -> list[str]:
    """All that is said, in order."""
    said: list[str] = []

    def hear(text: str) -> str:
        said.append(text)
        return text

    scrubbed_request(request, hear)
    if completion is not None:
        scrubbed_completion(completion, hear)
    return said


def scrubbed_request(request: ChatRequest, scrub: Scrub) -> ChatRequest:
    return structs.replace(
        request,
        messages=tuple(_message(each, scrub) for each in request.messages),
        asked=None if request.asked is None else scrub(request.asked),
        user=None,
        metadata=None,
        episode=None,
        extra=None,
    )


def scrubbed_completion(completion: Completion, scrub: Scrub) -> Completion:
    """Log-probabilities go: they spell the words out."""
    choices = tuple(
        structs.replace(each, message=_message(each.message, scrub), logprobs=None)
        for each in completion.choices
    )
    return structs.replace(completion, choices=choices, extra=None)


def scrubbed_json(text: str, scrub: Scrub) -> str:
    """JSON stays valid, and is changed only where something private stands; other text is text.

    A value is read with its key before it (`phone: 5550132`), for the key may say what it is.
    """
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return scrub(text)
    return "".join(_json_parts(text, scrub))


def _json_parts(text: str, scrub: Scrub) -> Iterator[str]:
    at, key = 0, ""
    for token in _TOKEN.finditer(text):
        yield text[at : token.start()]
        at = token.end()
        raw = token[0]
        if raw[0] == '"' and _KEY.match(text, at):
            key = json.loads(raw)
            yield raw
        elif raw[0] == '"':
            value = json.loads(raw)
            new = _valued(key, value, scrub)
            yield raw if new == value else json.dumps(new, ensure_ascii=False)
        elif _LONG_NUMBER.fullmatch(raw):
            new = _valued(key, raw, scrub)
            yield raw if new == raw else json.dumps(new)
        else:
            yield raw
    yield text[at:]


def _valued(key: str, value: str, scrub: Scrub) -> str:
    """The value as it is scrubbed after its key; the key is a name of a field and stays."""
    if not key or "\n" in key:
        return scrub(value)
    before = f"{re.sub(r'(?<=[a-z])(?=[A-Z])|[_-]', ' ', key)}: "
    whole = scrub(before + value)
    return whole[len(before) :] if whole.startswith(before) else scrub(value)


def _message(message: Message, scrub: Scrub) -> Message:
    return structs.replace(
        message,
        parts=tuple(_part(each, scrub) for each in message.parts),
        name=None if message.name is None or message.role == "user" else message.name,
        refusal=None if message.refusal is None else scrub(message.refusal),
        extra=None,
    )


def _part(part: Part, scrub: Scrub) -> Part:
    if isinstance(part, Text):
        return Text(scrub(part.text))
    if isinstance(part, ToolCall):
        arguments = scrubbed_json(part.arguments, scrub)
        return structs.replace(part, arguments=arguments, signature=None, extra=None)
    if isinstance(part, ToolResult):
        inner: Any = tuple(_result(each, scrub) for each in part.parts)
        return structs.replace(part, parts=inner, extra=None)
    if isinstance(part, Reasoning):
        return Reasoning(text=scrub(part.text), id=part.id, dialect=part.dialect)
    return Text(PICTURE if isinstance(part, Image) else FILE)


def _result(part: Text | Image | Media, scrub: Scrub) -> Text:
    if isinstance(part, Text):
        return Text(scrubbed_json(part.text, scrub))
    return Text(PICTURE if isinstance(part, Image) else FILE)
