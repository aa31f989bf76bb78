"""`teppan learning-stats`: what there is to learn from."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer

from teppan.build import open_store
from teppan.build.learning import gathered, open_gatherer
from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table
from teppan.config.load import load
from teppan.config.pack import load_pack
from teppan.core.ids import LOCAL
from teppan.learn.gathering import Gathered
from teppan.store.signals import Totals

DAY = 86_400
ENOUGH = 1_000
"""Examples that may train, from which a model of one's own is worth a try."""


def learning_stats(
    days: Annotated[int, typer.Option(min=1, help="How many days back to look.")] = 30,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Score the traces, with what was said and came of them, and print what may be learned."""
    made, totals = asyncio.run(_looked(days, config))
    if as_json:
        print_json({"looked_at": made, "totals": totals, "ready": totals.trains >= ENOUGH})
        return
    out = console()
    out.print(f"looked at {made.traces:,} traces: {made.kept:,} make an example, {made.new:,} new")
    quality = "none" if totals.quality is None else f"{totals.quality:.2f}"
    print_table(
        "Examples",
        (">in all", ">may train", ">quality 0.9", ">with feedback", ">mean quality"),
        [
            (
                f"{totals.signals:,}",
                f"{totals.trains:,}",
                f"{totals.high:,}",
                f"{totals.heard:,}",
                quality,
            )
        ],
    )
    if totals.tasks:
        told = [(name or "no intent", f"{many:,}") for name, many in totals.tasks.items()]
        print_table("By intent", ("intent", ">examples"), told)
    left = ENOUGH - totals.trains
    out.print(
        "enough to try a model of your own"
        if left <= 0
        else f"{left:,} more that may train before a model of your own is worth a try"
    )


async def _looked(days: int, config: str | None) -> tuple[Gathered, Totals]:
    settings = load(Path(config) if config else None)
    pack = load_pack(Path(settings.gateway.pack)) if settings.gateway.pack else None
    store = await open_store(settings)
    try:
        gatherer = open_gatherer(settings, pack, store)
        made = await gathered(gatherer, store, LOCAL, time.time() - days * DAY)
        return made, await store.signals.totals(LOCAL)
    finally:
        await store.close()
