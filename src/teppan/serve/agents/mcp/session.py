"""One conversation with a server: which revision it speaks, what its tools are, a call of one.

server/discover ── a result ─────────── the newer revision, no handshake
      └─ any other error, or silence ── initialize, and the older revision it names
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from teppan.core.chat import Json
from teppan.serve.agents.mcp.link import Link, McpFailed, McpRefused, McpTimeout
from teppan.serve.agents.mcp.mirror import Mirror, bad_mirror
from teppan.serve.agents.mcp.protocol import (
    LEGACY,
    MODERN,
    ONLY_MODERN,
    UNSUPPORTED_VERSION,
    WHO,
    modern,
)

log = structlog.get_logger(__name__)

UNDERSTOOD = (*LEGACY, "2025-03-26", "2024-11-05")
"""Older revisions whose tools are called in the same way."""
PAGES = 20
"""Pages of a list of tools that are read."""
PROBING = 1 / 3
"""The part of the time for connecting that a server has to say that it speaks the newer one."""


class Session:
    """Speaks `version` over `link`. Tools are the server's own descriptions, not yet checked."""

    def __init__(self, link: Link, name: str, version: str) -> None:
        self.link = link
        self.version = version
        self.tools: dict[str, dict[str, Json]] = {}
        self._name = name
        self._mirrors: dict[str, Mirror] = {}

    @classmethod
    async def open(cls, link: Link, name: str, seconds: float) -> Session:
        """A session whose tools are known. Raises `McpFailed`."""
        try:
            async with asyncio.timeout(seconds):
                session = await _agreed(link, name, seconds)
                await session._list(seconds)
        except TimeoutError:
            raise McpTimeout(f"the server `{name}` took too long to begin") from None
        return session

    async def call(
        self, tool: str, arguments: Mapping[str, Json], seconds: float
    ) -> dict[str, Json]:
        """The result of a tool as the server gave it. Raises `McpFailed`."""
        mirror = self._mirrors.get(tool)
        return await self._ask(
            "tools/call",
            {"name": tool, "arguments": arguments},
            seconds,
            mirror.headers(arguments) if mirror else None,
        )

    async def _ask(
        self,
        method: str,
        params: Mapping[str, Json],
        seconds: float,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Json]:
        told = modern(params) if self.version == MODERN else params
        result = await self.link.request(
            method, told, version=self.version, seconds=seconds, headers=headers
        )
        kind = result.get("resultType", "complete")
        if kind == "input_required":
            raise McpFailed(f"the server `{self._name}` asks for more than a tool call can give")
        if kind != "complete":
            raise McpFailed(f"the server `{self._name}` answered in a way that is not known here")
        return result

    async def _list(self, seconds: float) -> None:
        cursor: Json = None
        for _ in range(PAGES):
            told = await self._ask("tools/list", {"cursor": cursor} if cursor else {}, seconds)
            listed = told.get("tools")
            for tool in listed if isinstance(listed, list) else ():
                self._note(tool)
            cursor = told.get("nextCursor")
            if not isinstance(cursor, str) or not cursor:
                return
        log.warning("mcp.too_many_pages", server=self._name, pages=PAGES)

    def _note(self, tool: Json) -> None:
        if not isinstance(tool, dict) or not isinstance(tool.get("name"), str):
            return
        name, schema = tool["name"], tool.get("inputSchema")
        wrong = bad_mirror(schema)
        if wrong:
            log.warning("mcp.tool_left_out", server=self._name, tool=name[:128], why=wrong)
            return
        self.tools[name] = tool
        if self.version == MODERN and isinstance(schema, dict):
            self._mirrors[name] = Mirror(schema)


async def _agreed(link: Link, name: str, seconds: float) -> Session:
    """A session in a revision that both speak."""
    offered: Json = None
    try:
        found = await link.request(
            "server/discover", modern({}), version=MODERN, seconds=seconds * PROBING
        )
        offered = found.get("supportedVersions")
    except McpTimeout:  # it may be one that keeps silent before it was greeted
        offered = None
    except McpRefused as refused:
        if refused.code == UNSUPPORTED_VERSION and isinstance(refused.data, dict):
            offered = refused.data.get("supported")
        elif refused.code in ONLY_MODERN:
            raise McpFailed(f"the server `{name}` refuses how this client begins") from None
    if isinstance(offered, list):
        if MODERN in offered:
            return Session(link, name, MODERN)
        if not any(each in offered for each in UNDERSTOOD):
            raise McpFailed(f"the server `{name}` speaks no revision that is known here")
    return await _greeted(link, name, seconds)


async def _greeted(link: Link, name: str, seconds: float) -> Session:
    """A session in an older revision, which begins with a handshake."""
    hello = {"protocolVersion": LEGACY[0], "capabilities": {}, "clientInfo": WHO}
    found = await link.request("initialize", hello, version="", seconds=seconds)
    version = found.get("protocolVersion")
    if version not in UNDERSTOOD:
        raise McpFailed(f"the server `{name}` speaks no revision that is known here")
    await link.notify("notifications/initialized", version=version)
    return Session(link, name, version)
