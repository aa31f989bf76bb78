"""The outbound client on aiohttp: used where the environment names a proxy.

It costs several times the processor time of `pooled.py` per request
(docs/decisions/outbound-client.md) and earns its place by what that one leaves out: HTTP(S)_PROXY
and NO_PROXY, with CONNECT and proxy credentials.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Mapping
from typing import TypeVar

import aiohttp

from teppan.core.errors import (
    BadRequest,
    Clock,
    ProviderBadAnswer,
    ProviderError,
    ProviderTimeout,
    ProviderUnreachable,
    StreamIncomplete,
)
from teppan.providers.base import Clocks
from teppan.providers.http.base import DEFAULT_READ_LIMIT, HttpRequest, HttpResponse, Limits
from teppan.providers.http.wire import address, head

_NEVER_ADDED = ("Accept", "Accept-Encoding", "Content-Type")
_USER_AGENT = ("User-Agent", "teppan")
_T = TypeVar("_T")


class AiohttpOutbound:
    """An `Outbound`."""

    def __init__(self, limits: Limits | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._limits = limits or Limits()
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        head(request, address(request.url))  # the same requests are refused by both clients
        clocks = request.clocks
        total_at = asyncio.get_running_loop().time() + clocks.total
        sending = self._opened().request(
            request.method,
            request.url,
            data=request.body or None,
            headers=[*request.headers, _USER_AGENT],
            allow_redirects=False,
            skip_auto_headers=_NEVER_ADDED,
            timeout=aiohttp.ClientTimeout(connect=clocks.connect),
        )
        try:
            response = await _in_time(sending, clocks.first_token, "first_token", total_at)
        except aiohttp.ClientError as error:
            raise _ours(error) from None
        return _AiohttpResponse(response, clocks, total_at)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=0,
                limit_per_host=self._limits.connections_per_host,
                keepalive_timeout=self._limits.keep_alive_seconds,
                ssl=self._tls or ssl.create_default_context(),
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=True,
                max_line_size=self._limits.header_bytes,
                max_field_size=self._limits.header_bytes,
                read_bufsize=self._limits.buffer_bytes // 2,
            )
        return self._session


class _AiohttpResponse:
    """See `base.HttpResponse`."""

    def __init__(self, response: aiohttp.ClientResponse, clocks: Clocks, total_at: float) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = _joined(response)
        self._response = response
        self._clocks = clocks
        self._total_at = total_at

    async def read(self, limit: int = DEFAULT_READ_LIMIT) -> bytes:
        pieces: list[bytes] = []
        size = 0
        async for piece in self.chunks():
            size += len(piece)
            if size > limit:
                await self.close()
                raise ProviderBadAnswer(f"The vendor's answer is larger than {limit} bytes")
            pieces.append(piece)
        return b"".join(pieces)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        clock: Clock = "first_token"
        seconds = self._clocks.first_token
        try:
            while True:
                reading = self._response.content.readany()
                piece = await _in_time(reading, seconds, clock, self._total_at)
                if not piece:
                    return
                clock, seconds = "idle", self._clocks.idle
                yield piece
        except aiohttp.ClientError as error:
            raise _ours(error) from None
        finally:
            await self.close()

    async def close(self) -> None:
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


async def _in_time(work: Awaitable[_T], seconds: float, clock: Clock, total_at: float) -> _T:
    at = asyncio.get_running_loop().time() + seconds
    try:
        async with asyncio.timeout_at(min(at, total_at)):
            return await work
    except aiohttp.ServerTimeoutError:
        raise ProviderTimeout(clock="connect") from None
    except TimeoutError:
        raise ProviderTimeout(clock=clock if at < total_at else "total") from None


def _joined(response: aiohttp.ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, value in response.headers.items():
        name = raw_name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _ours(error: aiohttp.ClientError) -> ProviderError | BadRequest:
    if isinstance(error, aiohttp.InvalidURL):
        return BadRequest("Not an address")
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.ContentTypeError):
        return ProviderBadAnswer("The vendor's answer is not HTTP")
    if isinstance(error, aiohttp.ClientPayloadError):
        return StreamIncomplete()
    if isinstance(error, aiohttp.ClientConnectorError):
        return ProviderUnreachable(f"Cannot connect to {error.host}: {type(error).__name__}")
    return ProviderUnreachable("The vendor closed the connection without an answer")
