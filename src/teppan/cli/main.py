"""`teppan`: one file per verb; this one lists them and turns errors into exit codes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from teppan import __version__
from teppan.cli import (
    ask,
    config,
    costs,
    demo,
    doctor,
    ensemble,
    init,
    keys,
    models,
    serve,
    simulate,
    trace,
)
from teppan.cli.output import fail
from teppan.core.errors import TeppanError

app = typer.Typer(
    name="teppan",
    help="Many models behind one API: the best answer at the least cost.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"teppan {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Many models behind one API: the best answer at the least cost."""


app.command()(serve.serve)
app.command()(demo.demo)
app.command()(init.init)
app.command()(doctor.doctor)
app.command()(ask.ask)
app.command()(ensemble.ensemble)
app.command()(models.models)
app.command()(trace.trace)
app.command()(costs.costs)
app.command()(simulate.simulate)
app.command()(config.config)
app.add_typer(keys.app, name="keys")


def run() -> None:
    """The console script: errors of ours become one line and their exit code."""
    try:
        app()
    except TeppanError as error:
        try:
            fail(error)
        except typer.Exit as leaving:
            sys.exit(leaving.exit_code)
