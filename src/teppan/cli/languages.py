"""`teppan languages`: how well customers are answered in each language."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer

from teppan.build import open_store
from teppan.cli.output import AsJson, ConfigFile, print_json, print_table
from teppan.config.load import load
from teppan.core.ids import LOCAL
from teppan.core.money import dollars
from teppan.store.languages import LanguageRow

DAY = 86_400


def languages(
    days: Annotated[int, typer.Option(min=1, help="How many days back.")] = 30,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print for each language how many were answered, what the rules did, and how it was rated."""
    rows = asyncio.run(_rows(days, config))
    if as_json:
        print_json(rows)
        return
    print_table(
        f"Languages of the last {days} days",
        (
            "language",
            ">requests",
            ">answered",
            ">rewritten",
            ">replaced",
            ">people",
            ">rating",
            ">cost",
        ),
        [_cells(row) for row in rows],
    )


async def _rows(days: int, config: str | None) -> list[LanguageRow]:
    store = await open_store(load(Path(config) if config else None))
    try:
        return await store.languages.summary(LOCAL, since=time.time() - days * DAY)
    finally:
        await store.close()


def _cells(row: LanguageRow) -> tuple[str, ...]:
    rating = "" if row.rating is None else f"{row.rating:.2f} of {row.rated:,}"
    counts = (row.requests, row.answered, row.regenerated, row.replaced, row.escalated)
    cost = f"{dollars(row.cost)}{' and more' if row.unknown else ''}"
    return (row.language or "not told", *(f"{each:,}" for each in counts), rating, cost)
