"""Tools of MCP servers, as an agent's own: the pack says which there are, and which change things.

What such a tool would do is told to the customer by its name and its arguments, in our words: the
server cannot word what is agreed to.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

import msgspec

from teppan.core.chat import Json
from teppan.core.chat import Tool as Offered
from teppan.core.tool import Talk
from teppan.serve.agents.mcp import McpResult, McpTool
from teppan.serve.agents.mcp.link import McpFailed, McpTimeout
from teppan.serve.agents.signature import BadArguments, canonical
from teppan.serve.agents.tools import Ran, Tool
from teppan.serve.strategies.base import Case

_FAILED = "Nothing is known of what was asked; do not guess it."


class Servers(Protocol):
    async def tools(self) -> Sequence[McpTool]: ...

    async def call(
        self, name: str, arguments: dict[str, Json], seconds: float | None = None
    ) -> McpResult: ...


class Outside:
    """The MCP servers of a pack. `references` are the names that agents call their tools by."""

    def __init__(self, servers: Servers, references: Collection[str]) -> None:
        self.references = frozenset(references)
        self._servers = servers

    async def tools(self, wanted: Collection[str]) -> tuple[Tool, ...]:
        """Those of the wanted tools that are there now; a server that is away has none."""
        if not wanted:
            return ()
        there = await self._servers.tools()
        return tuple(OutsideTool(self._servers, each) for each in there if each.reference in wanted)


class OutsideTool:
    """One tool of a server."""

    stable = False
    keyed = False

    def __init__(self, servers: Servers, tool: McpTool) -> None:
        self.name = tool.name
        self.changes = tool.confirms
        self.seconds = tool.seconds
        self._tool = tool
        self._servers = servers

    def offered(self) -> Offered:
        return Offered(self.name, self._tool.description, self._tool.schema)

    def same(self, arguments: str) -> str:
        return canonical(_read(arguments))

    async def propose(self, arguments: str, talk: Talk) -> Ran:
        given = ", ".join(f"{name} {_short(value)}" for name, value in _read(arguments).items())
        return Ran("ok", f"{self._tool.reference}: {given or 'as it is'}")

    async def run(self, arguments: str, talk: Talk, case: Case) -> Ran:
        try:
            found = await self._servers.call(self.name, _read(arguments), self.seconds)
        except McpTimeout as error:
            return Ran("timed_out", f"{error}. {_FAILED}")
        except McpFailed as error:
            return Ran("failed", f"{error}. {_FAILED}")
        return Ran("refused" if found.is_error else "ok", found.text)


def _read(arguments: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(arguments.strip() or "{}", type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadArguments(f"arguments: {error}") from None


def _short(value: Json) -> str:
    return value[:200] if isinstance(value, str) else canonical(value)[:200]
