"""`teppan jobs`: what is done by itself, how far it is, and what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any

import typer
from msgspec import structs
from rich.live import Live

from teppan.build import open_store
from teppan.build.jobs import ABOUT, file_now
from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table, quoted, table
from teppan.config.load import load
from teppan.config.schema import Settings
from teppan.core.errors import BadRequest, NotFound, Taken
from teppan.core.ids import LOCAL, Scope
from teppan.core.money import dollars
from teppan.learn.loop import NOTHING, told
from teppan.store.job_workers import Worker
from teppan.store.jobs import STATUSES, Job, Status
from teppan.store.store import Store

app = typer.Typer(help="Show what is done by itself; begin, cancel and try it again.")

Id = Annotated[str, typer.Argument(help="Name of the job (`night/local/2026-11-28`).")]
COLUMNS = ("job", "status", "stage", ">done", "what", ">cost", ">tries", "began", ">took")
EVERY = 1.0
"""Seconds between two looks of `--watch`."""


@asynccontextmanager
async def _opened(config: str | None) -> AsyncIterator[tuple[Store, Settings]]:
    settings = load(Path(config) if config else None)
    store = await open_store(settings)
    try:
        yield store, settings
    finally:
        await store.close()


@app.command("list")
def list_(
    status: Annotated[str, typer.Option(help=f"{', '.join(STATUSES)}, or all.")] = "all",
    kind: Annotated[str | None, typer.Option(help=f"{', '.join(ABOUT)}.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many, newest first.")] = 20,
    watch: Annotated[bool, typer.Option(help="Go on looking until Ctrl-C.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print jobs of all tenants, the newest first, and who does them."""
    try:
        asyncio.run(_list(_status(status), kind, limit, watch, config, as_json))
    except KeyboardInterrupt:
        raise typer.Exit from None


async def _list(
    status: Status | None,
    kind: str | None,
    limit: int,
    watch: bool,
    config: str | None,
    as_json: bool,
) -> None:
    async with _opened(config) as (store, settings):

        async def look() -> tuple[Sequence[Job], Sequence[Worker]]:
            found = await store.jobs.list(
                LOCAL, kind=kind, status=status, limit=limit, everyone=True
            )
            return found, await store.job_workers.list(settings.learn.jobs.lease)

        found, workers = await look()
        if as_json:
            print_json(
                {
                    "jobs": [structs.asdict(each) for each in found],
                    "workers": [structs.asdict(each) for each in workers],
                }
            )
            return
        if watch:
            with Live(console=console(), auto_refresh=False) as live:
                while True:
                    live.update(table(_title(workers), COLUMNS, map(_cells, found)), refresh=True)
                    await asyncio.sleep(EVERY)
                    found, workers = await look()
    if found:
        print_table(_title(workers), COLUMNS, map(_cells, found))
    else:
        console().print("There are no such jobs yet.")
        console().print(quoted(_title(workers)))


def _title(workers: Sequence[Worker]) -> str:
    if not workers:
        return "Jobs; nobody does them now: start `teppan serve` or `teppan worker`"
    told = ", ".join(f"teppan {each.inside} ({each.host}, {each.pid})" for each in workers)
    return f"Jobs; done by {told}"


def _cells(job: Job) -> tuple[str, ...]:
    of = f"{job.done:,} of {job.total:,}" if job.total else (f"{job.done:,}" if job.done else "")
    running = job.status == "running"
    return (
        job.id,
        job.status if not job.stop else f"{job.status}, to be cancelled",
        job.stage if running or job.status in ("failed", "cancelled") else "",
        of if running else "",
        _what(job),
        dollars(job.cost) if job.cost else "",
        str(job.attempt),
        "" if job.started is None else _when(job.started),
        "" if job.started is None else _took((job.ended or time.time()) - job.started),
    )


BRIEF = 100
"""Letters that a list tells of a job; `show` tells all."""


def _what(job: Job) -> str:
    """The line that says most: an error, how far it is, or what came of it."""
    if job.status == "waiting" and job.error:
        return f"again at {_when(job.due)}: {job.error}"
    if job.error:
        return job.error
    if job.status == "running":
        return job.told
    done = [text for each in job.results.values() if (text := _result(each)) != NOTHING]
    return shorten("; ".join(done) or NOTHING, BRIEF, placeholder=" ...")


def _result(result: Any) -> str:
    counts = result.get("counts")
    return told(counts) if isinstance(counts, dict) else ("" if counts is None else str(counts))


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def _took(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}:{rest:02d}"


def _status(given: str) -> Status | None:
    if given == "all":
        return None
    for known in STATUSES:
        if given == known:
            return known
    raise BadRequest(f"`--status` is one of {', '.join(STATUSES)}, all")


@app.command()
def show(id: Id, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Print one: how far it is, and what each of its stages found."""
    asyncio.run(_show(id, config, as_json))


async def _show(id: str, config: str | None, as_json: bool) -> None:
    async with _opened(config) as (store, _):
        job = await _found(store, id)
    if as_json:
        print_json(structs.asdict(job))
        return
    rows = [
        ("status", job.status),
        ("about", ABOUT.get(job.kind, "")),
        ("tenant", job.tenant or "all"),
        ("looks at", f"{_when(job.since)} to {_when(job.until)}"),
        ("tries", str(job.attempt)),
        ("cost", dollars(job.cost)),
    ]
    if job.status == "running":
        rows.append(("now", f"{job.stage}: {job.done:,} of {job.total:,} {job.told}"))
        rows.append(("worker", job.worker))
    if job.error:
        rows.append(("error", job.error))
    for name, result in job.results.items():
        took = f"{result.get('seconds', 0):.1f} s, {dollars(result.get('cost'))}"
        rows.append((name, f"{_result(result) or 'nothing'} ({took})"))
    print_table(f"Job {job.id}", ("what", "told"), rows)


async def _found(store: Store, id: str) -> Job:
    found = await store.jobs.get(LOCAL, id, everyone=True)
    if found is None:
        raise NotFound(f"there is no job `{id}`; `teppan jobs list` shows them")
    return found


@app.command()
def cancel(id: Id, config: ConfigFile = None) -> None:
    """End a job that waits or runs; what it has done stays done."""
    asyncio.run(_cancel(id, config))


async def _cancel(id: str, config: str | None) -> None:
    async with _opened(config) as (store, _):
        job = await _found(store, id)
        now = await store.jobs.cancel(job)
    if now is None:
        raise Taken(f"the job `{id}` has ended already: it is {job.status}")
    console().print(
        quoted(f"Job {id} is cancelled." if now == "cancelled" else f"Job {id} is told to end.")
    )


@app.command()
def retry(id: Id, config: ConfigFile = None) -> None:
    """Let a job that failed or was cancelled go on where it stopped."""
    asyncio.run(_retry(id, config))


async def _retry(id: str, config: str | None) -> None:
    async with _opened(config) as (store, settings):
        job = await _found(store, id)
        if not await store.jobs.retry(job):
            raise Taken(
                f"the job `{id}` is {job.status}: only one that failed or was cancelled goes on; "
                f"`teppan jobs run {job.kind}` begins a new one"
            )
        await _tell(store, settings, f"Job {id} waits for a worker.")


@app.command()
def run(
    kind: Annotated[str, typer.Argument(help=f"{', '.join(ABOUT)}.")],
    tenant: Annotated[str, typer.Option(help="Whose traffic.")] = LOCAL.tenant,
    days: Annotated[
        float | None, typer.Option(min=0, help="Days to look back; else since the last one.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Begin a job now, whatever the time; a worker takes it within seconds."""
    asyncio.run(_run(kind, tenant, days, config))


async def _run(kind: str, tenant: str, days: float | None, config: str | None) -> None:
    async with _opened(config) as (store, settings):
        scope = Scope(tenant=tenant, key_id=LOCAL.key_id, role="admin")
        job = await file_now(store, kind, scope, time.time(), days)
        await _tell(store, settings, f"Job {job.id} waits for a worker.")


async def _tell(store: Store, settings: Settings, words: str) -> None:
    out = console()
    out.print(quoted(words))
    if not await store.job_workers.list(settings.learn.jobs.lease):
        out.print("Nobody does jobs now: start `teppan serve`, or `teppan worker --once`.")
