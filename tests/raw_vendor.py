"""A vendor played on a raw socket: a script says what each connection is answered, byte by byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from teppan.providers.base import Clocks
from teppan.providers.http.base import HttpRequest, Limits, Outbound

PATIENT = Clocks(connect=30.0, first_token=30.0, idle=30.0, total=60.0)
LIMITS = Limits(header_bytes=8192, buffer_bytes=32768, connections_per_host=8)
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Vendor:
    """A raw server: `script` plays one connection; what came and how it ended is written down."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.connections = 0
        self.hung_up = asyncio.Event()
        self.url = ""

    async def request(self, reader: asyncio.StreamReader) -> bytes:
        """Reads one request; empty when the client has gone."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            self.hung_up.set()
            return b""
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        self.requests.append(head + await reader.readexactly(length))
        return self.requests[-1]

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self.script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up.set()
        finally:
            writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Vendor]:
        server = await asyncio.start_server(self.play, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/chat"
        try:
            yield self
        finally:
            server.close()


def answering(*answers: bytes, then: str = "wait") -> Vendor:
    """Plays one answer a request on each connection; `then` "close"s or "wait"s for the client."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            if not await vendor.request(reader):
                return
            writer.write(answer)
            await writer.drain()
        if then == "wait":
            while await vendor.request(reader):
                writer.write(answers[-1])

    vendor = Vendor(script)
    return vendor


def whole(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def chunked(*pieces: bytes, end: bytes = b"0\r\n\r\n", head: str = "") -> bytes:
    start = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{head}\r\n".encode()
    return start + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + end


def post(vendor: Vendor, body: bytes = b"{}", clocks: Clocks = PATIENT) -> HttpRequest:
    return HttpRequest("POST", vendor.url, (("Authorization", "Bearer k"),), body, clocks)


async def fetch(client: Outbound, request: HttpRequest) -> tuple[int, bytes]:
    response = await client.send(request)
    return response.status, await response.read()
