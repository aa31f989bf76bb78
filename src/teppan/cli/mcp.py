"""`teppan mcp`: the gateway as an MCP server of a program on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import uvloop

from teppan.build import open_house
from teppan.cli.output import ConfigFile
from teppan.config.load import load
from teppan.config.schema import Settings
from teppan.core.ids import LOCAL, new_id
from teppan.server.mcp.offering import open_desk
from teppan.server.mcp.stdio import serve_stdio


def mcp(
    pack: Annotated[str | None, typer.Option(help="Folder of a business pack.")] = None,
    config: ConfigFile = None,
) -> None:
    """Offer the knowledge and the agents over MCP, by stdin and stdout."""
    settings = load(Path(config) if config else None)
    if pack:
        gateway = settings.gateway.model_copy(update={"pack": pack})
        settings = settings.model_copy(update={"gateway": gateway})
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    async with open_house(settings) as house:
        desk = open_desk(house.gateway, house.offers.known, house.pack, house.offers.limits)
        await serve_stdio(desk, LOCAL, new_id)
