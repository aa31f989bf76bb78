"""How every verb speaks: tables for people, one JSON object with `--json`, errors on stderr."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from teppan.core.errors import TeppanError

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]
ConfigFile = Annotated[
    str | None,
    typer.Option("--config", "-c", help="Settings file; else ./teppan.toml when there is one."),
]


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def console() -> Console:
    """For words of our own, with markup; what others wrote goes through `clean` or `quoted`."""
    return Console(highlight=False)


def clean(text: str) -> str:
    """Text without control characters: what a model says must not drive the terminal."""
    return _CONTROLS.sub("", text)


def quoted(text: str) -> str:
    """The same for a place where markup is read."""
    return escape(clean(text))


def print_json(value: Any) -> None:
    """One object, indented, for programs."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Rows under their columns; one that begins with `>` is set to the right."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        right = column.startswith(">")
        made.add_column(column.lstrip(">"), justify="right" if right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(clean(cell)) for cell in row))
    return made


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    console().print(table(title, columns, rows))


def fail(error: TeppanError) -> NoReturn:
    """Says what is wrong and leaves with the error's exit code."""
    Console(stderr=True, highlight=False).print(
        f"[bold red]error:[/] {quoted(error.message)}", soft_wrap=True
    )
    raise typer.Exit(error.exit_code)


def words(given: str | None) -> str:
    """The text given, or what is piped in when it is `-` or missing; never nothing."""
    if given is None or given == "-":
        given = "" if sys.stdin.isatty() else sys.stdin.read()
    if not given.strip():
        raise typer.BadParameter("give a text, or pipe one in")
    return given.strip()
