"""What reviewers do: take an item on, decide, take it back; and what follows from it.

    approve   the answer is an example that a person vouches for
    edit      the text they wrote is; the answer is one of what not to say
    reject    it never trains; what was suggested instead is kept beside it
    skip      nothing is known of it

Who decided what is durable before it is acknowledged. The example is made again at once; where
that fails, the next filling of the queue does it.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from teppan.core.errors import BadRequest, NotFound, StoreError, Taken
from teppan.core.ids import Scope
from teppan.learn.review.chance import estimate
from teppan.store.review import Review
from teppan.store.review_rows import Decision, Item

Follow = Callable[[Scope, str], Awaitable[object]]
"""Makes the example of a trace again."""
DAY = 86_400.0
MAX_TEXT = 32_000
MAX_REASON = 4_000


class Reviewing:
    """What the surfaces ask. A reviewer is a name; an admin sees the items of all tenants."""

    def __init__(self, review: Review, follow: Follow, lease: float, share: float) -> None:
        self.review = review
        self._follow = follow
        self._lease = lease
        self._share = share

    async def next(self, scope: Scope, by: str) -> Item | None:
        """The item this reviewer holds, else the next one, now theirs."""
        return await self.review.next(tenant_of(scope), by, self._lease, self._share)

    async def get(self, scope: Scope, id: str) -> Item:
        """Raises `NotFound`."""
        found = await self.review.get(tenant_of(scope), id)
        if found is None:
            raise NotFound(f"there is no review item `{id[:60]}` here", param="id")
        return found

    async def claim(self, scope: Scope, id: str, by: str) -> Item:
        """Raises `NotFound` and `Taken`."""
        found = await self.get(scope, id)
        return await self.review.claim(found.tenant, id, by, self._lease) or found

    async def release(self, scope: Scope, id: str, by: str) -> Item:
        """Raises `NotFound` and `Taken`."""
        found = await self.get(scope, id)
        return await self.review.release(found.tenant, id, by) or found

    async def decide(self, scope: Scope, id: str, decision: Decision, by: str) -> Item:
        """Raises `BadRequest` for an edit without a text, `NotFound`, and `Taken`."""
        found = await self.get(scope, id)
        wanted = checked(decision, found)
        done = await self.review.decide(found.tenant, id, wanted, by, scope.key_id)
        return await self._followed(done or found)

    async def undo(self, scope: Scope, by: str, id: str = "") -> Item:
        """Takes back what this reviewer decided last, or of one item. Raises `NotFound` and
        `Taken`."""
        if id:
            found = await self.get(scope, id)
        else:
            last = await self.review.last(tenant_of(scope), by)
            if last is None:
                raise Taken(f"{by} has decided nothing that could be taken back")
            found = last
        undone = await self.review.undo(found.tenant, found.id, by, self._lease)
        return await self._followed(undone or found)

    async def stats(self, scope: Scope, days: int, now: float | None = None) -> dict[str, Any]:
        """Counts by lane and status, and what chance tells of the answers of so many days."""
        tenant = tenant_of(scope)
        since = (time.time() if now is None else now) - days * DAY
        drawn = await self.review.drawn(tenant, since)
        return {
            "counts": await self.review.counts(tenant),
            "days": days,
            "answers": msgspec.structs.asdict(estimate(drawn)),
        }

    async def _followed(self, item: Item) -> Item:
        try:
            await self._follow(Scope(item.tenant, "review"), item.trace_id)
        except StoreError:  # the decision stands; the next filling makes the example
            return item
        return item


def tenant_of(scope: Scope) -> str | None:
    """Whose items a key sees: its own, or with an admin's key all."""
    return None if scope.role == "admin" else scope.tenant


def checked(decision: Decision, item: Item) -> Decision:
    """The decision, if it can be meant. An edit that changes nothing is an approval."""
    text = decision.text.strip()
    if len(text) > MAX_TEXT:
        raise BadRequest(f"`text` must be at most {MAX_TEXT} characters", param="text")
    if len(decision.reason) > MAX_REASON:
        raise BadRequest(f"`reason` must be at most {MAX_REASON} characters", param="reason")
    if decision.action == "edit":
        if not text:
            raise BadRequest("`text` must be the better answer: an edit needs one", param="text")
        if text == item.content.answer.strip():
            return Decision("approve", reason=decision.reason)
        return Decision("edit", text, decision.reason)
    if text:
        raise BadRequest(f"`text` is for `edit`, not for `{decision.action}`", param="text")
    return Decision(decision.action, reason=decision.reason)
