"""`teppan confidence`: what tells the quality of an answer before it is sent, and its error."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from teppan.build import open_store
from teppan.build.confidence import open_desk
from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table
from teppan.config.load import load
from teppan.config.overlay import with_pack
from teppan.config.pack import load_pack
from teppan.config.schema import Settings
from teppan.core.errors import BadRequest
from teppan.core.ids import LOCAL, Scope
from teppan.estimate.predictor import Predictor
from teppan.learn import assessing
from teppan.learn.assessing import DAY, Compared, Desk, Fitted, Staleness, Stated
from teppan.learn.evals.chances import Errors, Range
from teppan.store.store import Store

app = typer.Typer(
    help="Fit what tells the quality of an answer before it is sent, and show its error.",
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(help="Whose answers; those of this machine by default.")]
SHOWN = 12
"""Figures and marks that are shown, those that weigh most."""


@app.command()
def fit(
    days: Annotated[
        float | None, typer.Option(min=0, help="How many days back; else `learn.confidence.days`.")
    ] = None,
    tenant: Tenant = LOCAL.tenant,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Fit it on answers of which became known how good they were, and serve by it. The night does
    the same by itself."""
    made = asyncio.run(_fit(days, Scope(tenant, "cli"), config, quiet=as_json))
    if as_json:
        print_json(made)
    if made.refused:
        raise BadRequest(
            f"nothing was fitted: {made.refused} ({made.traces:,} answers were spoken of; "
            "ratings come in by POST /v1/feedback, outcomes by POST /v1/outcomes)"
        )
    if as_json:
        return
    assert made.error is not None
    state = "is live from now on" if made.new else "was live already"
    console().print(
        f"learned from {made.examples:,} of {made.traces:,} answers that were spoken of: "
        f"{made.id} {state}"
    )
    _print_error(made.error)


async def _fit(days: float | None, scope: Scope, config: str | None, *, quiet: bool) -> Fitted:
    desk, store = await _opened(config)
    try:
        now = time.time()
        if days is not None:
            desk = replace(desk, wanted=replace(desk.wanted, days=days))
        return await assessing.fit(desk, scope, now, now, _silent if quiet else _told)
    finally:
        await store.close()


@app.command()
def show(
    tenant: Tenant = LOCAL.tenant,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what is live, its error when it was fitted, and how it does on answers since."""
    kept, age = asyncio.run(_show(Scope(tenant, "cli"), config))
    if as_json:
        print_json(
            {
                "fitted": kept is not None,
                "id": age.id,
                "examples": kept.predictor.examples if kept else 0,
                "base": kept.predictor.base if kept else None,
                "until": kept.predictor.until if kept else None,
                "decides": kept is not None and kept.predictor.decides,
                "error": kept.error if kept else None,
                "weights": dict(_heaviest(kept.predictor)) if kept else {},
                "since": age,
            }
        )
        return
    if kept is None:
        console().print("nothing is fitted: run `teppan confidence fit`, or wait for the night")
        return
    _print_state(kept.predictor)
    _print_error(kept.error)
    _print_age(age)


async def _show(scope: Scope, config: str | None) -> tuple[Stated | None, Staleness]:
    desk, store = await _opened(config)
    try:
        return await assessing.live(desk, scope), await assessing.staleness(
            desk, scope, time.time()
        )
    finally:
        await store.close()


async def _opened(config: str | None) -> tuple[Desk, Store]:
    settings: Settings = load(Path(config) if config else None)
    pack = load_pack(Path(settings.gateway.pack)) if settings.gateway.pack else None
    if pack is not None:
        settings = with_pack(settings, pack.settings, str(pack.folder / "pack.toml"))
    store = await open_store(settings)
    return open_desk(settings, pack, store), store


def _print_state(made: Predictor) -> None:
    until = datetime.fromtimestamp(made.until, UTC).strftime("%Y-%m-%d %H:%M")
    days = max(1, round((made.until - made.since) / DAY))
    way = (
        "cascades go by it"
        if made.decides
        else "cascades do not go by it: it was not surely better than what they have"
    )
    console().print(
        f"{made.id}: {made.examples:,} answers of {days} days until {until} UTC, "
        f"{made.base:.0%} of them good; {way}"
    )
    rows = [(name, f"{weight:+.2f}") for name, weight in _heaviest(made)[:SHOWN]]
    print_table("What weighs most (log odds; figures by spread)", ("seen", ">weight"), rows)


def _heaviest(made: Predictor) -> Sequence[tuple[str, float]]:
    """Figures and marks but words, those that weigh most first; words have no names."""
    found = {name: each.weight for name, each in made.figures.items()}
    found |= {f"no {name}": each.away for name, each in made.figures.items() if each.away}
    found |= {name: each for name, each in made.marks.items() if not name.startswith("word=")}
    return sorted(found.items(), key=lambda each: -abs(each[1]))


def _print_error(error: Compared) -> None:
    rows = [
        _row("this", error.ours, None),
        _row("confidence stated", error.stated, error.over_stated),
        _row("the usual rate", error.constant, error.over_constant),
    ]
    print_table(
        f"Error of a fit on earlier conversations, on {error.ours.answers:,} later answers",
        ("by", ">Brier", ">log loss", ">calibration", ">AUC", ">log loss saved (95 %)"),
        rows,
    )


def _row(name: str, found: Errors, saved: Range | None) -> tuple[str, ...]:
    return (
        name,
        f"{found.brier.value:.3f}",
        f"{found.log_loss.value:.3f}",
        f"{found.ece.value:.3f}",
        f"{found.auc.value:.2f} ({found.auc.low:.2f}-{found.auc.high:.2f})",
        "" if saved is None else f"{saved.value:+.3f} ({saved.low:+.3f} to {saved.high:+.3f})",
    )


def _print_age(age: Staleness) -> None:
    out = console()
    if age.error is None or age.off is None:
        out.print(f"since then: {age.why}")
        return
    state = "stale: fit anew" if age.stale else "not stale"
    out.print(f"since then ({age.answers:,} answers): {state}; {age.why}")
    print_table(
        "Since the fit",
        ("by", ">Brier", ">log loss", ">calibration", ">AUC", ">log loss saved (95 %)"),
        [_row("this", age.error, age.gain)],
    )


def _told(done: int, total: int, what: str) -> None:
    console().print(f"{done:,} {what}", style="dim")


def _silent(done: int, total: int, what: str) -> None:
    """Nobody is told."""
