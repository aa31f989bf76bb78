"""What a tool of a server gave back, as a text for a model. All of it is data, no part a command.

Texts go as they are, structured content as JSON where there is no text. Pictures, sounds and files
are named, not passed on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from teppan.core.chat import Json

NAMED = 200
"""Letters of what a thing is called."""


def text_of(result: Mapping[str, Json], longest: int) -> str:
    """The result in at most `longest` letters and a note of what was cut."""
    content = result.get("content")
    parts = [_part(each) for each in content] if isinstance(content, list) else []
    said = "\n".join(part for part in parts if part)
    has_text = any(_is_text(each) for each in content) if isinstance(content, list) else False
    structured = result.get("structuredContent")
    if structured is not None and not has_text:
        told = msgspec.json.encode(structured).decode()
        said = f"{said}\n{told}" if said else told
    return said if len(said) <= longest else f"{said[:longest]}\n(cut: {len(said)} characters)"


def _is_text(part: Json) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and bool(part.get("text"))


def _part(part: Json) -> str:
    if not isinstance(part, dict):
        return ""
    kind = part.get("type")
    if kind == "text":
        text = part.get("text")
        return text if isinstance(text, str) else ""
    if kind == "resource" and isinstance(part.get("resource"), dict):
        text = part["resource"].get("text")
        return text if isinstance(text, str) else _named("file", part["resource"])
    if kind == "resource_link":
        return _named("link", part)
    return _named(kind if isinstance(kind, str) else "content", part)


def _named(kind: str, thing: Mapping[str, Json]) -> str:
    """`(image, image/png, not shown)`."""
    return f"({', '.join([kind[:NAMED], *_names(thing), 'not shown'])})"


def _names(thing: Mapping[str, Json]) -> Iterator[str]:
    for key in ("name", "uri", "mimeType"):
        value = thing.get(key)
        if isinstance(value, str) and value:
            yield value[:NAMED]
