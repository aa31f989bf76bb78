"""`teppan models`: every name a client may call."""

from __future__ import annotations

import asyncio
from pathlib import Path

from teppan.build import open_house
from teppan.cli.output import AsJson, ConfigFile, print_json, print_table
from teppan.config.load import load


def models(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List the models found and the virtual ones, with prices per million tokens."""
    asyncio.run(_models(config, as_json))


async def _models(config: str | None, as_json: bool) -> None:
    async with open_house(load(Path(config) if config else None)) as house:
        rows = house.names()
    if as_json:
        print_json(rows)
        return
    print_table(
        "Models",
        ("name", "kind", ">in $/M", ">out $/M", "about"),
        [(row.name, row.kind, row.input, row.output, row.about) for row in rows],
    )
