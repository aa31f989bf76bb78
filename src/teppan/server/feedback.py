"""`/v1/feedback`: what a person says of an answer or a conversation.

    POST /v1/feedback   {"trace_id": "tr_...", "thumbs": "up" | "down"}
                        {"trace_id": "tr_...", "stars": 1 to 5, "comment": "...", "user": "u-17"}
                        {"episode": "ep-9", "rating": 0 to 1}
                        {"trace_id": "tr_...", "wrong_hit": true}   a remembered answer does not fit
    DELETE /v1/feedback/{id}                                        takes a statement back
    GET /v1/feedback.js                                             buttons for a page of one's own

The same source saying something else of the same answer changes its mind; the last word counts.
Feedback keys may post and delete, from the pages of their sites, and read nothing.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from teppan.core.chat import Json
from teppan.core.errors import BadRequest, NotFound
from teppan.core.ids import Scope
from teppan.server.exchange import Exchange
from teppan.server.fields import Fields, bad
from teppan.server.once import Once, give
from teppan.server.replays import Replays
from teppan.server.routes import NAME, Route

if TYPE_CHECKING:
    from teppan.serve.feedback.desk import FeedbackDesk, Said
    from teppan.serve.feedback.pace import Pace

PATH = "/v1/feedback"
SNIPPET_PATH = "/v1/feedback.js"
SNIPPET = Path(__file__).parent / "snippet" / "feedback.js"
THUMBS = {"up": 1.0, "down": 0.0}
STARS = 5
MAX_COMMENT, MAX_ID, MAX_USER = 4_000, 100, 256
MAX_BODY = 64 * 1024


class FeedbackRoutes:
    """Handlers; a statement is durable before 200 is said."""

    def __init__(self, desk: FeedbackDesk, once: Once, pace: Pace | None) -> None:
        self._desk = desk
        self._once = once
        self._pace = pace

    async def say(self, exchange: Exchange, scope: Scope) -> None:
        async def work(body: dict[str, Json]) -> dict[str, Json]:
            said = read(body)
            if self._pace is not None:
                await self._pace.hear(scope, said.user)
            heeded = await self._desk.take(said, scope)
            told: dict[str, Json] = {"object": "feedback", "ids": list(heeded.ids)}
            if said.trace_id:
                told["trace_id"] = said.trace_id
            if said.episode:
                told["episode"] = said.episode
            return {**told, "version": heeded.version, "evicted": heeded.evicted}

        await self._paced(scope)
        await self._once(exchange, scope, work)

    async def withdraw(self, exchange: Exchange, scope: Scope) -> None:
        await self._paced(scope)
        gone = await self._desk.withdraw(id_in(exchange, PATH), scope)
        await give(exchange, {"object": "feedback", "id": gone.id, "withdrawn": True})

    async def snippet(self, exchange: Exchange, scope: Scope) -> None:
        headers = [
            (b"content-type", b"text/javascript; charset=utf-8"),
            (b"cache-control", b"public, max-age=3600"),
            (b"cross-origin-resource-policy", b"cross-origin"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await exchange.respond(200, _snippet(), headers)

    async def _paced(self, scope: Scope) -> None:
        """Before a body is read or a key of idempotency is claimed."""
        if self._pace is not None:
            await self._pace.take(scope)


def routes(
    desk: FeedbackDesk, most: int, replays: Replays | None = None, pace: Pace | None = None
) -> list[Route]:
    """The routes; `most` bytes is what a body may have anywhere."""
    handlers = FeedbackRoutes(desk, Once(min(most, MAX_BODY), replays), pace)
    return [
        Route("POST", PATH, "feedback", handlers.say),
        Route("DELETE", f"{PATH}/{NAME}", "feedback", handlers.withdraw),
        Route("GET", SNIPPET_PATH, "public", handlers.snippet),
    ]


@cache
def _snippet() -> bytes:
    return SNIPPET.read_bytes()


def read(body: dict[str, Json]) -> Said:
    """The statement in a body. Raises `BadRequest` that names the field."""
    from teppan.serve.feedback.desk import Said

    fields = Fields(body)
    trace_id = named_text(fields, "trace_id", MAX_ID)
    episode = named_text(fields, "episode", MAX_USER)
    comment = said_text(fields, "comment", MAX_COMMENT)
    user = named_text(fields, "user", MAX_USER)
    wrong_hit = fields.flag("wrong_hit") or False
    kind, rating, raw = _rating(fields)
    unknown = fields.rest()
    if unknown:
        raise BadRequest(f"feedback has no field `{next(iter(unknown))[:60]}`")
    if not trace_id and (wrong_hit or not episode):
        bad("trace_id", "the id of the answer (or send `episode`, the conversation's)")
    if rating is None and not wrong_hit and not comment:
        raise BadRequest(
            "say something: `thumbs` (`up`, `down`), `stars` (1 to 5), `rating` (0 to 1), "
            "`comment` or `wrong_hit`",
            param="rating",
        )
    return Said(trace_id, rating, wrong_hit, comment, episode, kind, raw, user)


def _rating(fields: Fields) -> tuple[str, float | None, float | None]:
    """How it was given, the value in [0, 1], and the stars."""
    thumbs = fields.one_of("thumbs", THUMBS)
    stars = fields.whole("stars", 1, STARS)
    given = fields.raw("rating")
    if sum(each is not None for each in (thumbs, stars, given)) > 1:
        raise BadRequest("send one of `thumbs`, `stars` and `rating`", param="rating")
    if thumbs is not None:
        return "thumbs", THUMBS[thumbs], None
    if stars is not None:
        return "stars", (stars - 1) / (STARS - 1), float(stars)
    if type(given) is str and given in THUMBS:
        return "thumbs", THUMBS[given], None
    if type(given) in (int, float) and 0 <= given <= 1:
        return "rating", float(given), None
    if given is not None:
        bad("rating", "a number from 0 to 1, or `up` or `down`", given)
    return "rating", None, None


def id_in(exchange: Exchange, path: str) -> str:
    """The id at the end of an address. Raises `NotFound` for what cannot be one."""
    id = exchange.path.removeprefix(f"{path}/")
    if len(id) > MAX_ID or not (id.isascii() and id.isprintable()):
        raise NotFound("there is nothing of this id here", param="id")
    return id


def named_text(fields: Fields, name: str, most: int) -> str:
    """A short name, empty when absent; without signs that nobody sees."""
    text = said_text(fields, name, most)
    if not text.isprintable():
        bad(name, "printable")
    return text


def said_text(fields: Fields, name: str, most: int) -> str:
    """A text, empty when absent. Databases keep no zero byte, so none is taken."""
    text = fields.text(name) or ""
    if len(text) > most:
        bad(name, f"at most {most} characters")
    if "\0" in text:
        bad(name, "without zero bytes")
    return text
