"""A small request that writes something: read, done once per `Idempotency-Key`, answered.

A browser's keys have names of their own: whoever has one can neither take nor see the idempotency
keys of the business.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from msgspec.structs import replace

from teppan.core.chat import Json
from teppan.core.ids import Scope
from teppan.server import strict_json
from teppan.server.exchange import Exchange, with_json
from teppan.server.headers import named
from teppan.server.replays import Claim, Replays, replay
from teppan.store.idempotency import Replay

Work = Callable[[dict[str, Json]], Awaitable[dict[str, Json]]]
"""From the body of a request to that of its answer."""


class Once:
    """Takes bodies of at most `body` bytes."""

    def __init__(self, body: int, replays: Replays | None) -> None:
        self._body = body
        self._replays = replays

    async def __call__(self, exchange: Exchange, scope: Scope, work: Work) -> None:
        raw = await exchange.json_body(self._body)
        claim = await self._begin(exchange, scope, raw)
        if claim is not None and not isinstance(claim, Claim):
            await replay(exchange, claim)
            return
        headers = with_json(named(exchange.request_id))
        try:
            body = msgspec.json.encode(await work(strict_json.parse(raw)))
            if claim is not None and self._replays is not None:
                held, claim = claim, None
                await self._replays.finish(held, 200, headers, [body])
        finally:
            if claim is not None and self._replays is not None:
                await self._replays.abandon(claim)
        await exchange.respond(200, body, headers)

    async def _begin(self, exchange: Exchange, scope: Scope, raw: bytes) -> Claim | Replay | None:
        if self._replays is None:
            return None
        if scope.role == "feedback":
            scope = replace(scope, tenant=f"{scope.tenant}\n{scope.key_id}")
        return await self._replays.begin(exchange, scope, raw)


async def give(exchange: Exchange, body: dict[str, Json]) -> None:
    """200 with a body of JSON."""
    headers = with_json(named(exchange.request_id))
    await exchange.respond(200, msgspec.json.encode(body), headers)
