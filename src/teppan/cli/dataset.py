"""`teppan dataset`: build training sets of what may train, and look at them."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from teppan.build import open_store
from teppan.build.datasets import open_dataset_desk
from teppan.cli.output import AsJson, ConfigFile, clean, console, print_json, print_table, quoted
from teppan.config.load import load
from teppan.config.pack import Pack, load_pack
from teppan.config.schema import Settings
from teppan.core.errors import BadRequest
from teppan.core.ids import LOCAL, Scope
from teppan.learn.datasets.building import NAME, Built, build_dataset
from teppan.learn.datasets.card import Card, markdown
from teppan.store.dataset_rows import OUT, Dataset
from teppan.store.store import Store

app = typer.Typer(help="Build training sets, and look at them.", no_args_is_help=True)

Tenant = Annotated[str, typer.Option(help="Whose examples.")]
Id = Annotated[str, typer.Argument(help="A dataset, in its newest version, or `support@3`.")]
Against = Annotated[
    list[Path] | None,
    typer.Option(help="A file of questions that models are judged by; may be given again."),
]
DAY = 86_400


@app.command()
def build(
    name: Annotated[str, typer.Option(help="Name; each build of it is a version.")] = NAME,
    days: Annotated[int, typer.Option(min=0, help="Days back to look; 0: all there is.")] = 0,
    against: Against = None,
    tenant: Tenant = LOCAL.tenant,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Build the next version: scrubbed, licensed, without leaks, duplicates, contradictions.

    A build that was broken off is gone on with; the same examples make no new version.
    """
    built = asyncio.run(_build(name, days, against or [], tenant, config, quiet=as_json))
    if as_json:
        print_json(built)
        return
    card = built.card
    what = "is new" if built.new else "is as it was: nothing has changed"
    console().print(quoted(f"{built.id} {what}; hash {built.hash[:16]}"))
    steps = [("signals that may train", f"{card.signals:,}")]
    steps += [(f"left out: {why}", f"-{many:,}") for why, many in card.left_out.items()]
    steps += [("rows", f"{card.rows:,}")]
    steps += [(f"  {split}", f"{each.rows:,}") for split, each in card.splits.items()]
    print_table("From signals to rows", ("step", ">count"), steps)
    for note in card.balance:
        console().print(quoted(f"note: {note}"))


async def _build(
    name: str, days: int, against: list[Path], tenant: str, config: str | None, *, quiet: bool
) -> Built:
    async with _opened(config) as (settings, pack, store):
        desk = open_dataset_desk(settings, pack, store, against)
        now = time.time()
        since = now - days * DAY if days else 0.0
        with _progress(quiet) as progress:
            task = progress.add_task("reading", total=None)

            def report(done: int, total: int, what: str) -> None:
                progress.update(task, completed=done, total=total or None, description=what)

            return await build_dataset(desk, _scope(tenant), since, now, report, name)


@app.command("list")
def list_datasets(
    tenant: Tenant = LOCAL.tenant, config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """List all versions, the newest first."""
    found = asyncio.run(_list(tenant, config))
    if as_json:
        print_json([_told(each) for each in found])
        return
    print_table(
        "Datasets",
        ("dataset", "state", ">rows", "built", "hash"),
        [
            (each.id, each.state, f"{each.rows:,}", _when(each.made), each.hash[:16])
            for each in found
        ],
    )


async def _list(tenant: str, config: str | None) -> list[Dataset]:
    async with _opened(config) as (_, _, store):
        return await store.datasets.list(_scope(tenant))


@app.command()
def show(
    dataset: Id,
    tenant: Tenant = LOCAL.tenant,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show a version: its rows, what was left out, what was erased, who was trained on it."""
    asyncio.run(_show(dataset, tenant, config, as_json))


async def _show(id: str, tenant: str, config: str | None, as_json: bool) -> None:
    async with _opened(config) as (_, _, store):
        of = await store.datasets.get(_scope(tenant), id)
        counts = await store.datasets.rows.counts(_scope(tenant), of)
        students = await store.datasets.students(_scope(tenant), of)
    rows = {split or f"left out: {why}": many for (split, why), many in sorted(counts.items())}
    if as_json:
        print_json(_told(of) | {"counts": rows, "students": students})
        return
    console().print(quoted(f"{of.id}: {of.state}, built {_when(of.made)}, hash {of.hash}"))
    if of.erased:
        told = f"rows erased since: {of.erased:,}; it was {of.first_hash}"
        console().print(quoted(told))
    print_table("Rows", ("where", ">rows"), [(name, f"{many:,}") for name, many in rows.items()])
    if students:
        print_table(
            "Students",
            ("student", "trained", "on", ">erased since"),
            [
                (each.student, _when(each.at), each.hash[:16], f"{each.erased:,}")
                for each in students
            ],
        )


@app.command()
def card(
    dataset: Id,
    tenant: Tenant = LOCAL.tenant,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print the card of a version: what it is made of, whose words, what was left out and why."""
    of = asyncio.run(_get(dataset, tenant, config))
    if of.state == "building":
        raise BadRequest(f"`{of.id}` is still being built; run `teppan dataset build` again")
    kept = msgspec.json.decode(of.card, type=Card)
    if as_json:
        print_json(kept)
    else:
        sys.stdout.write(clean(markdown(kept, id=of.id, erased=of.erased, now=of.hash)))


async def _get(id: str, tenant: str, config: str | None) -> Dataset:
    async with _opened(config) as (_, _, store):
        return await store.datasets.get(_scope(tenant), id)


@app.command("rows")
def list_rows(
    dataset: Id,
    out: Annotated[bool, typer.Option(help="Those that were left out, and why.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Rows at most.")] = 20,
    tenant: Tenant = LOCAL.tenant,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List rows by the traces they come from, with the split of each or the reason it is out."""
    asyncio.run(_rows(dataset, out, limit, tenant, config, as_json))


async def _rows(
    id: str, out: bool, limit: int, tenant: str, config: str | None, as_json: bool
) -> None:
    async with _opened(config) as (_, _, store):
        of = await store.datasets.get(_scope(tenant), id)
        split = OUT if out else None
        page = await store.datasets.rows.list(_scope(tenant), of, split=split, limit=limit)
    if as_json:
        print_json(
            [{"id": r.id, "trace": r.trace_id, "split": r.split, "why": r.why} for r in page]
        )
        return
    rows = [(each.id, each.trace_id, each.split or f"left out: {each.why}") for each in page]
    print_table(of.id, ("row", "trace", "where"), rows)


@app.command()
def delete(
    dataset: Id,
    tenant: Tenant = LOCAL.tenant,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Delete a version. Who was trained on it stays known, without its words."""
    if "@" not in dataset:
        raise BadRequest(f"name the version to delete, as in `{dataset}@1`")
    of, held = asyncio.run(_delete(dataset, tenant, config))
    if as_json:
        print_json({"id": of.id, "rows": held})
        return
    console().print(quoted(f"deleted {of.id} with {held:,} rows"))


async def _delete(id: str, tenant: str, config: str | None) -> tuple[Dataset, int]:
    async with _opened(config) as (_, _, store):
        of = await store.datasets.get(_scope(tenant), id)
        return of, await store.datasets.delete(_scope(tenant), of)


@asynccontextmanager
async def _opened(config: str | None) -> AsyncIterator[tuple[Settings, Pack | None, Store]]:
    settings = load(Path(config) if config else None)
    pack = load_pack(Path(settings.gateway.pack)) if settings.gateway.pack else None
    store = await open_store(settings)
    try:
        yield settings, pack, store
    finally:
        await store.close()


def _progress(quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console(),
        transient=True,
        disable=quiet,
    )


def _scope(tenant: str) -> Scope:
    return Scope(tenant=tenant, key_id=LOCAL.key_id, role="admin")


def _told(of: Dataset) -> dict[str, object]:
    return {
        "id": of.id,
        "state": of.state,
        "rows": of.rows,
        "erased": of.erased,
        "hash": of.hash,
        "first_hash": of.first_hash,
        "made": of.made,
    }


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
