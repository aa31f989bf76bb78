"""Leaving politely: no new work, a while for the open work, then an end that says so."""

from __future__ import annotations

import asyncio

from teppan.core.errors import ShuttingDown
from teppan.server.exchange import Exchange


class Drain:
    """Knows every open exchange. `closing` is what readiness and admission look at."""

    def __init__(self) -> None:
        self.closing = False
        self._open: set[Exchange] = set()
        self._empty = asyncio.Event()
        self._hurry = asyncio.Event()

    @property
    def open(self) -> int:
        return len(self._open)

    def enter(self, exchange: Exchange) -> None:
        self._open.add(exchange)

    def leave(self, exchange: Exchange) -> None:
        self._open.discard(exchange)
        if self.closing and not self._open:
            self._empty.set()

    def begin(self) -> None:
        """The first signal: new requests are refused. The second: open ones are ended now."""
        if self.closing:
            self._hurry.set()
        self.closing = True
        if not self._open:
            self._empty.set()

    async def finish(self, seconds: float, grace: float = 2.0) -> int:
        """Waits up to `seconds`, then ends what is still open; gives how many had to be ended."""
        await self._first_of(self._empty, self._hurry, seconds)
        left = list(self._open)
        for exchange in left:
            exchange.cut_short(ShuttingDown(retry_after=1.0))
        if left:
            await self._first_of(self._empty, self._empty, grace)
        return len(left)

    async def _first_of(self, one: asyncio.Event, other: asyncio.Event, seconds: float) -> None:
        tasks = [asyncio.create_task(event.wait()) for event in {one, other}]
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
