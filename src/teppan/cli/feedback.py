"""`teppan feedback`: how people rate each model, the loud ones no louder; and what they said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct, structs

from teppan.build import open_store
from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table
from teppan.config.load import load
from teppan.core.ids import LOCAL, Scope
from teppan.estimate.ratings import Caps, Standing, ranking, votes_of
from teppan.store.feedback import COMMENT, RATING, Statement
from teppan.store.store import Store

app = typer.Typer(help="Show how people rate each model, and what they said.")

DAY = 86_400
Days = Annotated[int, typer.Option(min=1, help="How many days back.")]
Tenant = Annotated[str | None, typer.Option(help="Of this tenant alone; of all when left out.")]


class Summary(Struct, frozen=True):
    """`models` by place; `unplaced` ratings are of conversations with several models."""

    models: list[Standing]
    unplaced: int


@asynccontextmanager
async def _opened(config: str | None) -> AsyncIterator[Store]:
    store = await open_store(load(Path(config) if config else None))
    try:
        yield store
    finally:
        await store.close()


@app.callback(invoke_without_command=True)
def feedback(
    context: typer.Context,
    days: Days = 30,
    tenant: Tenant = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show how people rate each model, and what they said."""
    if context.invoked_subcommand is None:
        summary(days, tenant, config, as_json)


@app.command()
def summary(
    days: Days = 30, tenant: Tenant = None, config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Print each model's ratings: the plain mean, and the one that nobody can move alone."""
    found = asyncio.run(_summary(days, tenant, config))
    if as_json:
        print_json(found)
        return
    print_table(
        f"Ratings of the last {days} days",
        (
            ">place",
            "model",
            ">rated",
            ">sources",
            ">plain mean",
            ">robust mean",
            ">between",
            ">weighed less",
            ">not counted",
            "better for sure than",
        ),
        [_cells(each) for each in found.models],
    )
    caps = Caps()
    if any(each.value is None for each in found.models):
        console().print(
            f"A robust mean needs {caps.answers} rated answers and {caps.sources} sources: "
            "send the end user as `user`, else a key is one source."
        )
    places = [each.place for each in found.models if each.place is not None]
    if len(set(places)) < len(places):
        console().print(
            "Models that share a place are in no order: the ratings do not settle it, or would not "
            "if 5 % of what unvouched names say were false."
        )
    if found.unplaced:
        console().print(f"{found.unplaced:,} ratings are of conversations with several models.")


async def _summary(days: int, tenant: str | None, config: str | None) -> Summary:
    async with _opened(config) as store:
        said = await store.feedback.counting(
            _scope(tenant), RATING, since=time.time() - days * DAY, everyone=tenant is None
        )
    return Summary(ranking(votes_of(said)), sum(not each.model for each in said))


def _cells(each: Standing) -> tuple[str, ...]:
    return (
        "" if each.place is None else str(each.place),
        each.model,
        f"{each.rated:,}",
        f"{each.sources:,}",
        f"{each.mean:.3f}",
        "too few" if each.value is None else f"{each.value:.3f}",
        "" if each.value is None else f"{each.low:.3f} to {each.high:.3f}",
        f"{each.capped:,}",
        f"{each.ignored:,}",
        ", ".join(each.above),
    )


@app.command("list")
def list_(
    days: Days = 30,
    tenant: Tenant = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many, newest first.")] = 20,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print what people said, the newest first."""
    found = asyncio.run(_list(days, tenant, limit, config))
    if as_json:
        print_json({"feedback": [structs.asdict(each) for each in found]})
        return
    print_table(
        "Feedback",
        ("id", "when", "tenant", "source", "of", "said", "comment"),
        [_row(each) for each in found],
    )


async def _list(days: int, tenant: str | None, limit: int, config: str | None) -> list[Statement]:
    since, everyone = time.time() - days * DAY, tenant is None
    async with _opened(config) as store:
        found: list[Statement] = []
        for metric in (RATING, COMMENT):
            found += await store.feedback.counting(
                _scope(tenant), metric, since=since, everyone=everyone
            )
    return sorted(found, key=lambda each: (each.at, each.id), reverse=True)[:limit]


def _row(each: Statement) -> tuple[str, ...]:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.at))
    said = f"{each.raw:.0f} stars" if each.raw is not None else f"{each.value:.2f}"
    return (
        each.id,
        when,
        each.tenant,
        each.source,
        each.trace_id or f"episode {each.episode}",
        "" if each.metric == COMMENT else said,
        " ".join(each.comment.split())[:80],
    )


def _scope(tenant: str | None) -> Scope:
    return LOCAL if tenant is None else Scope(tenant, "local")
