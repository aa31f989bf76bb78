"""`teppan cache`: what the cache gives back, how much of it is wrong, and how to empty it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from msgspec import structs

from teppan.build import open_store
from teppan.build.caching import clear_cache
from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table
from teppan.config.load import load
from teppan.config.schema import Settings
from teppan.core.clock import SystemClock
from teppan.core.ids import LOCAL, Scope
from teppan.core.money import dollars
from teppan.serve.cache.stats import CacheStats, read_stats
from teppan.store.store import Store

app = typer.Typer(help="Show what the cache does; empty it.", no_args_is_help=True)

Tenant = Annotated[str, typer.Option(help="Whose cache.")]


@asynccontextmanager
async def _opened(config: str | None) -> AsyncIterator[tuple[Settings, Store]]:
    settings = load(Path(config) if config else None)
    store = await open_store(settings)
    try:
        yield settings, store
    finally:
        await store.close()


@app.command()
def stats(
    tenant: Tenant = LOCAL.tenant,
    days: Annotated[int, typer.Option(min=1, help="How many days back.")] = 30,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print hits, what they saved, and the measured share of semantic hits that are wrong."""
    asyncio.run(_stats(tenant, days, config, as_json))


async def _stats(tenant: str, days: int, config: str | None, as_json: bool) -> None:
    async with _opened(config) as (_, store):
        found = await read_stats(store.cache, _scope(tenant), days, SystemClock.now())
    if as_json:
        rates = {"hit_rate": found.hit_rate, "false_hit_rate": found.false_hit_rate}
        print_json(structs.asdict(found) | rates)
        return
    print_table("Cache", ["what", ">figure"], _rows(found))


def _rows(found: CacheStats) -> list[tuple[str, str]]:
    asked = found.exact + found.semantic + found.misses
    rate = found.false_hit_rate
    wrong = "none checked yet"
    if rate is not None:
        wrong = f"{100 * rate:.1f} % ({100 * found.low:.1f} to {100 * found.high:.1f} %)"
    unpriced = f", and {found.unpriced} hits of unknown price" if found.unpriced else ""
    return [
        ("requests looked up", str(asked)),
        ("exact hits", str(found.exact)),
        ("hits by meaning", str(found.semantic)),
        ("share that were hits", f"{100 * found.hit_rate:.1f} %"),
        ("saved", dollars(found.saved) + unpriced),
        ("hits by meaning asked again", f"{found.checked}, {found.wrong} of them wrong"),
        ("so of hits by meaning are wrong", wrong),
        ("hits people called wrong", str(found.complaints)),
        ("misses learned from", str(found.explored)),
    ]


@app.command()
def clear(
    tenant: Tenant = LOCAL.tenant,
    config: ConfigFile = None,
) -> None:
    """Forget a tenant's answers, in the database and on Redis, and what was learned of them.

    Exact answers in the memory of a running gateway stay until their time is over.
    """
    asyncio.run(_clear(tenant, config))


async def _clear(tenant: str, config: str | None) -> None:
    async with _opened(config) as (settings, store):
        await clear_cache(settings, store, _scope(tenant), SystemClock())
    console().print("forgotten")


def _scope(tenant: str) -> Scope:
    return Scope(tenant=tenant, key_id=LOCAL.key_id, role="admin")
