"""`Idempotency-Key`: the same key of the same tenant has the same effect, once.

    begin ── Fresh ── the work ── finish        the answer is kept for a day and replayed
       ├──── Replay                             it was done before: here is the answer
       ├──── InProgress                         somebody is at it now
       └──── Conflict (raised)                  the key was used for another request

A claim is leased: its holder renews it while it lives, and when it dies the next who comes may
claim. The claim's own name fences off a holder that comes back late.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection, Delete, RowMapping, Update, delete, select, update

from teppan.core.clock import Clock
from teppan.core.errors import Conflict
from teppan.core.ids import Scope, new_id
from teppan.store.schema import idempotency, instant
from teppan.store.writer import Writer

KEPT_SECONDS = 24 * 3600.0
LEASE_SECONDS = 30.0
RENEW_SECONDS = 10.0
SWEEP_BATCH = 200
RETRY_AFTER = 1.0

Headers = Sequence[tuple[bytes, bytes]]


class Fresh(Struct, frozen=True):
    """Do the work, then `finish` (or `abandon`) with this."""

    key: str
    claim: str


class Replay(Struct, frozen=True):
    """The answer that was given before."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class InProgress(Struct, frozen=True):
    """Another request with this key is being answered; ask again after so many seconds."""

    retry_after: float


class Idempotency:
    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock
        self._owner = new_id("own")
        self._held: set[str] = set()

    async def begin(self, scope: Scope, key: str, body_hash: str) -> Fresh | Replay | InProgress:
        """Claim the key, or learn what became of it. Raises `Conflict` or `StoreError`."""
        now, claim = self._clock.now(), new_id("clm")
        values = {
            "body_hash": body_hash,
            "claim": claim,
            "owner": self._owner,
            "lease_until": instant(now + LEASE_SECONDS),
            "expires": instant(now + KEPT_SECONDS),
            "status": None,
            "headers": None,
            "body": None,
        }
        here = (idempotency.c.tenant == scope.tenant) & (idempotency.c.key == key)

        def work(connection: Connection) -> Fresh | Replay | InProgress | None:
            row = connection.execute(select(idempotency).where(here).with_for_update())
            found = row.mappings().one_or_none()
            if found is None:
                connection.execute(
                    idempotency.insert().values(tenant=scope.tenant, key=key, **values)
                )
                return Fresh(key, claim)
            if found["claim"] == claim:  # an earlier run was committed after all
                return Fresh(key, claim)
            if _is_over(found, instant(now)):
                connection.execute(update(idempotency).where(here).values(values))
                return Fresh(key, claim)
            if found["body_hash"] != body_hash:
                return None
            return _outcome(found)

        outcome = await self._writer.run(work)
        if outcome is None:
            raise Conflict
        if isinstance(outcome, Fresh):
            self._held.add(outcome.claim)
        return outcome

    async def finish(
        self, scope: Scope, fresh: Fresh, status: int, headers: Headers, body: bytes
    ) -> bool:
        """Keep the answer; durable when this returns. False when the claim was lost meanwhile."""
        text = json.dumps(
            [[name.decode("latin-1"), each.decode("latin-1")] for name, each in headers]
        )
        change = update(idempotency).values(status=status, headers=text, body=body)
        return await self._end(scope, fresh, change)

    async def abandon(self, scope: Scope, fresh: Fresh) -> bool:
        """Nothing was done: the next request with this key is fresh."""
        return await self._end(scope, fresh, delete(idempotency))

    async def renew(self) -> None:
        """Keep the claims of this process; called while it lives, every `RENEW_SECONDS`."""
        if not self._held:
            return
        until = instant(self._clock.now() + LEASE_SECONDS)
        mine = (idempotency.c.owner == self._owner) & idempotency.c.status.is_(None)

        def work(connection: Connection) -> None:
            connection.execute(update(idempotency).where(mine).values(lease_until=until))

        await self._writer.run(work)

    async def sweep(self) -> int:
        """Forget what is older than a day, in small batches; returns how many."""
        now = instant(self._clock.now())
        old = select(idempotency.c.claim).where(idempotency.c.expires < now).limit(SWEEP_BATCH)

        def batch(connection: Connection) -> int:
            claims = connection.scalars(old).all()
            connection.execute(delete(idempotency).where(idempotency.c.claim.in_(claims)))
            return len(claims)

        total = 0
        while deleted := await self._writer.run(batch):
            total += deleted
        return total

    async def _end(self, scope: Scope, fresh: Fresh, change: Update | Delete) -> bool:
        """Apply to the claim if it is still ours and unfinished."""
        here = (idempotency.c.tenant == scope.tenant) & (idempotency.c.key == fresh.key)
        ours = here & (idempotency.c.claim == fresh.claim)

        def work(connection: Connection) -> bool:
            return connection.execute(change.where(ours)).rowcount == 1

        try:
            return await self._writer.run(work)
        finally:
            self._held.discard(fresh.claim)


def _is_over(row: RowMapping, now: int) -> bool:
    """Too old to replay, or its holder has died before it finished."""
    return row["expires"] <= now or (row["status"] is None and row["lease_until"] <= now)


def _outcome(row: RowMapping) -> Replay | InProgress:
    if row["status"] is None:
        return InProgress(RETRY_AFTER)
    headers = tuple(
        (name.encode("latin-1"), each.encode("latin-1"))
        for name, each in json.loads(row["headers"])
    )
    return Replay(row["status"], headers, bytes(row["body"]))
