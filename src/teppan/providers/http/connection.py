"""One HTTP/1.1 connection of the pooled client: bytes in, one answer at a time out.

The parser is llhttp (by httptools). What it does not decide is decided here: interim answers are
skipped, trailers dropped, bytes nobody asked for end the connection, and a body without length
ends with the connection while any other body that does so was cut.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from typing import cast

import httptools

from teppan.core.errors import (
    ProviderBadAnswer,
    ProviderError,
    ProviderTimeout,
    ProviderUnreachable,
    StreamIncomplete,
)
from teppan.providers.base import Clocks
from teppan.providers.http.base import Limits
from teppan.providers.http.response import PooledResponse

_FIELD_OVERHEAD = 32  # what a header costs beyond its letters, as HTTP/2 counts it
_SURELY_OPEN_SECONDS = 1.0


class ClosedUnanswered(ProviderUnreachable):
    """The vendor closed the connection without a byte of an answer."""


class Connection(asyncio.Protocol):
    """`on_free` is called when the connection can serve again, `on_lost` when it is gone."""

    def __init__(
        self,
        limits: Limits,
        on_free: Callable[[Connection], None],
        on_lost: Callable[[Connection], None],
    ) -> None:
        self._limits = limits
        self._on_free = on_free
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[PooledResponse] | None = None
        self._response: PooledResponse | None = None
        self._clocks = Clocks()
        self._total_at = self._silent_at = 0.0
        self.exchanges = 0
        self.idle_since = self._loop.time()
        self.keep_alive = limits.keep_alive_seconds
        self._reset()

    def _reset(self) -> None:
        self._fields: list[tuple[bytes, bytes]] = []
        self._framing_bytes = 0  # headers, trailers, chunk sizes since the last bit of body
        self._progress = False
        self._answered = False  # a byte has come
        self._in_body = False  # the head is complete
        self._body_begun = False
        self._interim = False
        self._until_close = False
        self._paused = False

    # -- the client's side

    async def exchange(
        self, head: bytes, body: bytes, clocks: Clocks, total_at: float
    ) -> PooledResponse:
        """Sends one request and waits for the head of its answer; cancelling closes."""
        assert self._transport is not None
        self._reset()
        self.exchanges += 1
        self._clocks, self._total_at = clocks, total_at
        self._silent_at = self._loop.time() + clocks.first_token
        self._waiting = self._loop.create_future()
        self._transport.write(head + body if len(body) < 65536 else head)
        if len(body) >= 65536:
            self._transport.write(body)
        try:
            return await self._waiting
        except asyncio.CancelledError:
            self.abort()
            raise

    def usable(self) -> bool:
        """Still open, as far as can be known without sending anything."""
        if self._transport is None or self._transport.is_closing():
            return False
        idle = self._loop.time() - self.idle_since
        return idle < self.keep_alive and (idle < _SURELY_OPEN_SECONDS or not self._readable())

    def _readable(self) -> bool:
        """Whether the kernel holds something for an idle connection: most likely its end."""
        assert self._transport is not None
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def check_clocks(self, now: float) -> bool:
        """Fails the present exchange when one of its clocks has run out; False without one."""
        if self._waiting is None and self._response is None:
            return False
        if now >= self._total_at:
            self._fail(ProviderTimeout(clock="total"))
        elif now >= self._silent_at and not self._paused:
            self._fail(ProviderTimeout(clock="idle" if self._body_begun else "first_token"))
        return True

    def pause(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        self._paused = False
        self._silent_at = self._loop.time() + self._clocks.idle
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _fail(self, error: ProviderError) -> None:
        self._deliver_failure(error)
        self.abort()

    def _deliver_failure(self, error: ProviderError) -> None:
        waiting, response = self._waiting, self._response
        self._waiting = self._response = None
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)
        elif response is not None:
            response.fail(error)

    # -- the transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._waiting is None and self._response is None:
            self.abort()  # bytes nobody asked for
            return
        self._answered = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            # Garbage after a complete answer ends the connection, not the answer.
            self._fail(ProviderBadAnswer("The vendor's answer is not HTTP"))
            return
        if self._body_begun:
            self._silent_at = self._loop.time() + self._clocks.idle
        if not self._progress:
            self._count_framing(len(data))
        self._progress = False

    def connection_lost(self, error: Exception | None) -> None:
        if not self._answered:
            self._deliver_failure(ClosedUnanswered())
        elif self._until_close and self._in_body and error is None and self._response:
            self._response.finish()
            self._response = None
        else:
            self._deliver_failure(StreamIncomplete())
        self._transport = None
        self._on_lost(self)

    def _count_framing(self, count: int) -> None:
        self._framing_bytes += count
        if self._framing_bytes > self._limits.header_bytes:
            self._fail(ProviderBadAnswer("The vendor's headers are too large"))

    # -- the parser's side

    def on_message_begin(self) -> None:
        if self._waiting is None:
            self.abort()  # a second answer to one request

    def on_header(self, name: bytes, value: bytes) -> None:
        self._progress = True
        self._count_framing(len(name) + len(value) + _FIELD_OVERHEAD)
        if not self._in_body:  # else a trailer
            self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            self._interim = True
            return
        headers: dict[str, str] = {}
        for raw_name, raw_value in self._fields:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        self._until_close = "content-length" not in headers and "transfer-encoding" not in headers
        self._in_body = True
        waiting, self._waiting = self._waiting, None
        if waiting is None or waiting.done():
            return
        self._response = PooledResponse(self, status, headers, self._limits.buffer_bytes)
        waiting.set_result(self._response)

    def on_body(self, data: bytes) -> None:
        self._progress = self._body_begun = True
        self._framing_bytes = 0
        if self._response is not None:
            self._response.feed(data)

    def on_message_complete(self) -> None:
        if self._interim:
            self._interim = False
            self._fields = []
            return
        response, self._response = self._response, None
        if response is None:
            return
        response.finish()
        self.idle_since = self._loop.time()
        if self._paused:
            self.resume()
        if self._parser.should_keep_alive():
            self._note_keep_alive(response.headers.get("keep-alive", ""))
            self._on_free(self)
        else:
            self.abort()

    def _note_keep_alive(self, header: str) -> None:
        """`Keep-Alive: timeout=5` is a promise until then; one second is left for the way."""
        _, found, seconds = header.partition("timeout=")
        digits = seconds.partition(",")[0].strip()
        if found and digits.isdigit():
            self.keep_alive = min(self._limits.keep_alive_seconds, max(0.0, int(digits) - 1.0))
