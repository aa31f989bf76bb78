"""`POST /v1/messages/count_tokens`: how many tokens a request would be, by our own estimate."""

from __future__ import annotations

import orjson

from teppan.core.ids import Scope
from teppan.cost.tokens import request_tokens
from teppan.server import options, strict_json
from teppan.server.answering import Limits
from teppan.server.exchange import Exchange, with_json
from teppan.server.headers import named
from teppan.server.messages.read import read_to_count


class Counting:
    """Serves counts. The vendor's own count comes with its answer; this one says `estimated`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    async def __call__(self, exchange: Exchange, scope: Scope) -> None:
        body = strict_json.parse(await exchange.json_body(self._limits.body))
        options.take(body, exchange.headers)
        counted = request_tokens(read_to_count(body))
        headers = with_json(named(exchange.request_id))
        told = {"input_tokens": counted, "estimated": True}
        await exchange.respond(200, orjson.dumps(told), headers)
