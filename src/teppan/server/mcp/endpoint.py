"""`POST /mcp`: the protocol over HTTP, one message at a time, without sessions.

The answer is JSON. Where the client takes a stream and an answer lets it wait, it becomes a stream
that breathes until the one event comes. Who closes the connection cancels the work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import msgspec
import orjson

from teppan.core.chat import Json
from teppan.core.errors import BadRequest, Forbidden, TeppanError
from teppan.core.ids import Scope
from teppan.serve.agents.mcp.protocol import (
    HEADER_MISMATCH,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    UNSUPPORTED_VERSION,
)
from teppan.server import strict_json
from teppan.server.answering import Limits
from teppan.server.auth import LOOPBACK_HOSTS
from teppan.server.errors import typed
from teppan.server.exchange import Exchange, with_json
from teppan.server.headers import STREAM_HEADERS, named
from teppan.server.mcp.desk import Desk
from teppan.server.mcp.messages import ROUTING, Asked, Fault, answer, id_of, read, refusal
from teppan.server.routes import Route

Answered = tuple[int, dict[str, Json]]
"""The status and the message that answer a request."""

PATH = "/mcp"
BODY = 1_000_000
"""Bytes of a message: a question and what was said before it."""
BREATH = b": being answered\n\n"

STATUS = {
    PARSE_ERROR: 400,
    INVALID_REQUEST: 400,
    INVALID_PARAMS: 400,
    HEADER_MISMATCH: 400,
    UNSUPPORTED_VERSION: 400,
    METHOD_NOT_FOUND: 404,
}


class Endpoint:
    """Serves the protocol. `hosts` are names under which pages may be that ask here."""

    def __init__(self, desk: Desk, limits: Limits, hosts: Collection[str] = ()) -> None:
        self._desk = desk
        self._limits = limits
        self._hosts = LOOPBACK_HOSTS | {host.lower() for host in hosts}

    async def __call__(self, exchange: Exchange, scope: Scope) -> None:
        self._check_origin(exchange)
        raw = await exchange.json_body(min(BODY, self._limits.body))
        told: dict[str, Json] = {}
        try:
            told = _parsed(raw)
            _refuse_doubles(exchange)
            asked = read(told, exchange.headers)
        except Fault as fault:
            await _respond(exchange, STATUS[fault.code], refusal(id_of(told), fault))
            return
        if asked.id is None:
            await exchange.respond(202, b"", named(exchange.request_id))
            return
        await self._answer(exchange, scope, asked)

    async def _answer(self, exchange: Exchange, scope: Scope, asked: Asked) -> None:
        exchange.watch(BREATH, self._limits.keep_alive)
        work = asyncio.create_task(self._work(scope, asked))
        try:
            if b"text/event-stream" in exchange.headers.get(b"accept", b"").lower():
                await asyncio.wait((work,), timeout=self._limits.keep_alive)
                if not work.done():
                    await exchange.begin_stream([*STREAM_HEADERS, *named(exchange.request_id)])
            await asyncio.wait((work,))
            status, message = _ended(work, asked, exchange.request_id)
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait((work,))
            if exchange.ending is None or not exchange.streaming:
                raise
            message = refusal(asked.id, _fault(exchange.ending))
        if exchange.streaming:
            event = b"event: message\ndata: " + msgspec.json.encode(message) + b"\n\n"
            await exchange.write(event, last=True)
        else:
            await _respond(exchange, status, message)

    async def _work(self, scope: Scope, asked: Asked) -> Answered:
        try:
            found = await self._desk.answer(asked, scope)
        except Fault as fault:
            # older revisions give the status 200 to whatever is answered by a message
            status = STATUS.get(fault.code, 400) if asked.modern else 200
            return status, refusal(asked.id, fault)
        return 200, answer(asked.id, found)

    def _check_origin(self, exchange: Exchange) -> None:
        """A page of another site must not speak through its visitor's browser."""
        origin = exchange.headers.get(b"origin")
        if origin is None:
            return
        _, _, site = origin.decode("latin-1").lower().partition("://")
        host, colon, port = site.rpartition(":")
        if (host if colon and port.isdigit() else site) not in self._hosts:
            raise Forbidden("pages of other sites may not use this address")


def _ended(work: asyncio.Task[Answered], asked: Asked, request_id: str) -> Answered:
    """What came of the work, also where it broke in a way that nobody foresaw."""
    error = work.exception()
    if isinstance(error, Exception):
        fault = Fault(INTERNAL_ERROR, typed(error, request_id).message)
        return 500, refusal(asked.id, fault)
    return work.result()


def route(desk: Desk, limits: Limits, hosts: Collection[str] = ()) -> Route:
    """The one route of the protocol; every key may use it, with its own rights."""
    return Route("POST", PATH, "user", Endpoint(desk, limits, hosts), refused)


def refused(error: TeppanError, request_id: str) -> bytes:
    """An error from before a message was read: the code is the status of HTTP."""
    return orjson.dumps(refusal(None, _fault(error)))


def _fault(error: TeppanError) -> Fault:
    code = INVALID_REQUEST if isinstance(error, BadRequest) else error.status
    return Fault(code, error.message)


def _parsed(raw: bytes) -> dict[str, Json]:
    try:
        return strict_json.parse(raw)
    except BadRequest as error:
        batch = raw.lstrip()[:1] == b"["
        message = "send one message at a time" if batch else error.message
        raise Fault(INVALID_REQUEST if batch else PARSE_ERROR, message) from None


def _refuse_doubles(exchange: Exchange) -> None:
    names = [name for name, _ in exchange.scope["headers"]]
    for header in ROUTING:
        if names.count(header.encode()) > 1:
            raise Fault(HEADER_MISMATCH, f"the header `{header}` is there twice")


async def _respond(exchange: Exchange, status: int, message: dict[str, Json]) -> None:
    headers = with_json(named(exchange.request_id))
    await exchange.respond(status, msgspec.json.encode(message), headers)
