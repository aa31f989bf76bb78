"""The protocol over stdin and stdout, for a program on this machine that starts `teppan mcp`.

One message a line, several in work at a time. Whoever closes stdin ends it all.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from teppan.core.chat import Json
from teppan.core.errors import BadRequest
from teppan.core.ids import NewId, Scope
from teppan.serve.agents.mcp.protocol import INTERNAL_ERROR, INVALID_REQUEST, PARSE_ERROR
from teppan.server import strict_json
from teppan.server.errors import typed
from teppan.server.mcp.desk import Desk
from teppan.server.mcp.endpoint import BODY
from teppan.server.mcp.messages import Asked, Fault, Id, answer, id_of, read, refusal

AT_ONCE = 16
"""Requests in work; the next line is read when one of them is done."""

Write = Callable[[bytes], Awaitable[None]]


class Lines:
    """Answers the lines of one client, all under one scope."""

    def __init__(self, desk: Desk, scope: Scope, write: Write, new_id: NewId) -> None:
        self._desk = desk
        self._scope = scope
        self._write = write
        self._new_id = new_id
        self._places = asyncio.Semaphore(AT_ONCE)
        self._work: dict[Id, asyncio.Task[None]] = {}

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Until the lines end; what is still in work then is cancelled."""
        try:
            while line := await _line(reader):
                await self._take(line)
        finally:
            left = list(self._work.values())
            for task in left:
                task.cancel()
            if left:
                await asyncio.wait(left)

    async def _take(self, line: bytes) -> None:
        told: dict[str, Json] = {}
        try:
            told = _parsed(line)
            asked = read(told, None)
        except Fault as fault:
            await self._say(refusal(id_of(told), fault))
            return
        if asked.id is None:
            self._note(asked)
        elif asked.id in self._work:
            await self._say(refusal(asked.id, Fault(INVALID_REQUEST, "this `id` is in use")))
        else:
            await self._places.acquire()
            task = self._work[asked.id] = asyncio.create_task(self._answer(asked.id, asked))
            task.add_done_callback(partial(self._done, asked.id))

    def _done(self, id: Id, _: asyncio.Task[None]) -> None:
        self._places.release()
        self._work.pop(id, None)

    def _note(self, asked: Asked) -> None:
        """Of notifications, only that a request is not wanted any more concerns us."""
        if asked.method == "notifications/cancelled":
            id = id_of({"id": asked.params.get("requestId")})
            task = self._work.get(id) if id is not None else None
            if task is not None:
                task.cancel()

    async def _answer(self, id: Id, asked: Asked) -> None:
        work = asyncio.create_task(self._desk.answer(asked, self._scope))
        try:
            await asyncio.wait((work,))
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait((work,))
            raise
        error = work.exception()
        if isinstance(error, Fault):
            await self._say(refusal(id, error))
        elif isinstance(error, Exception):
            fault = Fault(INTERNAL_ERROR, typed(error, self._new_id("req")).message)
            await self._say(refusal(id, fault))
        else:
            await self._say(answer(id, work.result()))

    async def _say(self, message: dict[str, Json]) -> None:
        await self._write(msgspec.json.encode(message) + b"\n")


async def serve_stdio(desk: Desk, scope: Scope, new_id: NewId) -> None:
    """Serves the program that started this one, until it closes stdin."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=BODY)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def write(line: bytes) -> None:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()

    await Lines(desk, scope, write, new_id).serve(reader)


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next line; empty at the end, and where one is longer than a message may be."""
    try:
        return await reader.readline()
    except ValueError:
        return b""


def _parsed(line: bytes) -> dict[str, Json]:
    try:
        return strict_json.parse(line)
    except BadRequest as error:
        raise Fault(PARSE_ERROR, error.message) from None
