"""A small HTTP/1.1 server that can also misbehave: every byte and every close is ours to choose.

uvicorn cannot half-send a header, reset a connection or write a body one byte at a time, so the
simulator has its own server on `asyncio.Protocol` and httptools (RFC 9112; one request at a time
per connection, pipelined requests wait).
"""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

import httptools

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, read whole; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Exchange:
    """The answering side of one request: raw writes with back-pressure, and ways to break off."""

    def __init__(self, connection: "Connection", request: Request) -> None:
        self.request = request
        self.bytes_sent = 0
        self.keep_alive = True
        self._connection = connection

    @property
    def gone(self) -> bool:
        """Whether the client has left; a send that failed tells it before the event loop does."""
        return self._connection.lost.is_set() or self._connection.transport.is_closing()

    async def write(self, data: bytes) -> None:
        """Send raw bytes; raises `ConnectionResetError` when the client has left."""
        if self.gone:
            raise ConnectionResetError("the client has left")
        transport = self._connection.transport
        transport.write(data)
        self.bytes_sent += len(data)
        await self._connection.writable.wait()

    async def wait_until_gone(self) -> None:
        """Say nothing more until the client leaves."""
        await self._connection.lost.wait()

    def close(self) -> None:
        """Close in the orderly way (FIN) after what was written."""
        self.keep_alive = False
        self._connection.transport.close()

    def reset(self) -> None:
        """Break the connection (RST)."""
        self.keep_alive = False
        transport = self._connection.transport
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()


Handler = Callable[[Exchange], Awaitable[None]]


class Connection(asyncio.Protocol):
    """One client connection: parses requests and runs the handler for each in turn."""

    def __init__(self, handler: Handler, open_connections: set["Connection"]) -> None:
        self.lost = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()
        self.transport: asyncio.Transport
        self._handler = handler
        self._open = open_connections
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []

    # --- transport ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._open.add(self)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.set()
        self.writable.set()
        self._open.discard(self)
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.transport.abort()
        except httptools.HttpParserError:
            self.transport.write(head(400, [("connection", "close"), ("content-length", "0")]))
            self.transport.close()

    # --- httptools ---

    def on_message_begin(self) -> None:
        self._url, self._headers, self._body = b"", {}, []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        key = name.decode("latin-1").lower()
        self._headers[key] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._headers.get("expect", "").lower() == "100-continue":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        parts = urlsplit(self._url.decode("latin-1"))
        self._waiting.append(
            Request(
                method=self._parser.get_method().decode("latin-1"),
                path=unquote(parts.path),
                query=dict(parse_qsl(parts.query)),
                headers=self._headers,
                body=b"".join(self._body),
            )
        )
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    # --- requests in turn ---

    async def _run(self) -> None:
        try:
            while self._waiting and not self.lost.is_set():
                request = self._waiting.popleft()
                exchange = Exchange(self, request)
                exchange.keep_alive = request.headers.get("connection", "").lower() != "close"
                await self._handler(exchange)
                if not exchange.keep_alive:
                    self.transport.close()
                    return
        except ConnectionResetError:
            self.transport.abort()
        finally:
            self._task = None


def head(status: int, headers: list[tuple[str, str]]) -> bytes:
    """The status line and headers of a response, with the empty line."""
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Overloaded"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


LAST_CHUNK = b"0\r\n\r\n"


class Listener:
    """A listening socket on the loopback that can be closed and opened again on its port."""

    def __init__(self, handler: Handler, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()

    @property
    def listening(self) -> bool:
        """Whether connections are accepted."""
        return self._server is not None

    async def open(self) -> None:
        """Start to accept; a port of 0 becomes the port the system chose."""
        if self._server is not None:
            return
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._handler, self._connections),
            self.host,
            self.port,
            reuse_address=True,
            backlog=1024,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop to accept and break every open connection; new ones are refused."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for connection in list(self._connections):
            connection.transport.abort()
        await asyncio.sleep(0)
