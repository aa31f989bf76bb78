"""`teppan`: one file per verb; this one lists them and turns errors into exit codes.

A verb's file is imported when the verb is used: `teppan serve` has no use for what `demo` needs.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from teppan import __version__
from teppan.cli.output import fail
from teppan.core.errors import TeppanError

VERBS = (
    "serve",
    "demo",
    "init",
    "doctor",
    "config",
    "models",
    "keys",
    "ask",
    "ensemble",
    "trace",
    "escalations",
    "costs",
    "budgets",
    "advisor",
    "route",
    "cache",
    "erase",
    "feedback",
    "learning-stats",
    "dataset",
    "export",
    "distill",
    "confidence",
    "lessons",
    "review",
    "jobs",
    "worker",
    "knowledge",
    "languages",
    "mcp",
    "backtest",
    "simulate",
)


class Verbs(TyperGroup):
    """The verbs: each a function in the file of its name, or an `app` with verbs of its own."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in VERBS:
            return None
        name = cmd_name.replace("-", "_")
        module = import_module(f"teppan.cli.{name}")
        verb = getattr(module, "app", None)
        if verb is None:
            verb = typer.Typer(rich_markup_mode=None)
            verb.command(cmd_name)(getattr(module, name))
        command = typer.main.get_command(verb)
        command.name = cmd_name
        return command


app = typer.Typer(
    name="teppan",
    cls=Verbs,
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


def run() -> None:
    """The console script: errors of ours become one line and their exit code."""
    try:
        app()
    except TeppanError as error:
        try:
            fail(error)
        except typer.Exit as leaving:
            sys.exit(leaving.exit_code)
