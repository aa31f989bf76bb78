"""What the store does by itself, now and then, while it is open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from teppan.core.errors import TeppanError

Action = Callable[[], Awaitable[object]]


class Upkeep:
    """Runs each action every so many seconds, until closed.

    An action that fails is tried again at its next turn; `failures` says what failed last.
    """

    def __init__(self) -> None:
        self.failures: dict[str, str] = {}
        self._closing = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def every(self, seconds: float, name: str, action: Action) -> None:
        task = asyncio.create_task(self._repeat(seconds, name, action), name=f"store-{name}")
        self._tasks.append(task)

    async def _repeat(self, seconds: float, name: str, action: Action) -> None:
        while not self._closing.is_set():
            try:
                await action()
            except TeppanError as error:
                self.failures[name] = error.message
            else:
                self.failures.pop(name, None)
            try:
                async with asyncio.timeout(seconds):
                    await self._closing.wait()
            except TimeoutError:
                continue

    async def close(self) -> None:
        """Let a running action end; start no other."""
        self._closing.set()
        await asyncio.gather(*self._tasks)
