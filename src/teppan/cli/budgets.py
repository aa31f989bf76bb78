"""`teppan budgets`: what may be spent, what is spent and held, and what is left."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from teppan.build import open_store
from teppan.build.reckoning import standings_of
from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table, quoted
from teppan.config.load import load
from teppan.core.money import dollars
from teppan.store.budgets import Standing


def budgets(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Print each budget in its present day or month, and the alerts that were raised in it."""
    asyncio.run(_budgets(config, as_json))


async def _budgets(config: str | None, as_json: bool) -> None:
    settings = load(Path(config) if config else None)
    store = await open_store(settings)
    try:
        rows = await standings_of(settings, store, time.time())
        alerts = await store.budgets.alerts(min((row.pot.begin for row in rows), default=0.0))
    finally:
        await store.close()
    if as_json:
        print_json(
            {
                "budgets": [
                    {
                        "budget": row.pot.budget,
                        "kind": "hard" if row.pot.hard else "soft",
                        "window": row.pot.window,
                        "ends": row.pot.end,
                        "limit": row.pot.limit,
                        "spent": row.spent,
                        "held": row.held,
                        "left": row.left,
                    }
                    for row in rows
                ],
                "alerts": alerts,
            }
        )
        return
    out = console()
    if not rows:
        out.print(
            quoted(
                "Nobody has paid from a budget yet."
                if settings.budgets
                else "There are no budgets; [[budgets]] in teppan.toml sets them."
            )
        )
    else:
        print_table(
            f"Budgets ({settings.costs.time_zone})",
            ("budget", "kind", "window", ">limit", ">spent", ">held", ">left", ">used"),
            [_cells(row) for row in rows],
        )
    for alert in alerts:
        out.print(
            f"[yellow]alert[/] {quoted(alert.name)} in {alert.window}: {dollars(alert.spent)} "
            f"spent (mark {dollars(alert.threshold)})"
        )


def _cells(row: Standing) -> tuple[str, ...]:
    pot = row.pot
    return (
        pot.budget,
        "hard" if pot.hard else "soft",
        pot.window,
        dollars(pot.limit),
        dollars(row.spent),
        dollars(row.held) if row.held else "",
        dollars(row.left),
        f"{row.spent / pot.limit:.0%}" if pot.limit else "",
    )
