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
from teppan.store.stages import Reached

DAY = 86_400
ENOUGH = 1_000
"""Examples that may train, from which a model of one's own is worth a try."""


def learning_stats(
    days: Annotated[int, typer.Option(min=1, help="How many days back to look.")] = 30,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Score the traces, with what was said and came of them, and print what may be learned."""
    made, totals, reached = asyncio.run(_looked(days, config))
    ready = totals.trains >= ENOUGH
    if as_json:
        print_json({"looked_at": made, "totals": totals, "stages": reached, "ready": ready})
        return
    console().print(
        f"looked at {made.traces:,} traces: {made.kept:,} make an example, {made.new:,} new"
    )
    _print_totals(totals)
    _print_stages(totals, reached)
    left = ENOUGH - totals.trains
    console().print(
        "ready: enough to try a model of your own"
        if ready
        else f"not ready: {left:,} more that may train before a model of your own is worth a try"
    )


def _print_totals(totals: Totals) -> None:
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
        told = [
            (name or "no intent", f"{many:,}", f"{many / totals.signals:.0%}")
            for name, many in sorted(totals.tasks.items(), key=lambda each: -each[1])
        ]
        print_table("By intent", ("intent", ">examples", ">share"), told)


def _print_stages(totals: Totals, reached: Reached) -> None:
    corrected = totals.sources.get("correction", 0)
    rows = [
        ("answers kept", reached.answers, ""),
        ("signals", reached.signals, f"{corrected:,} with a better text" if corrected else ""),
        ("reviewed", reached.reviewed, f"{reached.waiting:,} wait" if reached.waiting else ""),
        ("qualified: may train", reached.qualified, ""),
        ("in a dataset", reached.dataset, ""),
        ("taught to a model", reached.taught, f"{reached.students:,} models"),
    ]
    print_table("By stage", ("stage", ">answers", "beside"), [(a, f"{b:,}", c) for a, b, c in rows])
    if reached.lessons:
        told = [(name, f"{many:,}") for name, many in reached.lessons.items()]
        print_table("Lessons", ("status", ">lessons"), told)


async def _looked(days: int, config: str | None) -> tuple[Gathered, Totals, Reached]:
    settings = load(Path(config) if config else None)
    pack = load_pack(Path(settings.gateway.pack)) if settings.gateway.pack else None
    store = await open_store(settings)
    try:
        gatherer = open_gatherer(settings, pack, store)
        made = await gathered(gatherer, store, LOCAL, time.time() - days * DAY)
        return made, await store.signals.totals(LOCAL), await store.stages.reached(LOCAL)
    finally:
        await store.close()
