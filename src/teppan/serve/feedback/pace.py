"""How often a browser's key may speak: in all, and each source that names itself.

A key in a page is public, so whoever has it may try to flood the gateway. Counted by each gateway
for itself; keys of the business have the limits of `[limits]` and no others.
"""

from __future__ import annotations

from typing import Protocol

from msgspec.structs import replace

from teppan.core.chat import ChatRequest
from teppan.core.clock import Clock
from teppan.core.ids import Scope
from teppan.cost.limits import Counter, Limits, Rule

KEY = (Rule("requests", 600, "minute", "key"), Rule("requests", 50_000, "day", "key"))
SOURCE = (Rule("requests", 20, "minute", "key"), Rule("requests", 200, "day", "key"))
_NOTHING = ChatRequest(model="", messages=())
"""Limits of requests do not look at what is asked."""


class Pace(Protocol):
    async def take(self, scope: Scope) -> None:
        """Counts a request of a key. Raises `RateLimited`."""

    async def hear(self, scope: Scope, user: str) -> None:
        """Counts a statement of a user who names themselves. Raises `RateLimited`."""


class BrowserPace:
    """Counts what feedback keys send; other keys pass."""

    def __init__(self, counter: Counter, clock: Clock) -> None:
        self._keys = Limits(KEY, counter, None, clock)
        self._sources = Limits(SOURCE, counter, None, clock)

    async def take(self, scope: Scope) -> None:
        if scope.role == "feedback":
            await self._keys.take(scope, _NOTHING)

    async def hear(self, scope: Scope, user: str) -> None:
        if scope.role == "feedback" and user:
            await self._sources.take(replace(scope, key_id=f"{scope.key_id}/{user}"), _NOTHING)


def in_memory(clock: Clock) -> BrowserPace:
    """A pace of this process's own."""
    from limits.aio.storage import MemoryStorage

    return BrowserPace(MemoryStorage(), clock)
