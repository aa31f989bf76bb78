"""`teppan simulate`: the simulated vendors as a server, for the demo, for tests, for yours too."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from teppan.cli.output import AsJson, console, print_json
from teppan.simulate.questions import load_bank
from teppan.simulate.server import Fleet, Settings


def simulate(
    port: Annotated[
        int, typer.Option(help="First port, one per vendor; 0 takes free ones.")
    ] = 8900,
    bank: Annotated[
        list[Path] | None, typer.Option(help="Question bank: TOML files or folders.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same answers.")] = 1,
    speed: Annotated[float, typer.Option(help="Multiplies every latency; 0 for none.")] = 1.0,
    faults: Annotated[
        float, typer.Option(min=0, max=1, help="Share of requests that go wrong.")
    ] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Serve simulated vendors on loopback until interrupted. Nothing here is a real model."""
    settings = Settings(
        port=port, seed=seed, speed=speed, fault_rate=faults, bank=load_bank(*(bank or ()))
    )
    asyncio.run(_serve(settings, as_json))


async def _serve(settings: Settings, as_json: bool) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with Fleet(settings) as fleet:
        rows = {name: fleet.address(name) for name in fleet.cast.vendors}
        if as_json:
            print_json({"simulated": True, "key": settings.keys[0], "vendors": rows})
        else:
            out = console()
            out.print("[bold yellow]simulated vendors[/]: nothing here is a real model")
            for name, address in rows.items():
                models = ", ".join(each.name for each in fleet.cast.models(name))
                out.print(f"  {name:<12} {address:<32} {models}")
            out.print(f"  key: {settings.keys[0]}   faults: send the header x-simulate-fault: 503")
        await stopped.wait()
