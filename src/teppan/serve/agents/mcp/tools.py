"""The tools of a pack's MCP servers, as its agents have them.

What a server says, descriptions and results alike, is data: it cannot make itself a tool that the
pack does not list, nor say of one that it only reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import jsonschema_rs
import msgspec
import structlog
from msgspec import Struct

from teppan.config.mcp import McpServer
from teppan.core.chat import Json
from teppan.core.clock import Clock, SystemClock
from teppan.providers.http import Outbound, PooledOutbound
from teppan.serve.agents.mcp.connection import Connection
from teppan.serve.agents.mcp.http import HttpLink
from teppan.serve.agents.mcp.link import Link, McpFailed, McpRefused
from teppan.serve.agents.mcp.naming import wire_names
from teppan.serve.agents.mcp.results import text_of
from teppan.serve.agents.mcp.session import Session
from teppan.serve.agents.mcp.stdio import StdioLink

log = structlog.get_logger(__name__)

LONGEST = 16_000
"""Characters of a result that a model is given."""
DESCRIPTION, SCHEMA = 2_000, 32_000
"""Letters of a description that are told, and bytes of a schema that is taken."""
AGAIN = 1.0
"""Seconds that a list of tools waits for a server that failed before: a customer waits too."""
SHORTEST = 0.01
"""Seconds that a call has left at least, once its server is there."""
REFUSAL = 500
"""Letters of a server's error."""

_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)
_NOTHING: Mapping[str, Json] = {"type": "object", "properties": {}}


class McpTool(Struct, frozen=True, kw_only=True):
    """One tool. `name` is for the wire (`crm_find`), `reference` for an agent's file (`crm.find`).

    `schema` is the JSON Schema of its arguments, `confirms` that it changes something, `seconds`
    how long a call may take.
    """

    name: str
    reference: str
    description: str
    schema: Mapping[str, Json]
    confirms: bool
    seconds: float


class McpResult(Struct, frozen=True):
    """What a tool gave back; `is_error` when it says itself that it failed."""

    text: str
    is_error: bool = False


class _Known(Struct, frozen=True):
    """A tool the pack allows, and where it is."""

    server: str
    tool: str
    reference: str
    name: str


class McpTools:
    """All MCP servers of one pack. Nothing is started before it is first needed.

    `environment` is the gateway's own, of which a server sees what the pack names.
    """

    def __init__(
        self,
        servers: Mapping[str, McpServer],
        folder: Path,
        environment: Mapping[str, str],
        *,
        clock: Clock | None = None,
    ) -> None:
        self._servers = dict(servers)
        self._folder = folder
        self._environment = environment
        self._outbound: Outbound | None = None
        self._clock = clock or SystemClock()
        self._known = _known(servers)
        self._made: dict[str, tuple[Session, dict[str, McpTool]]] = {}
        self._validators: dict[str, jsonschema_rs.Validator] = {}
        self._connections = {
            name: Connection(name, each.seconds, partial(self._start, name), self._clock)
            for name, each in servers.items()
        }

    async def tools(self) -> list[McpTool]:
        """The tools that are there, in the pack's order. Those of a server that cannot be reached
        are missing; it is tried again when it has rested."""
        found = await asyncio.gather(*(self._of(name) for name in self._servers))
        return [tool for each in found for tool in each.values()]

    async def call(
        self, name: str, arguments: dict[str, Json], seconds: float | None = None
    ) -> McpResult:
        """Calls a tool by either of its names. Raises `McpFailed` (`McpTimeout`) when its server
        is gone or silent; that the tool itself failed is a result."""
        known = self._known.get(name)
        if known is None:
            raise McpFailed(f"there is no tool `{name[:100]}` here")
        began, limit = self._clock.monotonic(), self._servers[known.server].seconds
        limit = limit if seconds is None else min(seconds, limit)
        connection = self._connections[known.server]
        offered = self._offered(known.server, await connection.session(limit))
        if known.name not in offered:
            raise McpFailed(f"the server `{known.server}` has no tool `{known.tool}` to offer")
        wrong = self._unfit(known, arguments)
        if wrong:
            return McpResult(f"the arguments are not usable: {wrong}", is_error=True)
        left = max(limit - (self._clock.monotonic() - began), SHORTEST)
        try:
            result = await connection.call(known.tool, arguments, left)
        except McpRefused as refused:
            return McpResult(str(refused)[:REFUSAL], is_error=True)
        said = text_of(result, LONGEST)
        return McpResult(said, is_error=result.get("isError") is True)

    async def close(self) -> None:
        """Ends every server that was started."""
        await asyncio.gather(*(each.close() for each in self._connections.values()))
        if self._outbound is not None:
            await self._outbound.close()

    async def _start(self, name: str) -> Link:
        server = self._servers[name]
        if server.url:
            if self._outbound is None:
                self._outbound = PooledOutbound()  # never by a proxy: it is this machine
            return HttpLink(name, server.url, self._outbound)
        missing = [each for each in server.env if each not in self._environment]
        if missing:
            log.warning("mcp.environment", server=name, missing=missing)
        seen = {each: self._environment[each] for each in server.env if each not in missing}
        return await StdioLink.start(name, server.command, self._folder, seen)

    async def _of(self, name: str) -> dict[str, McpTool]:
        connection, seconds = self._connections[name], self._servers[name].seconds
        try:
            session = await connection.session(
                min(seconds, AGAIN) if connection.failing else seconds
            )
        except McpFailed as failed:
            log.warning("mcp.unavailable", server=name, why=str(failed))
            return {}
        return self._offered(name, session)

    def _offered(self, server: str, session: Session) -> dict[str, McpTool]:
        """The tools of one server: those that the pack allows and the server has."""
        made = self._made.get(server)
        if made is None or made[0] is not session:
            made = self._made[server] = (session, self._checked(server, session))
        return made[1]

    def _checked(self, server: str, session: Session) -> dict[str, McpTool]:
        offered: dict[str, McpTool] = {}
        for known in {each.name: each for each in self._known.values()}.values():
            if known.server != server:
                continue
            told = session.tools.get(known.tool)
            if told is None:
                log.warning("mcp.no_such_tool", tool=known.reference)
                continue
            schema = told.get("inputSchema") or _NOTHING
            validator = _validator(schema)
            if validator is None:
                log.warning("mcp.tool_left_out", tool=known.reference, why="its schema is no good")
                continue
            self._validators[known.name] = validator
            offered[known.name] = McpTool(
                name=known.name,
                reference=known.reference,
                description=_described(told),
                schema=schema,
                confirms=known.tool in self._servers[server].confirm,
                seconds=self._servers[server].seconds,
            )
        return offered

    def _unfit(self, known: _Known, arguments: dict[str, Json]) -> str:
        """What is wrong with arguments, as far as the tool's schema is known."""
        validator = self._validators.get(known.name)
        if validator is None:
            return ""
        wrong = next(iter(validator.iter_errors(arguments)), None)
        if wrong is None:
            return ""
        at = ".".join(str(each) for each in wrong.instance_path)
        return f"{at}: {wrong.message}"[:REFUSAL] if at else wrong.message[:REFUSAL]


def _known(servers: Mapping[str, McpServer]) -> dict[str, _Known]:
    """Every tool under both of its names."""
    found: dict[str, _Known] = {}
    for reference, name in wire_names(servers).items():
        server, _, tool = reference.partition(".")
        found[reference] = found[name] = _Known(server, tool, reference, name)
    return found


def _validator(schema: Json) -> jsonschema_rs.Validator | None:
    """Checks arguments, without ever fetching what a schema points at."""
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        return None
    if len(msgspec.json.encode(schema)) > SCHEMA:
        return None
    try:
        return jsonschema_rs.validator_for(schema, offline=True, pattern_options=_PATTERNS)
    except (ValueError, RecursionError, jsonschema_rs.ReferencingError):
        return None


def _described(told: Mapping[str, Json]) -> str:
    words: Sequence[Json] = (told.get("description"), told.get("title"))
    return next((each[:DESCRIPTION] for each in words if isinstance(each, str) and each), "")
