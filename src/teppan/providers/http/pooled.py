"""Our own outbound client: HTTP/1.1 over pooled connections, for one event loop.

Each `send` finds the origin's pool, takes a connection, writes the request and waits for the head
of the answer. Clocks are looked at every `TICK` seconds for all busy connections together: a
timer per request and phase would cost more than reading an answer does.

It speaks to origins directly; where a proxy is configured, `aiohttp.py` is used instead.
"""

from __future__ import annotations

import asyncio
import ssl

from teppan.core.errors import ProviderTimeout
from teppan.providers.http.base import HttpRequest, HttpResponse, Limits
from teppan.providers.http.connection import ClosedUnanswered
from teppan.providers.http.pool import Pool
from teppan.providers.http.wire import Address, Origin, address, head, may_repeat

TICK = 0.05
_KNOWN_ADDRESSES = 1024


class PooledOutbound:
    """An `Outbound`. Certificates are checked against the system's authorities, or those that
    the environment variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name."""

    def __init__(self, limits: Limits | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._limits = limits or Limits()
        self._tls = tls
        self._pools: dict[Origin, Pool] = {}
        self._addresses: dict[str, Address] = {}
        self._ticking: asyncio.TimerHandle | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        to = self._address(request.url)
        written = head(request, to)
        pool = self._pool(to.origin)
        clocks = request.clocks
        loop = asyncio.get_running_loop()
        total_at = loop.time() + clocks.total
        fresh = False
        while True:
            left = total_at - loop.time()
            if left <= 0:
                raise ProviderTimeout(clock="total")
            connection = await pool.acquire(clocks.connect, left, fresh=fresh)
            if self._ticking is None:
                self._ticking = loop.call_later(TICK, self._tick)
            try:
                return await connection.exchange(written, request.body, clocks, total_at)
            except ClosedUnanswered:
                stale = connection.exchanges > 1
                if fresh or not stale or not may_repeat(request):
                    raise
                fresh = True

    async def close(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
        for pool in self._pools.values():
            pool.close()
        await asyncio.sleep(0)

    def _address(self, url: str) -> Address:
        known = self._addresses.get(url)
        if known is None:
            if len(self._addresses) >= _KNOWN_ADDRESSES:
                self._addresses.clear()
            known = self._addresses[url] = address(url)
        return known

    def _pool(self, origin: Origin) -> Pool:
        pool = self._pools.get(origin)
        if pool is None:
            tls = self._verified() if origin.tls else None
            pool = self._pools[origin] = Pool(origin, tls, self._limits)
        return pool

    def _verified(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        busy = [pool.check_clocks(now) for pool in self._pools.values()]
        self._ticking = loop.call_later(TICK, self._tick) if any(busy) else None
