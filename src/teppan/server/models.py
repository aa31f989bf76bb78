"""`GET /v1/models` and `/v1/models/{name}`: the names this key may call.

Clients of the messages format send its version header and get that format's shapes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

import orjson

from teppan.core.chat import Json
from teppan.core.errors import ModelNotFound, TeppanError
from teppan.core.ids import Scope
from teppan.server.errors import messages_body, plain_body
from teppan.server.exchange import Exchange, with_json
from teppan.server.headers import MESSAGES_VERSION, named
from teppan.server.routes import NAME

PREFIX = "/v1/models/"
PATH = PREFIX + NAME


class Names(Protocol):
    """The names of the gateway: `serve.models.Models`."""

    def names(self) -> list[str]: ...

    def about(self, name: str) -> str: ...


class ModelList:
    """Serves the names. `since` is the time the list gives for all of them (seconds since 1970)."""

    def __init__(self, names: Names, since: float) -> None:
        self._names = names
        self._since = int(since)

    async def all(self, exchange: Exchange, scope: Scope) -> None:
        names = [name for name in self._names.names() if scope.allows(name)]
        if _wants_messages(exchange):
            body = {
                "data": [self._message_card(name) for name in names],
                "has_more": False,
                "first_id": names[0] if names else None,
                "last_id": names[-1] if names else None,
            }
        else:
            body = {"object": "list", "data": [self._card(name) for name in names]}
        await _give(exchange, body)

    async def one(self, exchange: Exchange, scope: Scope) -> None:
        name = exchange.path.removeprefix(PREFIX)
        if name not in self._names.names() or not scope.allows(name):
            error = ModelNotFound(f"there is no model `{name[:100]}` here", param="model")
            await self._refuse(exchange, error)
            return
        wants = _wants_messages(exchange)
        await _give(exchange, self._message_card(name) if wants else self._card(name))

    async def _refuse(self, exchange: Exchange, error: TeppanError) -> None:
        write = messages_body if _wants_messages(exchange) else plain_body
        request_id = exchange.request_id
        headers = with_json(named(request_id))
        await exchange.respond(error.status, write(error, request_id), headers)

    def _card(self, name: str) -> dict[str, Json]:
        provider, slash, _ = name.partition("/")
        card = {
            "id": name,
            "object": "model",
            "created": self._since,
            "owned_by": provider if slash else "teppan",
        }
        about = self._names.about(name)
        return {**card, "description": about} if about else card

    def _message_card(self, name: str) -> dict[str, Json]:
        return {
            "type": "model",
            "id": name,
            "display_name": name,
            "created_at": datetime.fromtimestamp(self._since, UTC).isoformat(),
            "lifecycle": "active",
        }


def _wants_messages(exchange: Exchange) -> bool:
    return MESSAGES_VERSION in exchange.headers


async def _give(exchange: Exchange, body: dict[str, Json]) -> None:
    headers = with_json(named(exchange.request_id))
    await exchange.respond(200, orjson.dumps(body), headers)
