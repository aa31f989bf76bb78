"""Answers that jobs have paid for: each step of a job has a name, and a name is paid for once.

    begin ── Claim ── the model is asked ── finish     from now on it is remembered
       ├──── bytes                                     it was paid for before: here it is
       └──── Waiting                                   somebody is asking now

A step may ask several models. What one of them said is noted under the step at once (`note`,
`noted`), so that a step that was killed halfway asks only those that had not answered; `finish`
replaces the notes by the whole. A claim is leased like those of `idempotency.py`.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, delete, select, update

from teppan.core.clock import Clock
from teppan.core.ids import Scope, new_id
from teppan.store.reader import Reader
from teppan.store.schema import instant
from teppan.store.tables.paid import paid
from teppan.store.writer import Writer

LEASE_SECONDS = 15.0
RENEW_SECONDS = 5.0
RETRY_AFTER = 0.2
PRUNE_BATCH = 200
NOTE = "#"
"""Stands between the name of a step and that of a note under it."""


class About(Struct, frozen=True):
    """Whose words are in an answer, so that erasing them reaches it."""

    trace_id: str = ""
    episode: str | None = None
    user: str | None = None


NOBODY = About()


class Claim(Struct, frozen=True):
    """Ask, then `finish` or `abandon` with this."""

    key: str
    name: str
    about: About = NOBODY


class Waiting(Struct, frozen=True):
    """Another is asking; look again after so many seconds."""

    retry_after: float = RETRY_AFTER


class Paid:
    def __init__(
        self, writer: Writer, reader: Reader, clock: Clock, lease: float = LEASE_SECONDS
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._lease = lease
        self._held: set[str] = set()

    async def begin(self, scope: Scope, key: str, about: About = NOBODY) -> bytes | Claim | Waiting:
        """What was paid for, or the right to pay. Raises `StoreError`."""
        known = await self._body(scope, key)
        if known is not None:
            return known
        now, name = self._clock.now(), new_id("clm")
        here = (paid.c.tenant == scope.tenant) & (paid.c.key == key)
        values = {"claim": name, "lease_until": instant(now + self._lease), "at": instant(now)}

        def work(connection: Connection) -> bytes | Claim | Waiting:
            found = connection.execute(select(paid).where(here).with_for_update())
            row = found.mappings().one_or_none()
            if row is None:
                connection.execute(paid.insert().values(**_row(scope, key, about), **values))
            elif row["body"] is not None:
                return bytes(row["body"])
            elif row["claim"] != name and row["lease_until"] > instant(now):
                return Waiting()
            else:
                connection.execute(update(paid).where(here).values(values))
            return Claim(key, name, about)

        outcome = await self._writer.run(work)
        if isinstance(outcome, Claim):
            self._held.add(outcome.name)
        return outcome

    async def finish(self, scope: Scope, claim: Claim, body: bytes) -> bool:
        """Remembered when it returns; its notes are gone. False when somebody else had finished."""
        here = (paid.c.tenant == scope.tenant) & (paid.c.key == claim.key) & paid.c.body.is_(None)

        def work(connection: Connection) -> bool:
            done = connection.execute(update(paid).where(here).values(body=body)).rowcount == 1
            connection.execute(delete(paid).where(_notes(scope, claim.key)))
            return done

        try:
            return await self._writer.run(work)
        finally:
            self._held.discard(claim.name)

    async def abandon(self, scope: Scope, claim: Claim) -> None:
        """No answer came; whoever comes next may ask. Notes stay: they were paid for."""
        here = (paid.c.tenant == scope.tenant) & (paid.c.key == claim.key)
        mine = here & (paid.c.claim == claim.name) & paid.c.body.is_(None)

        def work(connection: Connection) -> None:
            connection.execute(delete(paid).where(mine))

        try:
            await self._writer.run(work)
        finally:
            self._held.discard(claim.name)

    async def note(self, scope: Scope, claim: Claim, name: str, body: bytes) -> None:
        """Keeps what one model said for this step; durable when it returns."""
        row = _row(scope, f"{claim.key}{NOTE}{name}", claim.about)
        now = instant(self._clock.now())
        here = (paid.c.tenant == row["tenant"]) & (paid.c.key == row["key"])

        def work(connection: Connection) -> None:
            connection.execute(delete(paid).where(here))
            connection.execute(
                paid.insert().values(**row, claim=claim.name, lease_until=now, body=body, at=now)
            )

        await self._writer.run(work)

    async def noted(self, scope: Scope, claim: Claim, name: str) -> bytes | None:
        """What a model said for this step before it was cut, if it did."""
        return await self._body(scope, f"{claim.key}{NOTE}{name}")

    async def known(self, scope: Scope, prefix: str) -> int:
        """How many steps whose names begin so are paid for."""
        wanted = select(paid.c.key).where(
            paid.c.tenant == scope.tenant,
            paid.c.key.startswith(prefix, autoescape=True),
            paid.c.body.is_not(None),
        )

        def query(connection: Connection) -> int:
            return sum(NOTE not in key[len(prefix) :] for key in connection.scalars(wanted))

        return await self._reader.run(query)

    async def renew(self) -> None:
        """Keeps the claims of this process; called while it lives."""
        if not self._held:
            return
        until, held = instant(self._clock.now() + self._lease), list(self._held)

        def work(connection: Connection) -> None:
            mine = paid.c.claim.in_(held) & paid.c.body.is_(None)
            connection.execute(update(paid).where(mine).values(lease_until=until))

        await self._writer.run(work)

    async def prune(self, before: float) -> int:
        """Forgets what was paid for before this instant, in small batches; returns how many."""
        old = select(paid.c.tenant, paid.c.key).where(paid.c.at < instant(before))

        def batch(connection: Connection) -> int:
            found = connection.execute(old.order_by(paid.c.at).limit(PRUNE_BATCH)).all()
            for tenant, key in found:
                connection.execute(delete(paid).where(paid.c.tenant == tenant, paid.c.key == key))
            return len(found)

        total = 0
        while deleted := await self._writer.run(batch):
            total += deleted
        return total

    async def _body(self, scope: Scope, key: str) -> bytes | None:
        wanted = select(paid.c.body).where(paid.c.tenant == scope.tenant, paid.c.key == key)

        def query(connection: Connection) -> bytes | None:
            body = connection.scalar(wanted)
            return None if body is None else bytes(body)

        return await self._reader.run(query)


def _row(scope: Scope, key: str, about: About) -> dict[str, object]:
    return {
        "tenant": scope.tenant,
        "key": key,
        "trace_id": about.trace_id,
        "episode": about.episode,
        "user": about.user,
    }


def _notes(scope: Scope, key: str) -> ColumnElement[bool]:
    return (paid.c.tenant == scope.tenant) & paid.c.key.startswith(f"{key}{NOTE}", autoescape=True)
