"""`teppan doctor`: what is wrong here, and what to do about it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator
from importlib import metadata
from pathlib import Path
from typing import Literal

import typer
from msgspec import Struct
from sqlalchemy import make_url

from teppan.build import open_catalogue, open_house, open_store
from teppan.cli.output import AsJson, ConfigFile, console, print_json, quoted
from teppan.config.load import FILE, load
from teppan.config.schema import Settings
from teppan.core.errors import TeppanError
from teppan.core.ids import LOCAL

LEAST_DISK = 1_000_000_000


class Finding(Struct, frozen=True):
    """One check: `fine`, `note` (works, but know this) or `wrong`, and what to do."""

    check: str
    state: Literal["fine", "note", "wrong"]
    told: str


def doctor(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Check keys, settings, disk, database and versions, and say what to do."""
    findings = asyncio.run(_findings(config))
    if as_json:
        print_json(findings)
    else:
        marks = {"fine": "[green]ok  [/]", "note": "[yellow]note[/]", "wrong": "[red]bad [/]"}
        for each in findings:
            console().print(
                f"{marks[each.state]} [bold]{each.check}[/] {quoted(each.told)}", soft_wrap=True
            )
    if any(each.state == "wrong" for each in findings):
        raise typer.Exit(1)


async def _findings(config: str | None) -> list[Finding]:
    found = [_python(), _sqlite()]
    try:
        settings = load(Path(config) if config else None)
    except TeppanError as error:
        return [*found, Finding("settings", "wrong", error.message)]
    where = _where(config)
    found += [Finding("settings", "fine", where), _disk(settings), await _database(settings)]
    return [*found, *[each async for each in _vendors(settings)]]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", "fine", f"{version}, teppan {metadata.version('teppan')}")


def _sqlite() -> Finding:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < (3, 51, 3):
        return Finding(
            "sqlite",
            "note",
            f"{version}: safe with one gateway per file, which is what Teppan does; "
            "several gateways belong on PostgreSQL",
        )
    return Finding("sqlite", "fine", version)


def _disk(settings: Settings) -> Finding:
    url = make_url(settings.store.url)
    folder = Path(url.database or ".").expanduser().absolute().parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    told = f"{free / 1e9:.1f} GB free in {folder}"
    if free < LEAST_DISK:
        return Finding("disk", "wrong", f"{told}: make room, or move `store.url`")
    return Finding("disk", "fine", told)


async def _database(settings: Settings) -> Finding:
    shown = make_url(settings.store.url).render_as_string(hide_password=True)
    try:
        store = await open_store(settings)
    except TeppanError as error:
        return Finding("database", "wrong", f"{shown}: {error.message}")
    try:
        health = store.health()
        keys = await store.keys.list(LOCAL)
    finally:
        await store.close()
    if not health.ok:
        return Finding("database", "wrong", f"{shown}: {health.failure}")
    return Finding("database", "fine", f"{shown}, {len(keys)} gateway keys")


async def _vendors(settings: Settings) -> AsyncIterator[Finding]:
    try:
        async with open_house(settings) as house:
            found = {each.provider: each for each in house.found}
    except TeppanError as error:
        yield Finding("vendors", "wrong", error.message)
        return
    for each in found.values():
        told = f"{len(each.models)} models, {each.how}"
        yield Finding(
            each.provider, "note" if each.note else "fine", f"{told}. {each.note}".strip()
        )
    idle = [
        f"{vendor.name} ({' or '.join(vendor.key_env)})"
        for vendor in open_catalogue(settings).vendors(os.environ)
        if vendor.name not in found and vendor.key_env
    ]
    if idle:
        yield Finding("more vendors", "note", f"set a key to use them: {', '.join(idle)}")
    if not found:
        yield Finding("vendors", "wrong", "none found: set a key, or start a local model")


def _where(config: str | None) -> str:
    return config or (FILE if Path(FILE).exists() else "none; everything from the environment")
