"""`/v1/review`: answers that people should look at; for reviewers and admins.

    GET  /v1/review/next?reviewer=mia        the next one, claimed; the one held already, if any
    GET  /v1/review?status=open&limit=50     the most valuable first
    GET  /v1/review/stats                    counts, and how often answers are right
    GET  /v1/review/{id}                     one, with who decided what
    POST /v1/review/{id}                     {"action": "approve" | "edit" | "reject" | "skip",
                                              "text", "reason", "reviewer"}
                                             {"action": "claim" | "release" | "undo", "reviewer"}

Several people may share a key: `reviewer` tells them apart. Asking for the next one again gives the
same item, and the same decision sent again is no other, so both may be retried.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from teppan.core.chat import Json
from teppan.core.errors import BadRequest
from teppan.core.ids import Scope
from teppan.server.exchange import Exchange
from teppan.server.fields import Fields, bad
from teppan.server.once import Once, give
from teppan.server.replays import Replays
from teppan.server.routes import NAME, Route

if TYPE_CHECKING:
    from teppan.build.review import Reviewing
    from teppan.store.review_rows import Item, Status, Step

PATH = "/v1/review"
PREFIX = f"{PATH}/"
STEPS = ("claim", "release", "undo")
DAYS, MOST_DAYS = 30, 3650
MOST = 200
MAX_BODY = 256 * 1024
_NAME = re.compile(r"[\w.@ -]{1,64}")


class ReviewRoutes:
    """Handlers; a decision is durable before 200 is said."""

    def __init__(self, desk: Reviewing, once: Once) -> None:
        self._desk = desk
        self._once = once

    async def next(self, exchange: Exchange, scope: Scope) -> None:
        query = _query(exchange, "reviewer")
        found = await self._desk.next(scope, reviewer_of(scope, query.get("reviewer", "")))
        await give(exchange, {"object": "review.next", "item": found and card(found)})

    async def all(self, exchange: Exchange, scope: Scope) -> None:
        query = _query(exchange, "status", "limit")
        found = await self._desk.review.list(
            self._tenant(scope), status=_status(query.get("status")), limit=_limit(query)
        )
        await give(exchange, {"object": "list", "data": [card(each) for each in found]})

    async def stats(self, exchange: Exchange, scope: Scope) -> None:
        days = _whole(_query(exchange, "days"), "days", DAYS, MOST_DAYS)
        await give(exchange, {"object": "review.stats", **await self._desk.stats(scope, days)})

    async def one(self, exchange: Exchange, scope: Scope) -> None:
        found = await self._desk.get(scope, exchange.path.removeprefix(PREFIX))
        steps = await self._desk.review.steps(found.tenant, found.id)
        await give(exchange, card(found, steps))

    async def act(self, exchange: Exchange, scope: Scope) -> None:
        id = exchange.path.removeprefix(PREFIX)

        async def work(body: dict[str, Json]) -> dict[str, Json]:
            done = await self._done(scope, id, Fields(body))
            return card(done, await self._desk.review.steps(done.tenant, done.id))

        await self._once(exchange, scope, work)

    async def _done(self, scope: Scope, id: str, fields: Fields) -> Item:
        from teppan.store.review_rows import ACTIONS, Decision

        action = fields.one_of("action", (*ACTIONS, *STEPS))
        by = reviewer_of(scope, fields.text("reviewer") or "")
        text, reason = fields.text("text") or "", fields.text("reason") or ""
        unknown = fields.rest()
        if unknown:
            raise BadRequest(f"a decision has no field `{next(iter(unknown))[:60]}`")
        for known in ACTIONS:
            if action == known:
                return await self._desk.decide(scope, id, Decision(known, text, reason), by)
        if text or reason:
            bad("text" if text else "reason", "left out: it belongs to a decision")
        if action == "claim":
            return await self._desk.claim(scope, id, by)
        if action == "release":
            return await self._desk.release(scope, id, by)
        if action != "undo":
            bad("action", f"one of {', '.join((*ACTIONS, *STEPS))}")
        return await self._desk.undo(scope, by, id)

    @staticmethod
    def _tenant(scope: Scope) -> str | None:
        return None if scope.role == "admin" else scope.tenant


def routes(desk: Reviewing, most: int, replays: Replays | None = None) -> list[Route]:
    """The routes; `most` bytes is what a body may have anywhere."""
    handlers = ReviewRoutes(desk, Once(min(most, MAX_BODY), replays))
    return [
        Route("GET", f"{PREFIX}next", "reviewer", handlers.next),
        Route("GET", f"{PREFIX}stats", "reviewer", handlers.stats),
        Route("GET", PATH, "reviewer", handlers.all),
        Route("GET", PREFIX + NAME, "reviewer", handlers.one),
        Route("POST", PREFIX + NAME, "reviewer", handlers.act),
    ]


def reviewer_of(scope: Scope, name: str) -> str:
    """Who reviews: the key, and the person behind it where they say who they are."""
    if not name:
        return scope.key_id
    if _NAME.fullmatch(name) is None:
        bad("reviewer", "1 to 64 letters, digits, spaces or . @ - _", name)
    return f"{scope.key_id}/{name}"


def card(item: Item, steps: Sequence[Step] | None = None) -> dict[str, Json]:
    """An item as JSON; `steps` only where one alone is asked for."""
    told: dict[str, Any] = {"object": "review.item", **msgspec.to_builtins(item)}
    told |= told.pop("content")
    told["messages"] = [{"role": each.role, "content": each.text} for each in item.content.messages]
    if steps is not None:
        told["steps"] = msgspec.to_builtins(steps)
    return told


def _query(exchange: Exchange, *names: str) -> dict[str, str]:
    raw = exchange.scope.get("query_string", b"")
    given = dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))
    for name in given:
        if name not in names:
            raise BadRequest(f"there is no parameter `{name[:60]}`", param=name[:60])
    return given


def _status(given: str | None) -> Status | None:
    from teppan.store.review_rows import STATUSES

    for known in STATUSES:
        if given == known:
            return known
    return None if given is None else bad("status", f"one of {', '.join(STATUSES)}", given)


def _limit(query: dict[str, str]) -> int:
    return _whole(query, "limit", 50, MOST)


def _whole(query: dict[str, str], name: str, default: int, most: int) -> int:
    given = query.get(name, str(default))
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:6]) <= most):
        bad(name, f"an integer from 1 to {most}", given)
    return int(given)
