"""`teppan distill`: an ensemble answers a list of tasks; what it vouches for becomes examples."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from teppan.build.distil import Wish, open_distillery, open_records, traced
from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table, quoted
from teppan.config.load import load
from teppan.config.schema import Settings
from teppan.core.errors import BadRequest, NotFound
from teppan.core.ids import LOCAL
from teppan.core.money import Micros, dollars, micros
from teppan.learn.distil.desk import Desk, Job, Tally
from teppan.learn.distil.planning import Plan
from teppan.learn.distil.run import distil, plan
from teppan.learn.distil.tasks import Task, load_tasks
from teppan.store.distil import Result, Standing

INTERRUPTED = 130
"""What a program that Ctrl-C ended leaves with."""
SHOWN = 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_DOLLARS = re.compile(r"\d+(\.\d{1,6})?")

app = typer.Typer(rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def distill(
    context: typer.Context,
    tasks: Annotated[
        Path | None,
        typer.Option(help="Tasks, one a line: .jsonl, .csv (both with fields) or plain text."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Who answers, e.g. `support`.")] = None,
    budget: Annotated[
        str | None, typer.Option(help="Dollars for all starts of the run; else that of the config.")
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=256, help="Questions under way at once.")
    ] = None,
    numbers: Annotated[
        int, typer.Option(min=0, max=50, help="Variations of each task about other numbers.")
    ] = 0,
    expand: Annotated[
        int, typer.Option(min=0, max=50, help="Variations of each task that --expander writes.")
    ] = 0,
    expander: Annotated[str, typer.Option(help="The model that writes variations.")] = "",
    languages: Annotated[
        str, typer.Option(help="Languages that variations are also written in: `es,de`.")
    ] = "",
    from_traces: Annotated[
        int | None, typer.Option(min=1, help="Take the questions of so many days, scrubbed.")
    ] = None,
    temperature: Annotated[float | None, typer.Option(min=0.0, max=2.0)] = None,
    name: Annotated[
        str, typer.Option(help="The run; else one named by the list, the model and its prompts.")
    ] = "",
    allow_unknown_price: Annotated[
        bool, typer.Option(help="Also ask models whose price is unknown: the budget misses those.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Only say what it would ask and cost.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Ask an ensemble a list of tasks and keep the answers it vouches for, as examples to train on.

    The same command goes on where it was stopped or killed, and pays for nothing twice.
    """
    if context.invoked_subcommand is not None:
        return
    if not model or (tasks is None and from_traces is None):
        raise typer.BadParameter("give --model, and --tasks FILE or --from-traces DAYS")
    if expand and not expander:
        raise typer.BadParameter("--expand needs --expander MODEL; --numbers needs none")
    if name and not _NAME.fullmatch(name):
        raise typer.BadParameter("a name is of letters, digits and `_.-`")
    settings = load(Path(config) if config else None)
    listed = [*load_tasks(tasks)] if tasks is not None else []
    if from_traces is not None:
        listed += asyncio.run(_traced(settings, from_traces))
        if not listed:
            raise BadRequest(f"no conversation of the last {from_traces} days makes a task")
    wish = Wish(
        model=model,
        tasks=tuple(listed),
        listed=str(tasks) if tasks is not None else "traces",
        name=name,
        budget=_budget(budget),
        concurrency=concurrency,
        temperature=temperature,
        numbers=numbers,
        expand=expand,
        expander=expander,
        languages=tuple(each.strip() for each in languages.split(",") if each.strip()),
        allow_unknown=allow_unknown_price,
    )
    code = asyncio.run(_done(settings, wish, dry_run=dry_run, as_json=as_json))
    raise typer.Exit(code)


@app.command("list")
def list_runs(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Print every run: how far it came, and what it has cost."""

    async def runs() -> list[Standing]:
        async with open_records(config) as (_, store):
            return await store.distil.list(LOCAL)

    found = asyncio.run(runs())
    if as_json:
        print_json(found)
        return
    if not found:
        console().print("there are no runs: teppan distill --tasks FILE --model MODEL")
        return
    print_table(
        "Runs of distillation",
        ("run", "model", ">kept", ">dropped", ">failed", ">spent", "last worked on"),
        [
            (
                each.run.name,
                each.run.model,
                f"{each.kept:,}",
                f"{each.dropped:,}",
                f"{each.failed:,}",
                dollars(each.spent, 4),
                _date(each.run.changed),
            )
            for each in found
        ],
    )


@app.command("show")
def show_run(
    name: Annotated[str, typer.Argument(help="The run, as `teppan distill list` names it.")],
    limit: Annotated[int, typer.Option(min=0, help="So many tasks that were not kept.")] = SHOWN,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print what became of a run's tasks, and why those that were not kept were not."""

    async def looked() -> tuple[Standing | None, list[Result]]:
        async with open_records(config) as (_, store):
            return await store.distil.standing(LOCAL, name), await store.distil.results(LOCAL, name)

    standing, results = asyncio.run(looked())
    if standing is None:
        raise NotFound(f"there is no run `{name}`; `teppan distill list` names them")
    if as_json:
        print_json({"run": standing, "tasks": results})
        return
    console().print(
        f"{quoted(name)} asks {quoted(standing.run.model)}: kept {standing.kept:,}, dropped "
        f"{standing.dropped:,}, failed {standing.failed:,}, {dollars(standing.spent, 4)} of "
        f"{dollars(standing.run.budget, 2)}"
    )
    _print_kinds([kind for each in results for kind in each.kinds])
    lost = [each for each in results if each.state != "kept"][:limit]
    if lost:
        rows = [(_told(each), each.state, "; ".join(each.reasons)) for each in lost]
        print_table("Not kept", ("task", "state", "why"), rows)


async def _traced(settings: Settings, days: int) -> tuple[Task, ...]:
    from teppan.build import open_store

    store = await open_store(settings)
    try:
        return await traced(settings, store, LOCAL, days)
    finally:
        await store.close()


async def _done(settings: Settings, wish: Wish, *, dry_run: bool, as_json: bool) -> int:
    async with open_distillery(settings, wish, LOCAL) as found:
        desk, job = found.desk, found.job
        first = await plan(desk, LOCAL, job)
        if not as_json:
            _print_plan(job, first, desk)
        if dry_run:
            if as_json:
                print_json({"run": job.name, "plan": first, "total": first.total})
            return 0
        stop = asyncio.Event()
        tally = await _run(desk, job, stop, quiet=as_json)
    code = tally.code or (INTERRUPTED if stop.is_set() else 0)
    if as_json:
        print_json({"run": job.name, "tally": tally, "complete": not code})
    else:
        _print_tally(job, tally, stopped=stop.is_set())
    return code


async def _run(desk: Desk, job: Job, stop: asyncio.Event, *, quiet: bool) -> Tally:
    """The run under a bar. The first Ctrl-C ends it with the questions under way, the next at
    once."""
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=console(),
        disable=quiet,
    )
    with bar:
        shown = bar.add_task("asking", total=None)

        def report(done: int, total: int, what: str) -> None:
            bar.update(shown, completed=done, total=total or None, description=what)

        work = asyncio.ensure_future(distil(desk, LOCAL, job, report, stop))

        def interrupted() -> None:
            if stop.is_set():
                work.cancel()
                return
            stop.set()
            bar.console.print("ending with the questions under way; Ctrl-C again leaves at once")

        with _on_interrupt(interrupted):
            return await work


class _Rate(TextColumn):
    """Questions a second."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: object) -> Text:
        speed = getattr(task, "finished_speed", None) or getattr(task, "speed", None)
        return Text("" if not speed else f"{speed:.1f}/s")


@contextmanager
def _on_interrupt(call: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C calls this instead of ending the program, where the system lets it."""
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError, RuntimeError, ValueError):  # no signals here, or a thread
        loop.add_signal_handler(signal.SIGINT, call)
    try:
        yield
    finally:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.remove_signal_handler(signal.SIGINT)


def _print_plan(job: Job, first: Plan, desk: Desk) -> None:
    out = console()
    more = f", {first.numbers:,} more about other numbers" if first.numbers else ""
    more += f", up to {first.more:,} more by {quoted(job.expander)}" if first.more else ""
    out.print(
        f"run {quoted(job.name)}: {first.given:,} tasks, of which {first.duplicates:,} are nearly "
        f"the same, {first.leaking:,} of evaluation sets, {first.done:,} judged already{more}",
        soft_wrap=True,
    )
    total = first.total
    out.print(
        f"to ask: {first.todo + first.more:,} questions, about {total.calls:,} calls, about "
        f"{dollars(total.about, 4)}; budget {dollars(job.budget, 2)}, of which "
        f"{dollars(first.spent, 4)} is spent",
        soft_wrap=True,
    )
    if total.about is not None and total.about > job.budget - first.spent:
        out.print("[yellow]the budget will probably not do for all of them[/]")
    lost = [
        f"{model} ({terms})"
        for model, terms in first.writers.items()
        if terms not in desk.sieve.wanted.terms
    ]
    if lost:
        out.print(
            f"[yellow]what these write will be paid for and dropped, because of their terms: "
            f"{quoted(', '.join(lost))}[/]; see learn.terms"
        )


def _print_tally(job: Job, tally: Tally, *, stopped: bool) -> None:
    out = console()
    again = f", {tally.again:,} paid for before" if tally.again else ""
    out.print(
        f"kept {tally.kept:,}, dropped {tally.dropped:,}, failed {tally.failed:,}"
        f"{f', {tally.before:,} judged before' if tally.before else ''}{again}; this start cost "
        f"{dollars(tally.cost, 4)}, the run {dollars(tally.spent, 4)}"
    )
    if tally.unpriced:
        out.print(f"[yellow]{tally.unpriced:,} answers have no known price: they cost more[/]")
    _print_kinds([kind for kind, many in tally.why.items() for _ in range(many)])
    if tally.stopped:
        out.print(f"[yellow]stopped: {quoted(tally.stopped)}[/]")
    if stopped or tally.stopped or tally.failed:
        out.print(
            f"{max(0, tally.total - tally.done) + tally.failed:,} are left; the same command goes "
            "on, and pays for nothing twice"
        )
    else:
        out.print(f"done: `teppan distill show {quoted(job.name)}` tells why tasks were dropped")


def _print_kinds(kinds: list[str]) -> None:
    if kinds:
        counted = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
        rows = sorted(counted.items(), key=lambda each: -each[1])
        print_table("Why not kept", ("why", ">tasks"), [(k, f"{many:,}") for k, many in rows])


def _budget(given: str | None) -> Micros | None:
    if given is None:
        return None
    if not _DOLLARS.fullmatch(given.removeprefix("$")):
        raise typer.BadParameter("write the budget in dollars, e.g. 5.00")
    return micros(given.removeprefix("$"))


def _told(result: Result) -> str:
    return f"{result.name} ({result.made})" if result.made else result.name


def _date(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
