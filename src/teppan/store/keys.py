"""Gateway keys: shown once, kept only as a hash, known by heart while serving.

A key is random enough that a fast hash is the right one: HMAC-SHA-256 with the server's pepper.
All keys are held in memory and read again when any has changed, which is looked up twice a
second; so a revocation counts within a second, whichever process made it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import Literal

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, select, update

from teppan.core.clock import Clock
from teppan.core.errors import StoreError
from teppan.core.ids import Scope, new_id
from teppan.core.secret import Secret
from teppan.store.keytext import key_id, new_key
from teppan.store.marks import mark, read_mark
from teppan.store.pepper import Pepper, fingerprint
from teppan.store.reader import Reader
from teppan.store.schema import instant, keys, seconds
from teppan.store.writer import Writer

Role = Literal["user", "admin", "feedback", "reviewer"]

POLL_SECONDS = 0.5
STALE_SECONDS = 10.0
"""Without news from the database for so long, no key is accepted from memory."""
RELOAD_PAUSE = 0.1
"""An unknown key makes us look again, but not more often than this."""

CHANGES, PEPPER = "keys", "pepper"


class KeyRecord(Struct, frozen=True):
    """A key, without the secret. Instants are seconds since 1970.

    `origins` are the sites (`https://shop.example`) whose pages may use it; empty means that no
    page may, where the role is `feedback`.
    """

    id: str
    tenant: str
    name: str
    role: Role
    models: tuple[str, ...]
    created: float
    expires: float | None = None
    revoked: float | None = None
    origins: tuple[str, ...] = ()

    def scope(self) -> Scope:
        return Scope(self.tenant, self.id, self.models, self.role, self.origins)


class _Known(Struct, frozen=True):
    record: KeyRecord
    digest: str
    scope: Scope


class Keys:
    def __init__(self, writer: Writer, reader: Reader, clock: Clock, pepper: Pepper) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._pepper = pepper
        self._known: dict[str, _Known] = {}
        self._origins: frozenset[str] = frozenset()
        self._changes: str | None = None
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    # --- while serving -----------------------------------------------------------------------

    def check(self, text: str) -> Scope | None:
        """Whose key this is, from memory alone; `None` when it is not known there."""
        return self._recognised(text) if self._fresh(STALE_SECONDS) else None

    def _recognised(self, text: str) -> Scope | None:
        """Whose key this is, by what was read last, however long ago."""
        known = self._known.get(key_id(text) or "")
        if known is None:
            return None
        if not hmac.compare_digest(self._digest(text), known.digest):
            return None
        record, now = known.record, self._clock.now()
        expired = record.expires is not None and now >= record.expires
        return None if expired or record.revoked is not None else known.scope

    async def find(self, text: str) -> Scope | None:
        """Whose key this is; `None` when it is unknown, expired or revoked.

        Raises `StoreError` when the keys cannot be read: nobody is let in then.
        """
        scope = self.check(text)
        if scope is None and key_id(text) is not None and not self._fresh(RELOAD_PAUSE):
            await self.refresh()
            scope = self._recognised(text)  # just read, even if a busy machine took its time
        return scope

    def welcomes(self, origin: str) -> bool:
        """Whether pages of this site may use some key, from memory alone. The key itself is checked
        when it comes; a browser asks before it sends one."""
        return origin in self._origins

    async def any(self) -> bool:
        """Whether there has ever been a key. Revoking the last one does not open the door."""
        if not self._known and not self._fresh(POLL_SECONDS):
            await self.refresh()
        return bool(self._known)

    async def refresh(self) -> None:
        """Read the keys again if any has changed."""
        async with self._reading:
            began = self._clock.monotonic()
            found = await self._reader.run(self._changed)
            if found is not None:
                self._changes, named, records = found
                self._check_pepper(named)
                self._known = {each.record.id: each for each in records}
                self._origins = frozenset(
                    origin
                    for each in records
                    if each.record.revoked is None
                    for origin in each.record.origins
                )
            self._read_at = began

    def _fresh(self, age: float) -> bool:
        return self._read_at is not None and self._clock.monotonic() - self._read_at < age

    def _changed(
        self, connection: Connection
    ) -> tuple[str | None, str | None, list[_Known]] | None:
        changes = read_mark(connection, CHANGES)
        if changes == self._changes and self._read_at is not None:
            return None
        rows = connection.execute(select(keys)).mappings()
        return changes, read_mark(connection, PEPPER), [_known(row) for row in rows]

    def _check_pepper(self, named: str | None) -> None:
        pepper = None if named is None else self._pepper.value()
        if named is not None and (pepper is None or fingerprint(pepper) != named):
            raise StoreError(
                "the pepper is missing or is not the one the keys were made with; restore it "
                "from the backup, or from the machine that made the keys"
            )

    def _digest(self, text: str) -> str:
        pepper = self._pepper.value()
        assert pepper is not None, "keys are only known when the pepper is"
        return hmac.digest(pepper, text.encode(), hashlib.sha256).hex()

    # --- operations --------------------------------------------------------------------------

    async def create(
        self,
        tenant: str,
        name: str,
        *,
        models: tuple[str, ...] = (),
        expires: float | None = None,
        role: Role = "user",
        origins: tuple[str, ...] = (),
    ) -> tuple[KeyRecord, Secret]:
        """A new key and, this once, its text. `models` empty means all of them."""
        pepper = await asyncio.to_thread(self._pepper.value, True)
        assert pepper is not None
        id, text = new_key()
        record = KeyRecord(
            id, tenant, name, role, models, self._clock.now(), expires, origins=origins
        )
        digest, change = self._digest(text), new_id("chg")

        def work(connection: Connection) -> str:
            named = read_mark(connection, PEPPER)
            if named is None:
                mark(connection, PEPPER, named := fingerprint(pepper))
            there = connection.scalar(select(keys.c.id).where(keys.c.id == id))
            if named == fingerprint(pepper) and there is None:
                connection.execute(keys.insert().values(_row(record, digest)))
                mark(connection, CHANGES, change)
            return named

        self._check_pepper(await self._writer.run(work))
        await self.refresh()
        return record, Secret(text)

    async def list(self, scope: Scope) -> list[KeyRecord]:
        """The keys of this tenant, or of all for an admin; oldest first."""
        wanted = select(keys).order_by(keys.c.created, keys.c.id)
        if scope.role != "admin":
            wanted = wanted.where(keys.c.tenant == scope.tenant)

        def query(connection: Connection) -> list[KeyRecord]:
            return [_known(row).record for row in connection.execute(wanted).mappings()]

        return await self._reader.run(query)

    async def revoke(self, scope: Scope, id: str) -> bool:
        """Whether there was such a key in this tenant (in any, for an admin). It stays listed."""
        now, change = instant(self._clock.now()), new_id("chg")
        wanted = update(keys).where(keys.c.id == id, keys.c.revoked.is_(None))
        if scope.role != "admin":
            wanted = wanted.where(keys.c.tenant == scope.tenant)

        def work(connection: Connection) -> bool:
            revoked = connection.execute(wanted.values(revoked=now)).rowcount == 1
            if revoked:
                mark(connection, CHANGES, change)
            return revoked

        revoked = await self._writer.run(work)
        await self.refresh()
        return revoked


def _row(record: KeyRecord, digest: str) -> dict[str, object]:
    return {
        "id": record.id,
        "tenant": record.tenant,
        "name": record.name,
        "role": record.role,
        "models": json.dumps(record.models),
        "origins": json.dumps(record.origins),
        "digest": digest,
        "created": instant(record.created),
        "expires": None if record.expires is None else instant(record.expires),
    }


def _known(row: RowMapping) -> _Known:
    record = KeyRecord(
        row["id"],
        row["tenant"],
        row["name"],
        row["role"],
        tuple(json.loads(row["models"])),
        seconds(row["created"]),
        None if row["expires"] is None else seconds(row["expires"]),
        None if row["revoked"] is None else seconds(row["revoked"]),
        tuple(json.loads(row["origins"])),
    )
    return _Known(record, row["digest"], record.scope())
