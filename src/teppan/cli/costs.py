"""`teppan costs`: what was spent, from the ledger, and what was saved."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from teppan.build import open_store
from teppan.build.reckoning import savings_of
from teppan.build.spending import open_calendar
from teppan.cli.output import AsJson, ConfigFile, clean, console, print_json, print_table, quoted
from teppan.config.load import load
from teppan.core.budget import Alert
from teppan.core.ids import LOCAL
from teppan.core.money import dollars
from teppan.cost.calendar import Calendar
from teppan.cost.savings import Savings
from teppan.store.costs import CostRow

By = Literal["model", "day", "month", "key", "tenant", "strategy", "role", "conversation"]

DAY = 86_400


def costs(
    by: Annotated[By, typer.Option(help="What to sum by.")] = "model",
    days: Annotated[int, typer.Option(min=1, help="How many days back.")] = 30,
    month: Annotated[
        str | None, typer.Option(help="Just this month (`2026-11`) or day (`2026-11-21`).")
    ] = None,
    most: Annotated[int, typer.Option("--limit", min=1, help="Most rows to print.")] = 50,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print calls, tokens and cost; calls with an unknown price are counted, never called free.

    Below: what all of it would have cost on the reference model, and the alerts of that time. Days
    and months are those of `costs.time_zone`.
    """
    asyncio.run(_costs(by, days, month, most, config, as_json))


async def _costs(
    by: By, days: int, month: str | None, most: int, config: str | None, as_json: bool
) -> None:
    settings = load(Path(config) if config else None)
    calendar = open_calendar(settings)
    since, until, when = _time(calendar, days, month)
    store = await open_store(settings)
    try:
        named = partial(_window_name, calendar, "month" if by == "month" else "day")
        rows = await store.costs.summary(LOCAL, by=by, since=since, until=until, named=named)
        saved = await savings_of(settings, store, since, until)
        alerts = await store.budgets.alerts(since)
    finally:
        await store.close()
    alerts = [alert for alert in alerts if alert.at < until]
    if as_json:
        print_json(_as_json(by, since, until, rows, saved, alerts))
        return
    print_table(
        f"Costs of {when}",
        (by, ">calls", ">failed", ">tokens in", ">tokens out", ">cost", ">price unknown"),
        [_cells(by, row) for row in rows[:most]],
    )
    out = console()
    if len(rows) > most:
        out.print(f"... and {len(rows) - most:,} more (--limit)")
    unknown = sum(row.unknown for row in rows)
    out.print(f"\n[bold]{dollars(sum(row.cost for row in rows))}[/] in all")
    if unknown:
        out.print(f"{unknown:,} calls have no known price: add it under {quoted('[[prices]]')}")
    for line in _told(saved):
        out.print(quoted(line))
    for alert in alerts:
        out.print(
            f"[yellow]alert[/] {quoted(alert.name)} in {alert.window}: {dollars(alert.spent)} "
            f"spent (mark {dollars(alert.threshold)})"
        )


def _time(calendar: Calendar, days: int, month: str | None) -> tuple[float, float, str]:
    """From when, until when, and that in words."""
    if month is not None:
        window = calendar.named(month)
        return window.begin, window.end, f"{window.name} ({calendar.zone})"
    now = time.time()
    return now - days * DAY, now + DAY, f"the last {days} days"


def _window_name(calendar: Calendar, period: Literal["day", "month"], at: float) -> str:
    return calendar.window(period, at).name


def _cells(by: By, row: CostRow) -> tuple[str, ...]:
    return (
        row.name or ("(of none)" if by == "conversation" else "(none)"),
        f"{row.calls:,}",
        f"{row.failed:,}" if row.failed else "",
        f"{row.input:,}",
        f"{row.output:,}",
        dollars(row.cost),
        f"{row.unknown:,}" if row.unknown else "",
    )


def _told(saved: Savings | str) -> list[str]:
    """The counterfactual, in words."""
    if isinstance(saved, str):
        return [f"What was saved cannot be told: {saved}."]
    left_out = f"; {saved.unknown:,} requests of unknown cost are left out" if saved.unknown else ""
    lines = [
        f"All {saved.requests:,} requests on {clean(saved.reference)} would have cost "
        f"{dollars(saved.would)} at today's price; paid for them {dollars(saved.paid)}; "
        f"saved {dollars(saved.saved)} ({saved.share:.0%}){left_out}"
    ]
    parts = (
        (f"the cache ({saved.hits:,} hits)", saved.cache),
        ("shorter conversations", saved.context),
        ("cheaper models" if saved.models >= 0 else "dearer answers (ensembles)", saved.models),
    )
    lines += [f"  {dollars(amount):>14}  by {name}" for name, amount in parts if amount]
    return lines


def _as_json(
    by: By,
    since: float,
    until: float,
    rows: list[CostRow],
    saved: Savings | str,
    alerts: list[Alert],
) -> dict[str, Any]:
    unsaid = isinstance(saved, str)
    return {
        "by": by,
        "since": since,
        "until": until,
        "cost": sum(row.cost for row in rows),
        "unknown": sum(row.unknown for row in rows),
        "rows": rows,
        "savings": None if unsaid else saved,
        "saved": None if isinstance(saved, str) else saved.saved,
        "no_savings_because": saved if unsaid else None,
        "alerts": alerts,
    }
