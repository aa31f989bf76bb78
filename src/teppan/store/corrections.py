"""The better texts that people wrote: durable before they are acknowledged, every version kept."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, Select, select

from teppan.core.clock import Clock
from teppan.core.ids import Scope, new_id
from teppan.store.feedback import source_of
from teppan.store.reader import Reader
from teppan.store.schema import instant, seconds
from teppan.store.tables.corrections import corrections
from teppan.store.versions import Values, counts, forget, state, subject_of, withdraw
from teppan.store.writer import Writer

SAID = ("text", "comment")


class Correction(Struct, frozen=True):
    """What the answer of a trace should have been, as a source wrote it; `comment` says why. `at`
    is in seconds since 1970."""

    id: str
    trace_id: str
    source: str
    text: str
    comment: str
    at: float
    key_id: str = ""
    version: int = 1
    withdrawn: bool = False


class Corrections:
    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def record(
        self, scope: Scope, trace_id: str, text: str, comment: str = "", source: str = ""
    ) -> Correction:
        """Durable when it returns. Written again unchanged, it is the one there already is;
        otherwise the next version of this source's. `source` empty is the key itself."""
        whose = source or source_of(scope)
        row = {
            "id": new_id("cor"),
            "tenant": scope.tenant,
            "subject": subject_of(scope.tenant, trace_id, whose),
            "trace_id": trace_id,
            "key_id": scope.key_id,
            "source": whose,
            "text": text,
            "comment": comment,
            "at": instant(self._clock.now()),
        }

        def work(connection: Connection) -> Correction:
            return _correction(state(connection, corrections, row, SAID))

        return await self._writer.run(work)

    async def withdraw(self, scope: Scope, id: str) -> Correction | None:
        """Takes a correction of this tenant back; `None` when there is none of this id."""
        at = instant(self._clock.now())
        where = (corrections.c.tenant == scope.tenant) & (corrections.c.id == id)

        def work(connection: Connection) -> Correction | None:
            row = withdraw(connection, corrections, where, at)
            return None if row is None else _correction(row)

        return await self._writer.run(work)

    async def forget(self, scope: Scope, source: str) -> int:
        """Deletes every text of a source (`user:ID`) in this tenant; returns how many."""

        def work(connection: Connection) -> int:
            return forget(connection, corrections, scope, source)

        return await self._writer.run(work)

    async def of(self, scope: Scope, trace_id: str) -> list[Correction]:
        """Every version of every text written for an answer of this tenant, oldest first."""
        wanted = select(corrections).where(
            corrections.c.tenant == scope.tenant, corrections.c.trace_id == trace_id
        )
        return await self._read(wanted.order_by(corrections.c.at, corrections.c.version))

    async def latest(self, scope: Scope, trace_id: str) -> Correction | None:
        """The text that counts: the last one written and not taken back."""
        wanted = select(corrections).where(
            corrections.c.tenant == scope.tenant,
            corrections.c.trace_id == trace_id,
            counts(corrections),
        )
        newest = wanted.order_by(corrections.c.at.desc(), corrections.c.id.desc()).limit(1)
        found = await self._read(newest)
        return found[0] if found else None

    async def counting(
        self, scope: Scope, *, since: float = 0.0, everyone: bool = False
    ) -> list[Correction]:
        """Each source's text of each answer, written since an instant, oldest first."""
        wanted = select(corrections).where(corrections.c.at >= instant(since), counts(corrections))
        if not everyone:
            wanted = wanted.where(corrections.c.tenant == scope.tenant)
        return await self._read(wanted.order_by(corrections.c.at, corrections.c.id))

    async def _read(self, wanted: Select[tuple[object, ...]]) -> list[Correction]:
        def query(connection: Connection) -> list[Correction]:
            return [_correction(row) for row in connection.execute(wanted).mappings()]

        return await self._reader.run(query)


def _correction(row: RowMapping | Values) -> Correction:
    return Correction(
        id=row["id"],
        trace_id=row["trace_id"],
        source=row["source"],
        text=row["text"],
        comment=row["comment"],
        at=seconds(row["at"]),
        key_id=row["key_id"],
        version=row["version"],
        withdrawn=row["withdrawn"] is not None,
    )
