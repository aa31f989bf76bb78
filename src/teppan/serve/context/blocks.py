"""What the gateway itself says in a conversation: a summary of what was, pieces of knowledge.

Both stand before the words of a user, fenced and named as data: they are made of what customers,
tools and documents said, and must never speak with the authority of a system prompt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from teppan.core.chat import Message, Part, Text
from teppan.knowledge import Chunk

_SUMMARY, _KNOWLEDGE = "earlier_conversation", "knowledge"

_SUMMARY_BEGINS = f"<{_SUMMARY}>\n(notes of what was said; later ones hold)\n"
_KNOWLEDGE_BEGINS = f"<{_KNOWLEDGE}>\n(from the documents, for the question below)\n"
_CITE = "(say after what you take from a piece which one it is, as [1])\n"

_NOTHING = "(greetings only)"

_FENCE = re.compile(rf"<(?=\s*/?\s*(?:{_SUMMARY}|{_KNOWLEDGE})\b)", re.IGNORECASE)


def summary_block(summary: str) -> Text:
    """An earlier part of a conversation, told in `summary`."""
    return Text(f"{_SUMMARY_BEGINS}{unfenced(summary) or _NOTHING}\n</{_SUMMARY}>\n\n")


def knowledge_block(pieces: Sequence[Chunk], cite: bool = False) -> Text:
    """Pieces of the documents, each with its number and its place; `cite` asks for the numbers."""
    numbered = (f"[{n}] {piece.place}\n{piece.text}" for n, piece in enumerate(pieces, start=1))
    told = "\n\n".join(map(unfenced, numbered))
    asks = _CITE if cite else ""
    return Text(f"{_KNOWLEDGE_BEGINS}{asks}{told}\n</{_KNOWLEDGE}>\n\n")


def unfenced(text: str) -> str:
    """The text without anything that would open or close a block of ours."""
    return _FENCE.sub("‹", text)


def has_block(messages: Sequence[Message]) -> bool:
    """Whether the gateway has been here before."""
    return any(
        _is_block(part) for message in messages if message.role == "user" for part in message.parts
    )


def before(message: Message, block: Text) -> Message:
    """The message with a block before its words, behind a block that it has already.

    Its own parts stay as they are, and last.
    """
    first = sum(map(_is_block, message.parts))
    return replace(message, parts=(*message.parts[:first], block, *message.parts[first:]))


def _is_block(part: Part) -> bool:
    return isinstance(part, Text) and part.text.startswith((_SUMMARY_BEGINS, _KNOWLEDGE_BEGINS))
