"""A server made with the official SDK: what our client must get on with.

python sdk_server.py [--old]     over stdio; `--old` speaks as SDKs before 2026-07-28 do
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import anyio
from mcp.server.mcpserver import Image, MCPServer
from mcp.server.stdio import stdio_server
from pydantic import BaseModel, Field

OLD = '{"jsonrpc":"2.0","id":%s,"error":{"code":-32602,"message":"Invalid request parameters"}}\n'


class Guest(BaseModel):
    name: str
    visits: int


def build() -> MCPServer:
    server = MCPServer("crm")

    @server.tool()
    def find(name: str, most: Annotated[int, Field(ge=1)] = 3) -> str:
        """Finds guests by name."""
        return f"{most} guests are called {name}"

    @server.tool()
    def guest(name: str) -> Guest:
        """One guest."""
        return Guest(name=name, visits=2)

    @server.tool()
    def picture() -> Image:
        """A picture."""
        return Image(data=b"\x89PNG", format="png")

    @server.tool()
    def add(name: str) -> str:
        """Adds a guest."""
        raise ValueError(f"{name} is there already")

    @server.tool()
    def region(
        place: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})],
    ) -> str:
        """Where the guests live."""
        return f"all live in {place}"

    @server.tool()
    def around() -> dict[str, Any]:
        """What the server sees of the world."""
        return {"folder": str(Path.cwd()), "names": sorted(os.environ)}

    @server.tool()
    async def sleep() -> str:
        """Never ends."""
        await asyncio.sleep(3600)
        return "awake"

    return server


class OldLines:
    """Lines of stdin, but for the question that an old SDK does not know."""

    def __init__(self) -> None:
        self.out = os.dup(1)  # the SDK keeps its own for itself

    async def __aiter__(self) -> AsyncIterator[str]:
        async for line in anyio.wrap_file(sys.stdin):
            if '"server/discover"' in line:
                id = line.partition('"id":')[2].partition(",")[0]
                os.write(self.out, (OLD % id).encode())
            else:
                yield line


async def old(server: MCPServer) -> None:
    lowlevel = server._lowlevel_server
    async with stdio_server(stdin=OldLines()) as (read, write):  # type: ignore[arg-type]
        await lowlevel.run(read, write, lowlevel.create_initialization_options())


if __name__ == "__main__":
    if "--old" in sys.argv:
        asyncio.run(old(build()))
    else:
        build().run("stdio")
