"""`/v1/escalations`: what people must look after.

    GET  /v1/escalations?status=open&limit=50     the newest first
    GET  /v1/escalations/{id}                     one, with what was done about it
    POST /v1/escalations/{id}                     {"status": "claimed" | "closed" | "open", "note"}

A key sees those of its tenant, an admin's key those of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec

from teppan.core.chat import Json
from teppan.core.errors import BadRequest, NotFound
from teppan.core.ids import Scope
from teppan.server import strict_json
from teppan.server.answering import Limits
from teppan.server.exchange import Exchange, with_json
from teppan.server.fields import Fields, bad
from teppan.server.headers import named
from teppan.server.routes import NAME, Route

if TYPE_CHECKING:
    from teppan.store.escalations import Escalation, Escalations, Status, Step

LIST = "/v1/escalations"
PREFIX = f"{LIST}/"
ONE = PREFIX + NAME
STATUSES: tuple[Status, ...] = ("open", "claimed", "closed")
MAX_NOTE = 4_000
MOST = 200


class EscalationRoutes:
    """Handlers of the three routes."""

    def __init__(self, records: Escalations, limits: Limits) -> None:
        self._records = records
        self._limits = limits

    async def all(self, exchange: Exchange, scope: Scope) -> None:
        status, limit = read_query(exchange.scope.get("query_string", b""))
        found = await self._records.list(
            scope, status=status, limit=limit, everyone=scope.role == "admin"
        )
        await _give(exchange, {"object": "list", "data": [card(each) for each in found]})

    async def one(self, exchange: Exchange, scope: Scope) -> None:
        found = await self._found(exchange, scope)
        steps = await self._records.steps(found.tenant, found.id)
        await _give(exchange, card(found, steps))

    async def move(self, exchange: Exchange, scope: Scope) -> None:
        """The step is durable before 200 is said."""
        status, note = read_step(strict_json.parse(await exchange.json_body(self._limits.body)))
        found = await self._found(exchange, scope)
        moved = await self._records.move(found.tenant, found.id, status, scope.key_id, note)
        steps = await self._records.steps(found.tenant, found.id)
        await _give(exchange, card(moved or found, steps))

    async def _found(self, exchange: Exchange, scope: Scope) -> Escalation:
        id = exchange.path.removeprefix(PREFIX)
        found = await self._records.get(scope, id, everyone=scope.role == "admin")
        if found is None:
            raise NotFound(f"there is no escalation `{id[:60]}` here", param="id")
        return found


def routes(records: Escalations, limits: Limits) -> list[Route]:
    """The three routes; every key may use them, for its own tenant."""
    handlers = EscalationRoutes(records, limits)
    return [
        Route("GET", LIST, "user", handlers.all),
        Route("GET", ONE, "user", handlers.one),
        Route("POST", ONE, "user", handlers.move),
    ]


def card(escalation: Escalation, steps: Sequence[Step] | None = None) -> dict[str, Json]:
    """An escalation as JSON; `steps` only where one alone is asked for."""
    told: dict[str, Json] = {"object": "escalation", **msgspec.structs.asdict(escalation)}
    if steps is not None:
        told["steps"] = [msgspec.structs.asdict(each) for each in steps]
    return told


def read_query(query: bytes) -> tuple[Status | None, int]:
    """`status` and `limit` of an address. Raises `BadRequest` that names the field."""
    given = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    status = _status(given.pop("status", None))
    limit = given.pop("limit", "50")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:6]) <= MOST):
        bad("limit", f"an integer from 1 to {MOST}", limit)
    if given:
        raise BadRequest(f"there is no parameter `{next(iter(given))[:60]}`")
    return status, int(limit)


def read_step(body: dict[str, Json]) -> tuple[Status, str]:
    """What is to be done. Raises `BadRequest` that names the field."""
    fields = Fields(body)
    status, note = _status(fields.need_text("status")), fields.text("note") or ""
    if len(note) > MAX_NOTE:
        bad("note", f"at most {MAX_NOTE} characters")
    unknown = fields.rest()
    if unknown:
        raise BadRequest(f"an escalation has no field `{next(iter(unknown))[:60]}` to set")
    assert status is not None
    return status, note


def _status(given: str | None) -> Status | None:
    for known in STATUSES:
        if given == known:
            return known
    return None if given is None else bad("status", f"one of {', '.join(STATUSES)}", given)


async def _give(exchange: Exchange, body: dict[str, Json]) -> None:
    headers = with_json(named(exchange.request_id))
    await exchange.respond(200, msgspec.json.encode(body), headers)
