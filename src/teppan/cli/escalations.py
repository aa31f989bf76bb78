"""`teppan escalations`: what people must look after; claim and close it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from msgspec import structs

from teppan.build import open_store
from teppan.cli.output import AsJson, ConfigFile, clean, console, print_json, print_table, quoted
from teppan.config.load import load
from teppan.core.errors import BadRequest, NotFound
from teppan.core.ids import LOCAL
from teppan.store.escalations import STATUSES, Escalation, Status
from teppan.store.store import Store

app = typer.Typer(help="Show what people must look after; claim and close it.")

Id = Annotated[str, typer.Argument(help="Id of the escalation (`esc_...`).")]
Note = Annotated[str, typer.Option(help="Words for whoever looks at it next.")]


@asynccontextmanager
async def _opened(config: str | None) -> AsyncIterator[Store]:
    store = await open_store(load(Path(config) if config else None))
    try:
        yield store
    finally:
        await store.close()


@app.command("list")
def list_(
    status: Annotated[str, typer.Option(help="open, claimed, closed, or all.")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many, newest first.")] = 20,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print escalations of all tenants, the newest first."""
    asyncio.run(_list(status, limit, config, as_json))


async def _list(status: str, limit: int, config: str | None, as_json: bool) -> None:
    wanted = _status(status)
    async with _opened(config) as store:
        found = await store.escalations.list(LOCAL, status=wanted, limit=limit, everyone=True)
    if as_json:
        print_json({"escalations": [structs.asdict(each) for each in found]})
        return
    if not found:
        console().print(quoted(f"Nothing is {'here' if status == 'all' else status}."))
        return
    print_table(
        "Escalations",
        ("id", "when", "tenant", "reason", "status", "question"),
        [_cells(each) for each in found],
    )


def _cells(each: Escalation) -> tuple[str, ...]:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.at))
    status = f"{each.status} by {each.by}" if each.by else each.status
    question = " ".join(each.question.split())
    return each.id, when, each.tenant, each.reason, status, question[:80]


def _status(given: str) -> Status | None:
    if given == "all":
        return None
    for known in STATUSES:
        if given == known:
            return known
    raise BadRequest(f"`--status` is one of {', '.join(STATUSES)}, all")


@app.command()
def show(id: Id, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Print one: why, what was said, and what was done about it."""
    asyncio.run(_show(id, config, as_json))


async def _show(id: str, config: str | None, as_json: bool) -> None:
    async with _opened(config) as store:
        found = await _found(store, id)
        steps = await store.escalations.steps(found.tenant, id)
    if as_json:
        told = structs.asdict(found)
        print_json(told | {"steps": [structs.asdict(each) for each in steps]})
        return
    rows = [
        ("reason", f"{found.reason} {found.detail}".strip()),
        ("status", f"{found.status} {found.by}".strip()),
        ("trace", found.trace_id),
        ("model", found.model),
        ("language", found.language),
        ("question", found.question),
        ("summary", found.summary),
    ]
    rows += [(f"{each.status} by {each.by}", clean(each.note)) for each in steps]
    print_table(f"Escalation {found.id}", ("what", "told"), rows)


async def _found(store: Store, id: str) -> Escalation:
    found = await store.escalations.get(LOCAL, id, everyone=True)
    if found is None:
        raise NotFound(f"there is no escalation `{id}`; `teppan escalations list` shows them")
    return found


@app.command()
def claim(id: Id, note: Note = "", config: ConfigFile = None) -> None:
    """Take it on, so that nobody else does."""
    asyncio.run(_move(id, "claimed", note, config))


@app.command()
def close(id: Id, note: Note = "", config: ConfigFile = None) -> None:
    """Say that it is done."""
    asyncio.run(_move(id, "closed", note, config))


@app.command()
def reopen(id: Id, note: Note = "", config: ConfigFile = None) -> None:
    """Open a claimed or closed one again."""
    asyncio.run(_move(id, "open", note, config))


async def _move(id: str, status: Status, note: str, config: str | None) -> None:
    async with _opened(config) as store:
        found = await _found(store, id)
        await store.escalations.move(found.tenant, id, status, LOCAL.key_id, note)
    console().print(quoted(f"Escalation {id} is {status}."))
