"""`teppan review` and its verbs; with `--json` everything works without a person at a terminal."""

from __future__ import annotations

import asyncio
import getpass
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import to_builtins
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from teppan.build import open_house, open_store
from teppan.build.review import Reviewing, open_review_desk, open_reviewing
from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table, quoted, words
from teppan.cli.review.flow import Flow, at_the_terminal
from teppan.cli.review.showing import shown
from teppan.config.load import load
from teppan.config.pack import Pack, load_pack
from teppan.config.schema import Settings
from teppan.core.errors import BadRequest
from teppan.core.ids import LOCAL, Scope
from teppan.core.money import dollars
from teppan.learn.asking import Ask
from teppan.learn.review.filling import Filled, Report, fill
from teppan.store.review_rows import ACTIONS, STATUSES, Action, Decision, Item, Status
from teppan.store.store import Store

DAY = 86_400.0

app = typer.Typer(
    help="Look at the answers that are worth it most: approve, edit, reject, skip.",
    invoke_without_command=True,
)
Id = Annotated[str, typer.Argument(help="Id of the item (`rev_...`).")]
As = Annotated[str, typer.Option("--as", help="Who reviews; else the name of the machine's user.")]


@app.callback()
def review(context: typer.Context, who: As = "", config: ConfigFile = None) -> None:
    """Review at the keyboard: one key a decision, until nothing waits."""
    if context.invoked_subcommand is not None:
        return
    if not sys.stdin.isatty():
        raise BadRequest("`teppan review` needs a terminal; `teppan review decide` does not")
    out = console()
    with asyncio.Runner() as runner:
        settings, pack = _read(config)
        store = runner.run(_open(settings))
        try:
            desk = open_reviewing(settings, pack, store)
            Flow(runner, desk, reviewer(who), at_the_terminal(out), out).review()
        finally:
            runner.run(store.close())


@app.command("list")
def list_(
    status: Annotated[str, typer.Option(help=f"{', '.join(STATUSES)}, or all.")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print items of all tenants, the most valuable first."""
    asyncio.run(_list(_status(status), limit, config, as_json))


async def _list(status: Status | None, limit: int, config: str | None, as_json: bool) -> None:
    async with _desk(config) as desk:
        found = await desk.review.list(None, status=status, limit=limit)
    if as_json:
        print_json({"items": [_card(each) for each in found]})
        return
    if not found:
        console().print("Nothing is here; `teppan review fill` looks for what should be.")
        return
    columns = ("id", ">priority", ">covers", "status", "intent", "why", "question")
    print_table("Review", columns, [_cells(each) for each in found])


def _cells(each: Item) -> tuple[str, ...]:
    told = each.content
    status = f"{each.status} by {each.by}" if each.by else each.status
    priority = "chance" if each.lane == "random" else f"{each.priority:.2f}"
    question = " ".join(told.question.split())
    why = told.reason.partition("; ")[0]
    return each.id, priority, str(told.covers), status, each.intent, why, question[:80]


@app.command()
def show(id: Id, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Print one: why it is here, what was said, and who decided what."""
    asyncio.run(_show(id, config, as_json))


async def _show(id: str, config: str | None, as_json: bool) -> None:
    async with _desk(config) as desk:
        found = await desk.get(LOCAL, id)
        steps = await desk.review.steps(found.tenant, id)
    if as_json:
        print_json(_card(found) | {"steps": to_builtins(steps)})
        return
    out = console()
    out.print(shown(found, found.status, out.width))
    for each in steps:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.at))
        out.print(quoted(f"{when} {each.action} by {each.by} {each.reason}".rstrip()))


@app.command()
def decide(
    id: Id,
    approve: Annotated[bool, typer.Option("--approve", help="The answer is right.")] = False,
    edit: Annotated[str | None, typer.Option(help="The better text; `-` reads it.")] = None,
    reject: Annotated[bool, typer.Option("--reject", help="It must never be learned.")] = False,
    skip: Annotated[bool, typer.Option("--skip", help="Nothing is said of it.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take your decision back.")] = False,
    reason: Annotated[str, typer.Option(help="Why, for whoever looks at it next.")] = "",
    who: As = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Decide about one item without the keyboard; it is claimed first."""
    asked: dict[Action, bool] = {
        "approve": approve,
        "edit": edit is not None,
        "reject": reject,
        "skip": skip,
    }
    wanted = [each for each in ACTIONS if asked[each]]
    if len(wanted) + undo != 1:
        raise BadRequest("say one of --approve, --edit TEXT, --reject, --skip, --undo")
    text = words(edit) if edit is not None else ""
    decision = Decision(wanted[0], text, reason) if wanted else None
    asyncio.run(_decide(id, decision, reviewer(who), config, as_json))


async def _decide(
    id: str, decision: Decision | None, by: str, config: str | None, as_json: bool
) -> None:
    async with _desk(config) as desk:
        if decision is None:
            done = await desk.undo(LOCAL, by, id)
        else:
            before = await desk.get(LOCAL, id)
            if before.status in ("open", "claimed"):
                await desk.claim(LOCAL, id, by)
            done = await desk.decide(LOCAL, id, decision, by)
    if as_json:
        print_json(_card(done))
        return
    console().print(quoted(f"Item {id} is {done.status}."))


@app.command()
def stats(
    days: Annotated[int, typer.Option(min=1, help="How many days of answers.")] = 30,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print what waits and was decided, and how often answers are right, by those chance drew."""
    asyncio.run(_stats(days, config, as_json))


async def _stats(days: int, config: str | None, as_json: bool) -> None:
    async with _desk(config) as desk:
        told = await desk.stats(LOCAL, days)
    if as_json:
        print_json(told)
        return
    lanes = [("by priority", told["counts"]["ranked"]), ("by chance", told["counts"]["random"])]
    rows = [(name, *(f"{counts.get(each, 0):,}" for each in STATUSES)) for name, counts in lanes]
    print_table("Review", ("", *(f">{each}" for each in STATUSES)), rows)
    console().print(quoted(accuracy(told["answers"], days)))


def accuracy(told: dict[str, Any], days: int) -> str:
    """The estimate in words."""
    if told["accuracy"] is None:
        return f"none that chance drew in {days} days was judged yet: accuracy is not known"
    return (
        f"answers of the last {days} days are right in {told['accuracy']:.1%} of cases "
        f"(95 %: {told['low']:.1%} to {told['high']:.1%}), by {told['judged']} that chance drew; "
        f"{told['skipped']} more were skipped, {told['waiting']} wait"
    )


@app.command("fill")
def fill_(
    days: Annotated[float, typer.Option(min=0, help="How many days back to look at most.")] = 30.0,
    tenant: Annotated[str, typer.Option(help="Whose answers.")] = LOCAL.tenant,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Look at answers that nobody has looked at, and put the most valuable into the queue."""
    settings, pack = _read(config)
    scope = Scope(tenant, LOCAL.key_id)
    bars = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*bars, console=console(), transient=True, disable=as_json) as progress:
        task = progress.add_task("answers looked at", total=None)

        def report(done: int, total: int, what: str) -> None:
            progress.update(task, completed=done, total=total, description=what)

        filled = asyncio.run(_fill(settings, pack, scope, time.time() - days * DAY, report))
    if as_json:
        print_json(filled)
        return
    out = console()
    out.print(
        f"looked at {filled.traces:,} answers: {filled.added:,} are new in the queue, "
        f"{filled.drawn:,} of them by chance; {filled.gone:,} gave way"
    )
    if filled.suggested or filled.stopped:
        out.print(quoted(f"{filled.suggested} suggestions for {dollars(filled.paid)}"))
    if filled.stopped:
        out.print(quoted(f"no more were made: {filled.stopped}"))


async def _fill(
    settings: Settings, pack: Pack | None, scope: Scope, since: float, report: Report
) -> Filled:
    async def run(store: Store, ask: Ask | None) -> Filled:
        desk = open_review_desk(settings, pack, store, ask=ask)
        return await fill(desk, scope, since, time.time(), report)

    if settings.learn.review.critic:
        async with open_house(settings) as house:
            return await run(house.store, house.ask)
    store = await _open(settings)
    try:
        return await run(store, None)
    finally:
        await store.close()


def reviewer(who: str) -> str:
    """The name under which somebody at this machine decides."""
    return f"{LOCAL.key_id}/{who or getpass.getuser()}"


def _read(config: str | None) -> tuple[Settings, Pack | None]:
    settings = load(Path(config) if config else None)
    return settings, load_pack(Path(settings.gateway.pack)) if settings.gateway.pack else None


async def _open(settings: Settings) -> Store:
    return await open_store(settings)


@asynccontextmanager
async def _desk(config: str | None) -> AsyncIterator[Reviewing]:
    settings, pack = _read(config)
    store = await _open(settings)
    try:
        yield open_reviewing(settings, pack, store)
    finally:
        await store.close()


def _status(given: str) -> Status | None:
    if given == "all":
        return None
    for known in STATUSES:
        if given == known:
            return known
    raise BadRequest(f"`--status` is one of {', '.join(STATUSES)}, all")


def _card(item: Item) -> dict[str, Any]:
    told: dict[str, Any] = to_builtins(item)
    content: dict[str, Any] = told.pop("content")
    return told | content
