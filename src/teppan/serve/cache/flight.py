"""Single flight: of many who ask the same at once, one asks the model and the others wait.

When the one fails or leaves, another takes its place; nobody is given its error. When its answer
may not be given to others, they all go on alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Literal

from msgspec import Struct

from teppan.core.chat import Completion
from teppan.core.money import Micros

Role = Literal["lead", "alone"]


class Landed(Struct, frozen=True):
    """An answer that others may have too."""

    completion: Completion
    served: str
    trace_id: str
    cost: Micros | None


Outcome = Landed | Role


class Flights:
    """Who waits for whom, by key."""

    def __init__(self) -> None:
        self._open: dict[str, deque[asyncio.Future[Outcome]]] = {}

    def __len__(self) -> int:
        return len(self._open)

    async def board(self, key: str, patience: float) -> Outcome:
        """`lead` for the first; it must call `land`, `leave` or `fail`. The others wait."""
        waiting = self._open.get(key)
        if waiting is None:
            self._open[key] = deque()
            return "lead"
        seat: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        waiting.append(seat)
        try:
            async with asyncio.timeout(patience):
                return await asyncio.shield(seat)
        except TimeoutError:
            return self._left(key, seat, "alone")
        except asyncio.CancelledError:
            if self._left(key, seat, "alone") == "lead":
                self.fail(key)
            raise

    def land(self, key: str, landed: Landed) -> None:
        """Everyone who waits has this answer."""
        self._end(key, landed)

    def leave(self, key: str) -> None:
        """There is nothing to share: everyone goes on alone."""
        self._end(key, "alone")

    def fail(self, key: str) -> None:
        """One of those who wait leads now."""
        waiting = self._open.get(key)
        while waiting:
            seat = waiting.popleft()
            if not seat.done():
                seat.set_result("lead")
                return
        self._open.pop(key, None)

    def _end(self, key: str, outcome: Outcome) -> None:
        for seat in self._open.pop(key, ()):
            if not seat.done():
                seat.set_result(outcome)

    def _left(self, key: str, seat: asyncio.Future[Outcome], otherwise: Role) -> Outcome:
        """What had already been said to one who stops waiting."""
        if seat.done():
            return seat.result()
        seat.cancel()
        waiting = self._open.get(key)
        if waiting is not None and seat in waiting:
            waiting.remove(seat)
        return otherwise
