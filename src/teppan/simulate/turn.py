"""What a dialect hears and what it says, free of any vendor's wire format.

A dialect parses a request body into a `Turn`; a persona answers it with a `Reply`; the dialect
renders the `Reply`, whole or as a stream of `Event`s. Faults edit the `Reply` before that.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import orjson

Json = dict[str, Any]

Role = Literal["system", "user", "assistant", "tool"]
Finish = Literal["stop", "length", "tool_calls", "content_filter", "refusal"]
EventKind = Literal["head", "delta", "finish", "usage", "end"]
ROLES: Mapping[str, Role] = MappingProxyType(
    {
        "system": "system",
        "developer": "system",
        "user": "user",
        "assistant": "assistant",
        "tool": "tool",
        "function": "tool",
    }
)


_MATERIAL = re.compile(r"\A(?:\s*<([a-z][-\w]*)>.*?</\1>\s*)+", re.DOTALL)
"""`<knowledge> ... </knowledge>` before the words of a user: something to read, not a question."""


class Refused(Exception):
    """The vendor refuses the request; each dialect renders this in its own error shape.

    `kind` is one of the rows of `refusals.py`; `param` names the field at fault; `code` overrides
    the vendor's machine-readable code; `headers` are added to the response.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.param = param
        self.code = code
        self.headers = headers


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation, reduced to what a persona reads."""

    role: Role
    text: str
    images: int = 0
    tool_name: str = ""
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool the client offers; `schema` is the JSON schema of its arguments."""

    name: str
    description: str
    schema: Json


@dataclass(frozen=True, slots=True)
class Turn:
    """One request for an answer.

    `tool_choice` is `auto`, `none`, `required` or the name of a tool after `name:`.
    `schema` is the JSON schema the answer must follow, `json_mode` asks for any JSON object.
    `cache_asked` says that the client marked a prefix for caching (where the vendor needs it).
    """

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    parallel: bool = True
    schema: Json | None = None
    schema_name: str = ""
    json_mode: bool = False
    stream: bool = False
    include_usage: bool = True
    max_tokens: int | None = None
    temperature: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    n: int = 1
    thinking: bool = False
    include_encrypted: bool = False
    logprobs: bool = False
    cache_asked: bool = False
    fields: frozenset[str] = frozenset()
    body: Json = field(default_factory=dict)

    @property
    def question(self) -> str:
        """The last thing the user said, without the fenced material it may begin with."""
        said = next((m.text for m in reversed(self.messages) if m.role == "user"), "")
        return _MATERIAL.sub("", said) or said

    @property
    def prompt(self) -> str:
        """Every message as one text, in order."""
        return "\n".join(message.text for message in self.messages)

    @property
    def images(self) -> int:
        """How many images the conversation holds."""
        return sum(message.images for message in self.messages)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer.

    `cached` and `cache_write` are parts of `prompt`, `reasoning` is a part of `completion`.
    """

    prompt: int
    completion: int
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0

    @property
    def total(self) -> int:
        """Prompt and completion together."""
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer out of `n`; `text` is None where the vendor would send null."""

    text: str | None
    finish: Finish = "stop"
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    stop_sequence: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer, ready to be rendered by a dialect.

    `usage` None means that the vendor reports none. `show_reasoning` says that the reasoning text
    itself is visible on the wire, not only its token count.
    """

    id: str
    model: str
    created: int
    choices: tuple[Choice, ...]
    usage: Usage | None
    show_reasoning: bool = False
    usage_late: bool = False

    @property
    def first(self) -> Choice:
        """The first choice, or an empty one where there is none."""
        return self.choices[0] if self.choices else Choice(text=None)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream, already encoded; `kind` lets a fault find the ending."""

    kind: EventKind
    data: bytes


def sse(kind: EventKind, payload: Json | str, name: str | None = None) -> Event:
    """Encode one server-sent event (WHATWG HTML, section 9.2)."""
    body = payload.encode() if isinstance(payload, str) else orjson.dumps(payload)
    head = f"event: {name}\n".encode() if name else b""
    return Event(kind, head + b"data: " + body + b"\n\n")


def pieces(text: str, words: int = 2) -> Iterator[str]:
    """Cut a text the way a tokenizer streams it: a few words at a time, nothing lost."""
    start = 0
    seen = 0
    for position, letter in enumerate(text):
        if letter == " " and position > start:
            seen += 1
            if seen == words:
                yield text[start:position]
                start, seen = position, 0
    if start < len(text):
        yield text[start:]


def joined_text(parts: Iterable[object]) -> str:
    """Join the text parts of a message's content, whatever else lies between them."""
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))
