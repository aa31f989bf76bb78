"""`teppan advisor`: what to do next about cost and scale, with the figures behind it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer

from teppan.build import open_store
from teppan.build.reckoning import advice_of
from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table, quoted
from teppan.config.load import load
from teppan.core.money import dollars, micros
from teppan.cost.advisor import Advice, Rental

READS, WRITES = Rental(0).reads, Rental(0).writes


def advisor(
    reads: Annotated[
        float, typer.Option(min=1, help="Tokens a second that a rented GPU is assumed to read.")
    ] = READS,
    writes: Annotated[
        float, typer.Option(min=1, help="Tokens a second that it is assumed to write.")
    ] = WRITES,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Say which upgrades are due by the last 30 days, whether a GPU pays, and when not to train."""
    asyncio.run(_advisor(reads, writes, config, as_json))


async def _advisor(reads: float, writes: float, config: str | None, as_json: bool) -> None:
    settings = load(Path(config) if config else None)
    rental = Rental(micros(settings.costs.gpu_hour), reads, writes)
    store = await open_store(settings)
    try:
        advice = await advice_of(settings, store, rental, time.time())
    finally:
        await store.close()
    if as_json:
        print_json(
            {
                "notes": advice.notes,
                "triggers": advice.triggers,
                "gpu": advice.gpu,
                "train": advice.train,
                "against_training": advice.against_training,
            }
        )
    else:
        _print(advice)


def _print(advice: Advice) -> None:
    out = console()
    for note in advice.notes:
        out.print(quoted(f"Note: {note}."))
    print_table(
        "Upgrades",
        ("what", "due", "measured", "from", "then"),
        [
            (
                each.name,
                "yes" if each.holds else "no",
                each.measured,
                each.mark,
                each.advice if each.holds or each.name == "training" else "",
            )
            for each in advice.triggers
        ],
    )
    gpu = advice.gpu
    out.print(
        quoted(
            f"\nA GPU of one's own: {dollars(gpu.rent, 2)} a month against {dollars(gpu.api, 2)} "
            f"for vendors; {gpu.hours:.1f} hours of work a month. Assumed: {gpu.assumed}."
        )
    )
    if gpu.grow is not None and gpu.grow > 1:
        out.print(quoted(f"It would pay from {gpu.grow:,.1f} times today's traffic on."))
    if advice.train:
        out.print("[bold]Nothing speaks against training a student.[/]")
        return
    out.print("[bold]Do not train now:[/]")
    for reason in advice.against_training:
        out.print(quoted(f"  - {reason}"))
