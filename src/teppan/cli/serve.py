"""`teppan serve`: the gateway as a server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from teppan.build import House
from teppan.cli.output import ConfigFile, console
from teppan.config.load import load
from teppan.server.process import run
from teppan.worker import embedded

OURS = ("agent/", "teppan/")
"""How names of virtual models begin that are not a pack's or an operator's own."""


def serve(
    host: Annotated[str | None, typer.Option(help="Address; a public one needs a key.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.")] = None,
    pack: Annotated[str | None, typer.Option(help="Folder of a business pack.")] = None,
    config: ConfigFile = None,
) -> None:
    """Serve the API. With no settings it uses every vendor whose key is in the environment."""
    settings = load(Path(config) if config else None)
    server = {k: v for k, v in (("host", host), ("port", port)) if v is not None}
    settings = settings.model_copy(
        update={
            "server": settings.server.model_copy(update=server),
            "gateway": settings.gateway.model_copy(update={"pack": pack} if pack else {}),
        }
    )
    run(settings, announce, embedded)


def announce(house: House, address: str) -> None:
    """Says what was found, and what to try first."""
    out = console()
    out.print(f"[bold]Teppan[/] at {address}")
    for found in house.found:
        note = f"  [yellow]{found.note}[/]" if found.note else ""
        out.print(f"  {found.provider:<14} {len(found.models):>3} models   {found.how}{note}")
    names = house.virtual_names()
    if not house.found:
        out.print(
            "  no vendor found: set a key such as the one `teppan doctor` names, or start Ollama"
        )
    if names:
        out.print(f"  virtual: {', '.join(names)}")
    model = _first(names)
    out.print(
        f"try: curl {address}/v1/chat/completions -H 'content-type: application/json' "
        f'-d \'{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}\'',
        soft_wrap=True,
        markup=False,
    )


def _first(names: Sequence[str]) -> str:
    """What to try first: an agent, or what speaks for the pack, or any virtual model."""
    wanted = ("agent/auto", *(name for name in names if not name.startswith(OURS)), *names)
    return next((name for name in wanted if name in names), "PROVIDER/MODEL")
