"""A server that is a service of this machine: each message a POST of its own.

The answer is JSON, or a stream of events of which one is the answer. No redirect is followed and
no proxy asked. Whoever stops waiting closes the connection, which cancels the request.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from itertools import count

import msgspec

from teppan.core.chat import Json
from teppan.core.errors import ProviderError, ProviderTimeout, TeppanError
from teppan.providers.base import Clocks
from teppan.providers.http import HttpRequest, HttpResponse, Outbound
from teppan.providers.sse import SseParser
from teppan.serve.agents.mcp.link import MESSAGE, McpFailed, McpRefused, McpTimeout, result_of
from teppan.serve.agents.mcp.protocol import SESSION_HEADER, request_headers

FAREWELL = 1.0
"""Seconds for telling a server of an older revision that its session is over."""

_BASE = (("content-type", "application/json"), ("accept", "application/json, text/event-stream"))
_SESSION = re.compile(r"[\x21-\x7e]{1,512}")


class HttpLink:
    """See `link.Link`. `outbound` must go straight to the address, without a proxy."""

    def __init__(self, name: str, url: str, outbound: Outbound) -> None:
        self.alive = True
        self._name = name
        self._url = url
        self._outbound = outbound
        self._ids = count(1)
        self._session: tuple[tuple[str, str], ...] = ()

    async def request(
        self,
        method: str,
        params: Mapping[str, Json],
        *,
        version: str,
        seconds: float,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Json]:
        id = next(self._ids)
        body = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
        told = {**request_headers(method, params, version), **(headers or {})}
        response = await self._send("POST", told, msgspec.json.encode(body), seconds)
        try:
            async with asyncio.timeout(seconds):
                message = await self._message(response, id)
        except (TimeoutError, ProviderTimeout):
            raise self._too_long() from None
        except ProviderError:
            raise McpFailed(f"the server `{self._name}` broke off its answer") from None
        finally:
            await response.close()
        if method == "initialize":
            self._begin(response.headers.get(SESSION_HEADER, ""))
        return result_of(message)

    async def notify(self, method: str, *, version: str) -> None:
        body = msgspec.json.encode({"jsonrpc": "2.0", "method": method})
        told = request_headers(method, {}, version)
        response = await self._send("POST", told, body, Clocks().connect)
        await response.close()
        if not 200 <= response.status < 300:
            raise McpFailed(f"the server `{self._name}` answered with HTTP {response.status}")

    async def close(self) -> None:
        self.alive = False
        if not self._session:
            return
        try:
            response = await self._send("DELETE", {}, b"", FAREWELL)
            await response.close()
        except McpFailed:  # it was told, or it is gone: nothing hangs on it
            return

    async def _send(
        self, method: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> HttpResponse:
        if not self.alive and method != "DELETE":
            raise McpFailed(f"the connection to the server `{self._name}` is closed")
        clocks = Clocks(connect=seconds, first_token=seconds, idle=seconds, total=seconds)
        request = HttpRequest(
            method, self._url, (*_BASE, *self._session, *headers.items()), body, clocks
        )
        try:
            return await self._outbound.send(request)
        except ProviderTimeout:
            raise self._too_long() from None
        except TeppanError:
            raise McpFailed(f"the server `{self._name}` cannot be reached") from None

    async def _message(self, response: HttpResponse, id: int) -> dict[str, Json]:
        """The answer to a request; other messages on its stream concern us not."""
        status, media = response.status, response.headers.get("content-type", "")
        if 300 <= status < 400:
            raise McpFailed(f"the server `{self._name}` sends us elsewhere, which is not followed")
        if status == 404 and self._session:
            self.alive = False
            raise McpFailed(f"the server `{self._name}` has forgotten the session")
        if status == 200 and media.partition(";")[0].strip().lower() == "text/event-stream":
            return await self._of_stream(response, id)
        message = _answer(await response.read(MESSAGE), id)
        if message is not None and (status == 200 or "error" in message):
            return message
        if status == 200:
            raise McpFailed(f"the server `{self._name}` answered something else than was asked")
        raise McpRefused(status, f"the server `{self._name}` answered with HTTP {status}")

    async def _of_stream(self, response: HttpResponse, id: int) -> dict[str, Json]:
        parser = SseParser(MESSAGE)
        async for chunk in response.chunks():
            for event in parser.feed(chunk):
                message = _answer(event.data, id)
                if message is not None:
                    return message
        raise McpFailed(f"the server `{self._name}` ended its stream without an answer")

    def _begin(self, session: str) -> None:
        if _SESSION.fullmatch(session):
            self._session = ((SESSION_HEADER, session),)

    def _too_long(self) -> McpTimeout:
        return McpTimeout(f"the server `{self._name}` took too long")


def _answer(body: bytes, id: int) -> dict[str, Json] | None:
    """The response to this request among what was sent; one without an id is an error about it."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    for message in told if isinstance(told, list) else (told,):
        if not isinstance(message, dict) or "method" in message:
            continue
        if message.get("id") == id and ("result" in message or "error" in message):
            return message
        if message.get("id") is None and "error" in message:
            return message
    return None
