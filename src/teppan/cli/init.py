"""`teppan init`: a commented `teppan.toml` to start from."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from teppan.cli.output import console
from teppan.config.load import FILE
from teppan.core.errors import ConfigError


def init(
    path: Annotated[Path, typer.Argument(help="File to write.")] = Path(FILE),
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if it is there.")
    ] = False,
) -> None:
    """Write a commented settings file."""
    if path.exists() and not force:
        raise ConfigError(f"{path} is already there; `--force` replaces it")
    text = resources.files("teppan.config").joinpath("template.toml").read_text("utf-8")
    path.write_text(text, "utf-8")
    console().print(f"wrote {path}: every line is a comment until you change it")
    console().print("next: `teppan doctor` checks it, `teppan serve` uses it")
