"""The HTTP edge as one ASGI function: match, admit, handle, and turn every error into words."""

from __future__ import annotations

import asyncio

from teppan.core.clock import Clock
from teppan.core.errors import Forbidden, ShuttingDown, TeppanError
from teppan.core.ids import NewId, Scope
from teppan.server import cors
from teppan.server.auth import Door
from teppan.server.drain import Drain
from teppan.server.errors import error_headers, plain_body, typed
from teppan.server.exchange import ClientGone, Exchange, HttpScope, Receive, Send, with_json
from teppan.server.headers import named
from teppan.server.metrics import Metrics
from teppan.server.routes import MethodNotAllowed, Refusal, Table, admits

NOBODY = Scope(tenant="", key_id="", models=("nothing",))
"""The scope of public routes: it opens nothing."""


class Edge:
    """The ASGI application: serves a table of routes."""

    def __init__(
        self, table: Table, door: Door, drain: Drain, metrics: Metrics, clock: Clock, new_id: NewId
    ) -> None:
        self.table = table
        self.drain = drain
        self._door = door
        self._metrics = metrics
        self._clock = clock
        self._new_id = new_id

    async def __call__(self, scope: HttpScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _refuse_upgrade(scope, send)
            return
        exchange = Exchange(scope, receive, send, self._clock.monotonic(), self._new_id)
        refusal: Refusal = plain_body
        endpoint = "none"
        self.drain.enter(exchange)
        try:
            if cors.is_preflight(exchange):
                await cors.answer(exchange, self.table, self._door)
                return
            route = self.table.match(exchange.method, exchange.path)
            refusal, endpoint = route.refusal, route.path
            if route.access == "public":
                principal = NOBODY
            else:
                exchange.extra = cors.shared(route.access, exchange.headers, self._door)
                principal = await self._door.admit(exchange.headers)
                if not admits(route.access, principal):
                    raise Forbidden
                if self.drain.closing:
                    raise ShuttingDown(retry_after=1.0)
            await route.handler(exchange, principal)
        except (ClientGone, asyncio.CancelledError):
            await self._interrupted(exchange, refusal)
        except Exception as error:  # noqa: BLE001 - border: the client gets an answer, always
            await self._refuse(exchange, typed(error, exchange.request_id), refusal)
        finally:
            exchange.let_go()
            self.drain.leave(exchange)
            spent = self._clock.monotonic() - exchange.started
            self._metrics.count(endpoint, 499 if exchange.gone else exchange.status, spent)

    async def _interrupted(self, exchange: Exchange, refusal: Refusal) -> None:
        """The client left, or a drain ended the work; any other cancelling goes on."""
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            if not exchange.gone and exchange.ending is None:
                raise asyncio.CancelledError
            task.uncancel()
        if exchange.ending is not None and not exchange.gone:
            await self._refuse(exchange, exchange.ending, refusal)

    async def _refuse(self, exchange: Exchange, error: TeppanError, refusal: Refusal) -> None:
        exchange.let_go()
        if exchange.begun:
            return
        headers = [*named(exchange.request_id), *error_headers(error)]
        if isinstance(error, MethodNotAllowed):
            headers.append((b"allow", error.allowed.encode()))
        if isinstance(error, ShuttingDown) or error.status in (408, 413):
            headers.append((b"connection", b"close"))
        body = refusal(error, exchange.request_id)
        await exchange.respond(error.status, body, with_json(headers))


async def _refuse_upgrade(scope: HttpScope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
