"""`POST /v1/feedback`: what a person says of an answer, by its trace id.

{"trace_id": "tr_...", "rating": 1, "comment": "..."}       0 to 1, or "up" and "down"
{"trace_id": "tr_...", "wrong_hit": true}                   the remembered answer does not fit
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from teppan.core.chat import Json
from teppan.core.errors import BadRequest
from teppan.core.ids import Scope
from teppan.server import strict_json
from teppan.server.answering import Limits
from teppan.server.exchange import Exchange, with_json
from teppan.server.fields import Fields, bad
from teppan.server.headers import named

if TYPE_CHECKING:
    from teppan.serve.feedback import FeedbackDesk, Said

THUMBS = {"up": 1.0, "down": 0.0}
MAX_COMMENT = 4_000
MAX_ID = 100


class FeedbackRoute:
    """Takes one statement; it is durable before 200 is said."""

    def __init__(self, desk: FeedbackDesk, limits: Limits) -> None:
        self._desk = desk
        self._limits = limits

    async def __call__(self, exchange: Exchange, scope: Scope) -> None:
        said = read(strict_json.parse(await exchange.json_body(self._limits.body)))
        heeded = await self._desk.take(said, scope)
        body = orjson.dumps(
            {
                "object": "feedback",
                "ids": heeded.ids,
                "trace_id": said.trace_id,
                "evicted": heeded.evicted,
            }
        )
        await exchange.respond(200, body, with_json(named(exchange.request_id)))


def read(body: dict[str, Json]) -> Said:
    """The statement in a body. Raises `BadRequest` that names the field."""
    from teppan.serve.feedback import Said

    fields = Fields(body)
    trace_id = fields.need_text("trace_id")
    if len(trace_id) > MAX_ID:
        bad("trace_id", f"at most {MAX_ID} characters")
    comment = fields.text("comment") or ""
    if len(comment) > MAX_COMMENT:
        bad("comment", f"at most {MAX_COMMENT} characters")
    wrong_hit = fields.flag("wrong_hit") or False
    rating = _rating(fields)
    unknown = fields.rest()
    if unknown:
        raise BadRequest(f"feedback has no field `{next(iter(unknown))[:60]}`")
    if rating is None and not wrong_hit:
        raise BadRequest(
            "say something: `rating` (0 to 1, `up` or `down`) or `wrong_hit`", param="rating"
        )
    return Said(trace_id, rating, wrong_hit, comment)


def _rating(fields: Fields) -> float | None:
    given = fields.raw("rating")
    if type(given) is str and given in THUMBS:
        return THUMBS[given]
    if type(given) in (int, float) and 0 <= given <= 1:
        return float(given)
    if given is not None:
        bad("rating", "a number from 0 to 1, or `up` or `down`", given)
    return None
