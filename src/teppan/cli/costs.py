"""`teppan costs`: what was spent, from the ledger."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from teppan.build import open_store
from teppan.cli.output import AsJson, ConfigFile, print_json, print_table
from teppan.config.load import load
from teppan.core.ids import LOCAL
from teppan.core.money import dollars

By = Literal["model", "day", "key", "tenant"]


def costs(
    by: Annotated[By, typer.Option(help="What to sum by.")] = "model",
    days: Annotated[int, typer.Option(min=1, help="How many days back.")] = 30,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print calls, tokens and cost; calls with an unknown price are counted, never called free."""
    asyncio.run(_costs(by, days, config, as_json))


async def _costs(by: By, days: int, config: str | None, as_json: bool) -> None:
    since = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    store = await open_store(load(Path(config) if config else None))
    try:
        rows = await store.costs.summary(LOCAL, by=by, since=since)
    finally:
        await store.close()
    if as_json:
        print_json(rows)
        return
    print_table(
        f"Costs of the last {days} days",
        (by, ">calls", ">tokens in", ">tokens out", ">cost", ">price unknown"),
        [
            (
                row.name,
                f"{row.calls:,}",
                f"{row.input:,}",
                f"{row.output:,}",
                dollars(row.cost),
                f"{row.unknown:,}" if row.unknown else "",
            )
            for row in rows
        ],
    )
