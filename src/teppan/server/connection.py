"""One client connection: uvicorn's HTTP/1.1 protocol, with the limits it lacks.

The head of a request has a size and a time; a request that is not HTTP is told so in JSON.
"""

from __future__ import annotations

import asyncio

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT = 64 * 1024
"""Bytes of the request line and headers together; what the last read brought may exceed it."""

HEAD_PATIENCE = 30.0
"""Seconds from the first byte of a request to the end of its headers."""


class Connection(HttpToolsProtocol):
    """Counts what arrives before the headers are complete, and how long it takes."""

    _head = 0
    _in_head = True
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            if self._head > HEAD_LIMIT:
                self.send_400_response("The head of the request is too large.")
                return
            self._head += len(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        if self._timer is None:
            self._wait()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head = 0
        self._stop_waiting()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """In the words of the plain error format: nobody knows yet what the client speaks."""
        error = {
            "message": msg,
            "type": "invalid_request_error",
            "param": None,
            "code": "invalid_http",
        }
        body = orjson.dumps({"error": error})
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
            b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )
        self.transport.close()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(HEAD_PATIENCE, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.close()
