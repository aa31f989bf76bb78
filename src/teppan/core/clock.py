"""Time and chance, handed in where they are needed so that tests can own them.

Timeouts and latencies use `monotonic`, which no clock change can move; stamps that people read
use `now`.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since 1970, UTC."""

    def monotonic(self) -> float:
        """Seconds that only grow; for intervals and deadlines."""

    async def sleep(self, seconds: float) -> None: ...


class Dice(Protocol):
    def random(self) -> float:
        """Uniform in [0, 1)."""


class SystemClock:
    """The machine's own clocks."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class FixedClock:
    """A clock that moves only when told, or when somebody sleeps; `slept` is what they asked."""

    def __init__(self, start: float = 1_763_700_000.0) -> None:
        self.time = start
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)


def system_dice() -> Dice:
    """Unseeded chance, for production."""
    return random.SystemRandom()


def seeded_dice(seed: int) -> Dice:
    """The same throws every time."""
    return random.Random(seed)
