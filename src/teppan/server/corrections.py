"""`/v1/corrections`: the better text that a person wrote for an answer.

    POST /v1/corrections   {"trace_id": "tr_...", "text": "...", "comment": "why", "user": "ann"}
    DELETE /v1/corrections/{id}

Each source's versions are kept, the last text written counts. Not for feedback keys: what is
learned word for word is not taken from strangers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from teppan.core.chat import Json
from teppan.core.errors import BadRequest
from teppan.core.ids import Scope
from teppan.server.exchange import Exchange
from teppan.server.feedback import MAX_COMMENT, MAX_ID, MAX_USER, id_in, named_text, said_text
from teppan.server.fields import Fields, bad
from teppan.server.once import Once, give
from teppan.server.replays import Replays
from teppan.server.routes import NAME, Route

if TYPE_CHECKING:
    from teppan.serve.feedback.corrections import CorrectionDesk, Written

PATH = "/v1/corrections"
MAX_TEXT = 32_000
MAX_BODY = 256 * 1024


class CorrectionRoutes:
    """Handlers; a correction is durable before 200 is said."""

    def __init__(self, desk: CorrectionDesk, once: Once) -> None:
        self._desk = desk
        self._once = once

    async def write(self, exchange: Exchange, scope: Scope) -> None:
        async def work(body: dict[str, Json]) -> dict[str, Json]:
            kept = await self._desk.take(read(body), scope)
            return {
                "object": "correction",
                "id": kept.id,
                "trace_id": kept.trace_id,
                "version": kept.version,
            }

        await self._once(exchange, scope, work)

    async def withdraw(self, exchange: Exchange, scope: Scope) -> None:
        gone = await self._desk.withdraw(id_in(exchange, PATH), scope)
        await give(exchange, {"object": "correction", "id": gone.id, "withdrawn": True})


def routes(desk: CorrectionDesk, most: int, replays: Replays | None = None) -> list[Route]:
    """The routes; `most` bytes is what a body may have anywhere."""
    handlers = CorrectionRoutes(desk, Once(min(most, MAX_BODY), replays))
    return [
        Route("POST", PATH, "user", handlers.write),
        Route("DELETE", f"{PATH}/{NAME}", "user", handlers.withdraw),
    ]


def read(body: dict[str, Json]) -> Written:
    """The correction in a body. Raises `BadRequest` that names the field."""
    from teppan.serve.feedback.corrections import Written

    fields = Fields(body)
    trace_id = named_text(fields, "trace_id", MAX_ID)
    text = said_text(fields, "text", MAX_TEXT)
    comment = said_text(fields, "comment", MAX_COMMENT)
    user = named_text(fields, "user", MAX_USER)
    unknown = fields.rest()
    if unknown:
        raise BadRequest(f"a correction has no field `{next(iter(unknown))[:60]}`")
    if not trace_id:
        bad("trace_id", "a string that is not empty")
    if not text.strip():
        bad("text", "the better text")
    return Written(trace_id, text, comment, user)
