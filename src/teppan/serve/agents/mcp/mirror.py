"""Arguments that a server wants repeated in headers, so that what stands between can read them.

A property of a tool's schema may carry `x-mcp-header: Region`; the client then sends the argument
also as `Mcp-Param-Region`. A tool whose schema does so wrongly must not be used over HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from teppan.core.chat import Json
from teppan.serve.agents.mcp.protocol import as_header

MARK = "x-mcp-header"
PREFIX = "mcp-param-"
SAFE = 2**53 - 1
"""The largest integer that every implementation reads alike."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_DATA = ("default", "examples", "const", "enum")
"""Keywords whose values are data, in which a mark means nothing."""

Path = tuple[str, ...]


class Mirror:
    """The arguments of one tool that are repeated; its schema has passed `bad_mirror`."""

    def __init__(self, schema: Mapping[str, Json]) -> None:
        self._wanted = {path: PREFIX + at[MARK].lower() for path, at in _marked(schema) if path}

    def headers(self, arguments: Mapping[str, Json]) -> dict[str, str]:
        """The headers for these arguments; one that is not there has none."""
        found: dict[str, str] = {}
        for path, name in self._wanted.items():
            value: Json = arguments
            for key in path:
                value = value.get(key) if isinstance(value, Mapping) else None
            if isinstance(value, bool):
                found[name] = "true" if value else "false"
            elif isinstance(value, str) or (type(value) is int and abs(value) <= SAFE):
                found[name] = as_header(str(value))
        return found


def bad_mirror(schema: Json) -> str:
    """Why the marks of a schema may not be used; empty when they may."""
    seen: set[str] = set()
    for path, at in _marked(schema):
        name = at[MARK]
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            return f"`{MARK}` is not the name of a header"
        if not path:
            return f"`{MARK}` stands where no argument is"
        if at.get("type") not in ("string", "integer", "boolean"):
            return f"`{MARK}` is on something else than a string, an integer or a boolean"
        if name.lower() in seen:
            return f"`{MARK}` names one header twice"
        seen.add(name.lower())
    return ""


def _marked(schema: Json) -> Iterator[tuple[Path | None, dict[str, Json]]]:
    """The marked places of a schema; their path only where nothing but `properties` leads there."""
    left: list[tuple[Path | None, Json]] = [((), schema)]
    while left:
        path, at = left.pop()
        if isinstance(at, list):
            left += [(None, each) for each in at]
        if not isinstance(at, dict):
            continue
        if MARK in at:
            yield path, at
        for key, value in at.items():
            if key == "properties" and isinstance(value, dict) and path is not None:
                left += [((*path, name), each) for name, each in value.items()]
            elif key == "properties" and isinstance(value, dict):
                left += [(None, each) for each in value.values()]
            elif key not in _DATA and key != MARK:
                left.append((None, value))
