"""A recorded or made-up conversation, with the facts that a later answer may need."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import msgspec

from teppan.core.chat import Image, Media, Message, Reasoning, Text, ToolCall, ToolResult


class Fact(msgspec.Struct, frozen=True):
    """Told in message number `at`; it is present where one of `any` is. `replaces` is the wording
    that it makes wrong, `older` the number of the fact it corrects."""

    at: int
    any: tuple[str, ...]
    replaces: str | None = None
    older: int | None = None


class Talk(msgspec.Struct, frozen=True, dict=True):
    """`group` is what it is reported under: a business or a source."""

    id: str
    language: str
    group: str
    messages: tuple[Message, ...]
    facts: tuple[Fact, ...]

    @cached_property
    def turns(self) -> list[int]:
        """The places of the user's messages: at each of them the client sends all that was said."""
        return [place for place, each in enumerate(self.messages) if each.role == "user"]

    def due(self, place: int) -> list[Fact]:
        """The facts that hold when message `place` is sent: told by then and not yet corrected."""
        stale = {each.older for each in self.facts if each.at <= place and each.older is not None}
        return [
            fact
            for number, fact in enumerate(self.facts)
            if fact.at <= place and number not in stale
        ]


def read(folder: Path) -> list[Talk]:
    """Recorded conversations: `conversations_*.jsonl` or `.jsonl.gz`, one object a line:

    {"id": "...", "language": "en", "group": "hotel",
     "messages": [{"role": "user", "content": "..."}, ...],          as of /v1/chat/completions
     "facts": [{"at": 3, "any": ["25 guests"], "replaces": "20 guests", "older": 0}, ...]}

    `at` counts the messages from 0; `group`, `replaces` and `older` may be left out.
    """
    talks = []
    for path in sorted(folder.glob("conversations_*.jsonl*")):
        data = path.read_bytes()
        lines = (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()
        name = path.name.removeprefix("conversations_").split(".")[0]
        talks += [_read(line, name, number) for number, line in enumerate(lines) if line.strip()]
    return talks


def _read(line: bytes, name: str, number: int) -> Talk:
    told = msgspec.json.decode(line)
    return Talk(
        str(told.get("id", f"{name}-{number}")),
        told.get("language", "en"),
        told.get("group", name),
        tuple(message_of(each) for each in told["messages"]),
        tuple(msgspec.convert(each, Fact) for each in told["facts"]),
    )


def message_of(wire: Mapping[str, Any]) -> Message:
    """A message of the Chat Completions format."""
    content = wire.get("content")
    if wire["role"] == "tool":
        return Message("tool", (ToolResult(wire.get("tool_call_id", ""), (Text(content or ""),)),))
    if isinstance(content, list):
        parts: list[Any] = [Text(each["text"]) for each in content if each.get("type") == "text"]
    else:
        parts = [Text(content)] if content else []
    for call in wire.get("tool_calls") or ():
        parts.append(ToolCall(call["id"], call["function"]["name"], call["function"]["arguments"]))
    return Message(wire["role"], tuple(parts))


def words_of(messages: Iterable[Message]) -> str:
    """All that a model reads, message by message, in lines."""
    return "\n".join(words for message in messages for words in _words(message))


def _words(message: Message) -> Iterable[str]:
    for part in message.parts:
        if isinstance(part, Text | Reasoning):
            yield part.text
        elif isinstance(part, ToolCall):
            yield f"{part.name} {part.arguments}"
        elif isinstance(part, ToolResult):
            yield from (inner.text for inner in part.parts if isinstance(inner, Text))
        else:
            assert isinstance(part, Image | Media)


def tells(fact: Fact, text: str) -> bool:
    """Whether a text states the fact, in one of its wordings, as whole words."""
    return any(_sought(wording).search(text) for wording in fact.any)


def stands_last(fact: Fact, text: str) -> bool:
    """Whether the corrected wording is not said again after the right one."""
    right = wrong = -1
    for number, piece in enumerate(re.split(r"\n| \| ", text)):
        if tells(fact, piece):
            right = number
        if fact.replaces and _sought(fact.replaces).search(piece):
            wrong = number
    return right >= wrong


@lru_cache(maxsize=4096)
def _sought(wording: str) -> re.Pattern[str]:
    words = r"\s+".join(re.escape(word) for word in wording.split())
    return re.compile(rf"(?<![A-Za-z0-9]){words}(?![A-Za-z0-9])", re.IGNORECASE)
