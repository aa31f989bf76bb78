"""`teppan learning-stats`: what there is to learn from."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from teppan.build import open_store
from teppan.build.learning import gathered, open_gatherer
from teppan.build.vendors import open_catalogue
from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table
from teppan.config.load import load
from teppan.config.pack import load_pack
from teppan.config.schema import Settings
from teppan.core.ids import LOCAL
from teppan.learn.gathering import Gathered
from teppan.learn.signals import terms_by
from teppan.store.signals import Totals
from teppan.store.stages import Reached

DAY = 86_400


def learning_stats(
    days: Annotated[int, typer.Option(min=1, help="How many days back to look.")] = 30,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Score the traces, with what was said and came of them, and print what may be learned."""
    settings = load(Path(config) if config else None)
    made, totals, reached, unread = asyncio.run(_looked(days, settings))
    enough = settings.learn.jobs.enough
    ready = totals.trains >= enough
    if as_json:
        told = {"looked_at": made, "totals": totals, "stages": reached, "ready": ready}
        print_json({**told, "terms_unread": unread})
        return
    console().print(
        f"looked at {made.traces:,} traces: {made.kept:,} make an example, {made.new:,} new"
    )
    _print_totals(totals)
    _print_stages(totals, reached)
    _print_unread(unread, settings)
    left = enough - totals.trains
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
        ("traces kept", reached.answers, "of jobs too"),
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


def _print_unread(unread: Mapping[str, int], settings: Settings) -> None:
    """Vendors whose examples wait for somebody to read what they allow."""
    if not unread:
        return
    pages = {each.name: each.terms for each in open_catalogue(settings).vendors({})}
    rows = [(vendor, f"{many:,}", pages.get(vendor, "")) for vendor, many in unread.items()]
    print_table("Terms nobody has read yet", ("vendor", ">examples wait", "page"), rows)
    console().print(
        "read what they allow, and write it down: [learn.terms] VENDOR = free, own or restricted",
        markup=False,
    )


async def _looked(
    days: int, settings: Settings
) -> tuple[Gathered, Totals, Reached, dict[str, int]]:
    pack = load_pack(Path(settings.gateway.pack)) if settings.gateway.pack else None
    store = await open_store(settings)
    try:
        gatherer = open_gatherer(settings, pack, store)
        made = await gathered(gatherer, store, LOCAL, time.time() - days * DAY)
        totals, reached = await store.signals.totals(LOCAL), await store.stages.reached(LOCAL)
        return made, totals, reached, _unread(await store.signals.waiting(LOCAL), settings)
    finally:
        await store.close()


def _unread(waiting: Mapping[str, int], settings: Settings) -> dict[str, int]:
    """By vendor the examples whose model nobody has said the terms of."""
    terms_of = terms_by(settings.learn.terms)
    found: Counter[str] = Counter()
    for model, many in waiting.items():
        if terms_of(model) == "unknown":
            found[model.partition("/")[0]] += many
    return dict(found.most_common())
