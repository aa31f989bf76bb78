"""One row of a training set: a scrubbed conversation, the answer to learn, answers not to give."""

from __future__ import annotations

import hashlib

import msgspec
from msgspec import Struct

from teppan.core.chat import Message, Tool
from teppan.core.signal import Terms

TRUTH, REVIEWED, SERVED = 2, 1, 0
"""How far an answer is vouched for: a person wrote or approved it, a person reviewed it, it was
served and liked."""


class Example(Struct, frozen=True, kw_only=True):
    """`messages` are what is asked, the last one the user's or a tool's; `chosen` the answer.

    `rejected` are worse answers to the same. `grade` says who vouches for it, `terms` what the
    vendor of `model` allows. `conversation` are names that all examples of one conversation share.
    `scrubbed` counts what was taken out, by kind. `at` is seconds since 1970.
    """

    id: str
    messages: tuple[Message, ...]
    chosen: str
    rejected: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    quality: float = 1.0
    grade: int = SERVED
    task_type: str = ""
    intent: str = ""
    language: str = ""
    model: str = ""
    terms: Terms = "unknown"
    source: str = "served"
    conversation: tuple[str, ...] = ()
    scrubbed: dict[str, int] = {}
    at: float = 0.0

    @property
    def question(self) -> str:
        """The words of the last user message."""
        for message in reversed(self.messages):
            if message.role == "user":
                return message.text
        return ""

    @property
    def context(self) -> str:
        """What was said before the question; prompts are left out, for many share them."""
        said = [each for each in self.messages if each.role not in ("system", "developer")]
        last = max((i for i, each in enumerate(said) if each.role == "user"), default=-1)
        return "\n".join(told(each) for i, each in enumerate(said) if i != last)


def told(message: Message) -> str:
    """The words of a message with the calls of tools and their results."""
    parts = [message.text]
    parts += [f"{call.name} {call.arguments}" for call in message.tool_calls]
    for part in message.parts:
        inner = getattr(part, "parts", ())
        parts += [getattr(each, "text", "") for each in inner]
    return "\n".join(each for each in parts if each)


def encoded(example: Example) -> bytes:
    """The bytes an example is kept as; the same for the same example."""
    return msgspec.json.encode(example, order="deterministic")


decoded = msgspec.json.Decoder(Example).decode


def digest(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
