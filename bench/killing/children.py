"""The processes that are killed, and what they had acknowledged."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Protocol

from teppan.core.ids import Scope
from teppan.store import Store

APPENDER = Path(__file__).parent / "appender.py"
STARTING_SECONDS = 60.0

Ack = tuple[str, int | None]
"""The id of a ledger row, or of the request it belongs to, and its cost."""


class Child(Protocol):
    """Something that can be killed. `database` outlives it."""

    name: str
    database: Path

    async def live_and_die(self, cycle: int, acks: int, moment: float) -> list[Ack]:
        """Start, work until `acks` acknowledgements and `moment` seconds more, kill -9."""

    async def recorded(self) -> list[Ack]:
        """What the store knows, after all."""


class Appender:
    """A small program that writes through the store, on asyncio, sixteen at a time."""

    name = "store"
    mode: tuple[str, ...] = ()

    def __init__(self, folder: Path) -> None:
        self.database = folder / "teppan.db"

    async def live_and_die(self, cycle: int, acks: int, moment: float) -> list[Ack]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(APPENDER),
            str(self.database),
            f"cycle{cycle:03}",
            *self.mode,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(STARTING_SECONDS):
                ready = await process.stdout.readline()
                assert ready == b"ready\n", "the child did not start"
                lines = [await process.stdout.readline() for _ in range(acks)]
            await asyncio.sleep(moment)
        finally:
            process.kill()
        # What was in the pipe when the child died had been acknowledged as well.
        rest = await process.stdout.read()
        await process.wait()
        lines += [line for line in rest.splitlines(keepends=True) if line.endswith(b"\n")]
        return [_ack(line) for line in lines]

    async def recorded(self) -> list[Ack]:
        store = await Store.open(self.database)
        try:
            calls = await store.ledger.list(Scope("tenant", "key"), limit=10_000_000)
        finally:
            await store.close()
        return [(call.id, call.cost) for call in calls]


class NaiveAppender(Appender):
    """The same, but it acknowledges first and writes then."""

    name = "naive"
    mode = ("naive",)


def _ack(line: bytes) -> Ack:
    id, cost = line.split()
    return id.decode(), int(cost)
