"""One customer talks to the agents of the pack: `demo.toml` of the pack holds their lines.

    says = ["What would 12 adults cost?", "I want to book for {saturday} at 18:00", "Yes, please"]

`{saturday}` becomes a Saturday some weeks from now.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct
from rich.table import Table
from rich.text import Text

from teppan.cli.output import clean, console
from teppan.core.errors import ConfigError

MODEL = "agent/auto"
SHOWN = 150
_WEEKS = 5


class Said(Struct, frozen=True):
    """One turn: the customer's words, the tools that were used, the answer, and whose it was."""

    customer: str
    tools: tuple[tuple[str, str, str], ...]
    answer: str
    why: str


def lines_of(pack: Path, today: dt.date) -> list[str]:
    """What the customer of a pack says; nothing where the pack has no such file."""
    path = pack / "demo.toml"
    if not path.is_file():
        return []
    saturday = today + dt.timedelta(days=(5 - today.weekday()) % 7 + 7 * _WEEKS)
    says = tomllib.loads(path.read_text("utf-8"))["says"]
    return [line.replace("{saturday}", saturday.isoformat()) for line in says]


async def talk(session: aiohttp.ClientSession, address: str, lines: list[str]) -> list[Said]:
    """The whole conversation, turn by turn."""
    messages: list[dict[str, str]] = []
    said = []
    for line in lines:
        messages.append({"role": "user", "content": line})
        body = {"model": MODEL, "messages": messages, "teppan": {"include": ["tools"]}}
        async with session.post(f"{address}/v1/chat/completions", json=body) as response:
            told: dict[str, Any] = await response.json()
            if response.status != 200:
                raise ConfigError(f"the demo's agent failed: {told['error']['message']}")
            why = response.headers.get("x-teppan-route", "")
        answer = told["choices"][0]["message"]["content"] or ""
        tools = tuple(
            (each["tool"], each["arguments"], each["status"]) for each in told["teppan"]["tools"]
        )
        said.append(Said(line, tools, answer, why))
        messages.append({"role": "assistant", "content": answer})
    return said


def show(said: list[Said]) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(min_width=11, justify="right")
    table.add_column(overflow="fold")
    for turn in said:
        table.add_row("", "")
        table.add_row("[bold]customer[/]", Text(clean(turn.customer)))
        for name, arguments, status in turn.tools:
            table.add_row("[dim]tool[/]", Text(f"{name}: {_told(arguments)} -> {status}", "dim"))
        table.add_row("[bold green]agent[/]", Text(clean(turn.answer)))
    console().print(table)


def _told(arguments: str) -> str:
    """The arguments that say something."""
    read: dict[str, Any] = msgspec.json.decode(arguments or "{}")
    told = ", ".join(
        f"{name} {value}" for name, value in read.items() if value not in (None, "", 0)
    )
    return told if len(told) <= SHOWN else f"{told[:SHOWN]}..."
