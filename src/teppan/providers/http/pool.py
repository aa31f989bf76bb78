"""The connections to one origin: taken, given back, and never more than so many."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque

from teppan.core.errors import ProviderTimeout, ProviderUnreachable
from teppan.providers.http.base import Limits
from teppan.providers.http.connection import Connection
from teppan.providers.http.wire import Origin


class Pool:
    """Last in, first out, so that few connections stay warm and the rest grow old and close."""

    def __init__(self, origin: Origin, tls: ssl.SSLContext | None, limits: Limits) -> None:
        self._origin = origin
        self._tls = tls
        self._limits = limits
        self._idle: deque[Connection] = deque()
        self._all: set[Connection] = set()
        self._opening = 0
        self._waiters: deque[asyncio.Future[None]] = deque()

    async def acquire(self, connect: float, total: float, *, fresh: bool = False) -> Connection:
        """A connection that is open as far as anyone can tell; `fresh` never served before.

        `connect` is how many seconds opening one may take, `total` how many may be spent here
        at most, waiting for a place among the connections included. Raises `ProviderTimeout`
        and `ProviderUnreachable`.
        """
        if not fresh and (connection := self._reusable()) is not None:
            return connection
        try:
            async with asyncio.timeout(total):
                return await self._wait_or_open(connect, fresh=fresh)
        except TimeoutError:
            raise ProviderTimeout(clock="total") from None

    def _reusable(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable():
                return connection
            connection.abort()
        return None

    async def _wait_or_open(self, connect: float, *, fresh: bool) -> Connection:
        while len(self._all) + self._opening >= self._limits.connections_per_host:
            if fresh and self._idle:
                self._idle.popleft().abort()
            await self._wait()
            if not fresh and (connection := self._reusable()) is not None:
                return connection
        self._opening += 1
        try:
            async with asyncio.timeout(connect):
                return await self._open()
        except TimeoutError:
            raise ProviderTimeout(clock="connect") from None
        finally:
            self._opening -= 1
            self._wake_one()

    async def _wait(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._wake_one()  # our turn came as we left: pass it on
            raise
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _wake_one(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def _open(self) -> Connection:
        loop = asyncio.get_running_loop()
        host = self._origin.host
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self._limits, self._freed, self._lost),
                host,
                self._origin.port,
                ssl=self._tls,
                server_hostname=host if self._tls else None,
            )
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or "handshake failed"
            raise ProviderUnreachable(f"TLS with {host}: {reason}") from None
        except (OSError, UnicodeError) as error:
            cause = getattr(error, "strerror", None) or type(error).__name__
            raise ProviderUnreachable(f"Cannot connect to {host}: {cause}") from None
        self._all.add(connection)
        return connection

    def _freed(self, connection: Connection) -> None:
        self._idle.append(connection)
        oldest = self._idle[0]
        if len(self._idle) > self._limits.idle_connections_per_host or not oldest.usable():
            self._idle.popleft().abort()
        self._wake_one()

    def _lost(self, connection: Connection) -> None:
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._wake_one()

    def check_clocks(self, now: float) -> bool:
        """Fails what has waited too long; False when there is nothing to look after."""
        busy = False
        for connection in tuple(self._all):
            busy = connection.check_clocks(now) or busy
        return busy

    def close(self) -> None:
        for connection in tuple(self._all):
            connection.abort()
        self._idle.clear()
