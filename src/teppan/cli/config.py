"""`teppan config`: what the settings are, and whether they are right."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from teppan.cli.output import AsJson, ConfigFile, console, print_json, print_table
from teppan.config.load import load
from teppan.config.schema import Settings


def config(
    file: ConfigFile = None,
    fields: Annotated[bool, typer.Option("--fields", help="List every setting.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the settings and show them, or list every setting with `--fields`."""
    if fields:
        rows = described(Settings)
        if as_json:
            print_json(
                [dict(zip(("setting", "default", "meaning"), row, strict=True)) for row in rows]
            )
        else:
            print_table("Settings", ("setting", "default", "meaning"), rows)
        return
    settings = load(Path(file) if file else None)
    if as_json:
        print_json(settings.model_dump(mode="json"))
    else:
        print_json(settings.model_dump(mode="json", exclude_defaults=True))
        console().print("the settings are valid", style="green")


def described(section: type[BaseModel], prefix: str = "") -> list[tuple[str, str, str]]:
    """`(name, default, meaning)` of every field below a section, in order."""
    rows: list[tuple[str, str, str]] = []
    for name, field in section.model_fields.items():
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            rows += described(kind, f"{prefix}{name}.")
            continue
        inner = [each for each in getattr(kind, "__args__", ()) if _is_section(each)]
        if inner:
            star = "*" if getattr(kind, "__origin__", None) is dict else "[]"
            rows.append((f"{prefix}{name}", "", field.description or ""))
            rows += described(inner[0], f"{prefix}{name}.{star}.")
            continue
        required = field.is_required()
        default = "" if required or field.default is None else f"{field.default!r}"
        rows.append((f"{prefix}{name}", default, field.description or ""))
    return rows


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
