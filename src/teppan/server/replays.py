"""`Idempotency-Key`: a request that is sent twice is answered once.

The claim is taken before any model is asked, the answer is kept before it is sent. A request
that failed leaves no trace of its key, so that it may be tried again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from msgspec import Struct

from teppan.core.errors import BadRequest, Conflict, StoreError
from teppan.core.ids import Scope, content_hash
from teppan.server.exchange import Exchange
from teppan.server.header import Header
from teppan.store.idempotency import Fresh, InProgress, Replay

if TYPE_CHECKING:
    from teppan.store.idempotency import Idempotency

MAX_KEY = 255
MAX_KEPT = 8_000_000
"""Bytes; a longer answer is sent but not kept, and its key is free again."""

_log = structlog.get_logger("teppan.server")


class Claim(Struct, frozen=True):
    """The right to answer one key."""

    scope: Scope
    fresh: Fresh


class Replays:
    """Answers that may be asked for again."""

    def __init__(self, kept: Idempotency) -> None:
        self._kept = kept

    async def begin(self, exchange: Exchange, scope: Scope, body: bytes) -> Claim | Replay | None:
        """A claim, an answer given before, or None when the client sent no key.

        Raises `Conflict` for a key of another request or of one that is being answered.
        """
        key = exchange.headers.get(b"idempotency-key")
        if key is None:
            return None
        if not 0 < len(key) <= MAX_KEY or not key.decode("latin-1").isprintable():
            raise BadRequest(f"`idempotency-key` must be 1 to {MAX_KEY} printable characters")
        name = content_hash(exchange.path.encode() + b"\n" + body)
        found = await self._kept.begin(scope, key.decode("latin-1"), name)
        if isinstance(found, InProgress):
            raise Conflict(
                "a request with this idempotency key is being answered",
                retry_after=found.retry_after,
            )
        return Claim(scope, found) if isinstance(found, Fresh) else found

    async def finish(
        self, claim: Claim, status: int, headers: list[Header], body: list[bytes]
    ) -> None:
        """Keeps an answer. One that cannot be kept is still sent: it has been paid for."""
        if sum(map(len, body)) > MAX_KEPT:
            await self.abandon(claim)
            return
        try:
            await self._kept.finish(claim.scope, claim.fresh, status, headers, b"".join(body))
        except StoreError as error:
            _log.warning("an answer could not be kept for its key", reason=error.message)

    async def abandon(self, claim: Claim) -> None:
        """Frees the key."""
        try:
            await self._kept.abandon(claim.scope, claim.fresh)
        except StoreError as error:
            _log.warning("an idempotency key stays claimed a while", reason=error.message)


async def replay(exchange: Exchange, found: Replay) -> None:
    """Sends an answer again, whole, whether it was streamed or not."""
    headers = [*found.headers, (b"idempotent-replayed", b"true")]
    await exchange.respond(found.status, found.body, headers)
