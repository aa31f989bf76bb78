"""The server as a process: opens the house, binds, serves, drains, closes.

`run` is what `teppan serve` calls; `running` is the same inside a loop that has other things to
do (the demo, tests).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from socket import socket

import uvloop

from teppan.build import House, open_house
from teppan.build.review import open_reviewing
from teppan.config.schema import Settings
from teppan.core.clock import Clock, SystemClock
from teppan.core.ids import new_id
from teppan.serve.feedback.corrections import CorrectionDesk
from teppan.serve.feedback.outcomes import OutcomeDesk
from teppan.serve.feedback.pace import in_memory
from teppan.server.answering import Limits
from teppan.server.app import Beside, Said, assemble
from teppan.server.auth import Door
from teppan.server.edge import Edge
from teppan.server.mcp.offering import open_desk
from teppan.server.replays import Replays
from teppan.server.run import Bind, check_bind, listen, serve

Announce = Callable[[House, str], None]
Alongside = Callable[[House], AbstractAsyncContextManager[object]]
"""What is done in the same process while it serves."""

PRIVATE = 0o077
"""Files made by the gateway are its user's own."""


def run(
    settings: Settings, announce: Announce, alongside: Alongside = lambda house: nullcontext()
) -> None:
    """Serves until SIGTERM or SIGINT, then drains. Raises `ConfigError` before it binds."""
    os.umask(PRIVATE)
    uvloop.run(_run(settings, announce, alongside))


async def _run(settings: Settings, announce: Announce, alongside: Alongside) -> None:
    async with open_house(settings) as house:
        edge, bind, listening = await _prepared(house)
        address = _address(bind, listening)
        async with alongside(house):
            await serve(edge, bind, listening, lambda: announce(house, address))


@asynccontextmanager
async def running(
    settings: Settings, clock: Clock | None = None, environment: Mapping[str, str] = os.environ
) -> AsyncIterator[tuple[House, str]]:
    """A gateway that serves while the block runs: its house and its address.

    A `clock` of one's own dates what happens and lets a month pass in a minute.
    """
    async with open_house(settings, clock, environment) as house:
        edge, bind, listening = await _prepared(house)
        ready = asyncio.Event()
        serving = asyncio.create_task(serve(edge, bind, listening, ready.set))
        try:
            waiting = asyncio.create_task(ready.wait())
            await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                waiting.cancel()
                serving.result()
            yield house, _address(bind, listening)
        finally:
            edge.drain.begin()
            serving.cancel()
            await asyncio.wait({serving})


async def _prepared(house: House) -> tuple[Edge, Bind, socket]:
    settings = house.settings.server
    bind = Bind(settings.host, settings.port, settings.drain)
    check_bind(bind, has_key=await house.store.keys.any())
    clock = SystemClock()
    door = Door(
        house.store.keys,
        require_key=settings.require_key,
        allowed_hosts=settings.allowed_hosts,
        welcomes=house.store.keys.welcomes,
    )
    offered = open_desk(house.gateway, house.offers.known, house.pack, house.offers.limits)
    edge = assemble(
        house.gateway,
        door,
        clock=clock,
        new_id=new_id,
        limits=Limits(settings.body_limit, settings.keep_alive),
        replays=Replays(house.store.idempotency),
        beside=Beside(
            _said(house, clock),
            house.store.escalations,
            offered,
            settings.allowed_hosts,
            open_reviewing(house.settings, house.pack, house.store),
        ),
        checks={"database": house.store.check},
    )
    return edge, bind, listen(bind)


def _said(house: House, clock: Clock) -> Said:
    store = house.store
    return Said(
        house.desk,
        OutcomeDesk(store.outcomes, store.targets),
        CorrectionDesk(store.corrections, store.targets),
        in_memory(clock),
    )


def _address(bind: Bind, listening: socket) -> str:
    host = f"[{bind.host}]" if ":" in bind.host else bind.host
    return f"http://{host}:{listening.getsockname()[1]}"
