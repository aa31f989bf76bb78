"""Writes the reference pages that come from the code: settings, CLI, errors. Run by `make docs`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from teppan.cli.config import described
from teppan.cli.main import app
from teppan.config.schema import Settings
from teppan.core import errors

REFERENCE = Path(__file__).parent / "reference"
NOTE = "<!-- written by `make docs`; change the code instead -->\n"


def settings_page() -> str:
    """One row per setting, in the order of the sections."""
    rows = [f"| `{name}` | {f'`{default}`' if default else ''} | {meaning} |"
            for name, default, meaning in described(Settings)]  # fmt: skip
    head = (
        "# Settings\n\n`teppan.toml`, one table per section; over it the environment, "
        "`TEPPAN_SECTION__FIELD`.\nA setting that is not listed here is an error. Keys are "
        "given by reference, `env:NAME` or `file:PATH`.\n\n"
        "| Setting | Default | Meaning |\n| --- | --- | --- |\n"
    )
    return NOTE + head + "\n".join(rows) + "\n"


def cli_page() -> str:
    """One heading per verb, with its arguments and options."""
    group: Any = typer.main.get_command(app)
    parts = [
        NOTE + "# Command line\n\nEvery verb takes `--help`; those that print take `--json`.\n"
    ]
    parts.append(
        "Exit codes: 0 done, 1 a check failed or a fault of ours, 2 bad input or settings, "
        "3 key refused,\n4 not found, 5 conflict, 6 too many requests, 7 the store or a drain, "
        "8 no answer was good enough,\n9 a vendor failed.\n"
    )
    for name in group.list_commands(None):
        for verb, inner in _verbs(name, group.get_command(None, name)):
            parts.append(_verb(verb, inner))
    return "\n".join(parts)


def _verbs(name: str, command: Any) -> list[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    return [(f"{name} {each}", inner[each]) for each in inner] if inner else [(name, command)]


def _verb(name: str, command: Any) -> str:
    lines = [f"## `teppan {name}`\n", f"{(command.help or '').strip()}\n"]
    for parameter in command.params:
        if parameter.name in ("help", "install_completion", "show_completion"):
            continue
        shown = ", ".join(f"`{option}`" for option in parameter.opts)
        if parameter.param_type_name == "argument":
            shown = f"`{parameter.name.upper()}`"
        default = parameter.default
        told = (
            ""
            if default is None or default is False or callable(default)
            else f" Default: `{default}`."
        )
        lines.append(f"- {shown}: {getattr(parameter, 'help', '') or ''}{told}")
    return "\n".join(lines) + "\n"


def errors_page() -> str:
    """The error tree, as the code draws it."""
    tree = (errors.__doc__ or "").strip()
    return (
        NOTE + "# Errors\n\nOver HTTP an error comes in the client's own dialect. The first number "
        f"below is the status, the second the CLI's exit code.\n\n```\n{tree}\n```\n"
    )


PAGES = {"settings.md": settings_page, "cli.md": cli_page, "errors.md": errors_page}


if __name__ == "__main__":
    REFERENCE.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), "utf-8")
