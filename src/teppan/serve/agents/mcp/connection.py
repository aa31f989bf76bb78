"""The way to one server: opened when it is first needed, and again when it was lost.

A call is never sent twice: a server that died may have done what it was asked. After a failure
the server rests, twice as long each time; whoever calls meanwhile is told so at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from teppan.core.chat import Json
from teppan.core.clock import Clock
from teppan.serve.agents.mcp.link import Link, McpFailed, McpRefused, McpTimeout
from teppan.serve.agents.mcp.session import Session

FIRST_REST, LONGEST_REST = 1.0, 60.0
"""Seconds after the first failure, and at most."""
SILENCES = 3
"""Calls in a row that a server may leave without an answer before it is started anew."""


class Connection:
    """`start` makes a link; `seconds` is how long a server may take until its tools are known."""

    def __init__(
        self, name: str, seconds: float, start: Callable[[], Awaitable[Link]], clock: Clock
    ) -> None:
        self._name = name
        self._seconds = seconds
        self._start = start
        self._clock = clock
        self._session: Session | None = None
        self._opening: asyncio.Task[Session] | None = None
        self._failures = self._silences = 0
        self._rests_until = 0.0
        self._closed = False

    @property
    def failing(self) -> bool:
        """Whether the last that was heard of the server is that it failed."""
        return self._failures > 0

    async def session(self, seconds: float) -> Session:
        """An open session; several who ask at once share the opening, which goes on when one of
        them waits no longer. Raises `McpFailed`."""
        if self._closed:
            raise McpFailed(f"the server `{self._name}` is closed")
        if self._session is not None and self._session.link.alive:
            return self._session
        if self._opening is None:
            left = self._rests_until - self._clock.monotonic()
            if left > 0:
                raise McpFailed(f"the server `{self._name}` failed and rests {left:.0f} seconds")
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(_seen)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._opening)
        except TimeoutError:
            raise McpTimeout(f"the server `{self._name}` took too long to begin") from None

    async def call(
        self, tool: str, arguments: Mapping[str, Json], seconds: float
    ) -> dict[str, Json]:
        """The server's result. Raises `McpFailed`; a call that is sent has `seconds`."""
        session = await self.session(seconds)
        try:
            result = await session.call(tool, arguments, seconds)
        except McpRefused:
            self._failures = self._silences = 0
            raise
        except McpTimeout:
            self._silences += 1
            if self._silences >= SILENCES:
                await self._lose(session)
            raise
        except McpFailed:
            await self._lose(session)
            raise
        self._failures = self._silences = 0
        return result

    async def close(self) -> None:
        """Ends the server, also one that is just being started."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait((self._opening,))
        await self._drop()

    async def _open(self) -> Session:
        try:
            await self._drop()
            link = await self._start()
            try:
                self._session = await Session.open(link, self._name, self._seconds)
            except BaseException:
                await link.close()
                raise
            return self._session
        except McpFailed:
            self._rest()
            raise
        finally:
            self._opening = None

    async def _lose(self, session: Session) -> None:
        """This session is of no use any more; of several who find that, the first counts it."""
        if self._session is session:
            self._rest()
            await self._drop()

    async def _drop(self) -> None:
        session, self._session = self._session, None
        self._silences = 0
        if session is not None:
            await session.link.close()

    def _rest(self) -> None:
        rest = min(FIRST_REST * 2 ** min(self._failures, 16), LONGEST_REST)
        self._failures += 1
        self._rests_until = self._clock.monotonic() + rest


def _seen(opening: asyncio.Task[Session]) -> None:
    """An opening nobody waits for any more may fail without a word."""
    if not opening.cancelled():
        opening.exception()
