"""What shadow models said, beside which answer: pairs of a teacher and a student to learn from.

The figures of a comparison stay in `shadows`; the words are kept here as long as traces are, and
only where traces keep theirs.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, delete, select

from teppan.core.ids import Scope
from teppan.store.reader import Reader
from teppan.store.schema import instant, seconds
from teppan.store.tables.distil import shadow_words
from teppan.store.writer import Writer


class ShadowSaid(Struct, frozen=True, kw_only=True):
    """The answer of a shadow model. `id` is that of its own asking, by which the ledger knows what
    it cost; `trace_id` the answer it stood beside. `at` is when it was said."""

    id: str
    trace_id: str
    model: str
    text: str
    likeness: float
    same: bool
    episode: str | None = None
    user: str | None = None
    at: float = 0.0


class ShadowWords:
    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def put(self, scope: Scope, said: ShadowSaid) -> None:
        """Durable when it returns; the same trace and model again change nothing."""
        row = {
            "tenant": scope.tenant,
            "id": said.id,
            "trace_id": said.trace_id,
            "episode": said.episode,
            "user": said.user,
            "model": said.model,
            "likeness": said.likeness,
            "same": said.same,
            "text": said.text,
            "at": instant(said.at),
        }
        here = (
            (shadow_words.c.tenant == scope.tenant)
            & (shadow_words.c.trace_id == said.trace_id)
            & (shadow_words.c.model == said.model)
        )

        def work(connection: Connection) -> None:
            if connection.scalar(select(shadow_words.c.id).where(here)) is None:
                connection.execute(shadow_words.insert().values(row))

        await self._writer.run(work)

    async def list(
        self,
        scope: Scope,
        *,
        since: float = 0.0,
        until: float | None = None,
        after: str = "",
        limit: int = 500,
    ) -> list[ShadowSaid]:
        """What was said in `[since, until)`, by id; `after` the last one of the page before."""
        mine = shadow_words.c
        wanted = select(shadow_words).where(
            mine.tenant == scope.tenant, mine.at >= instant(since), mine.id > after
        )
        if until is not None:
            wanted = wanted.where(mine.at < instant(until))

        def query(connection: Connection) -> list[ShadowSaid]:
            found = connection.execute(wanted.order_by(mine.id).limit(limit))
            return [_said(row) for row in found]

        return await self._reader.run(query)

    async def get(self, scope: Scope, id: str) -> ShadowSaid | None:
        """What was said under this id, or `None`."""
        wanted = select(shadow_words).where(
            shadow_words.c.tenant == scope.tenant, shadow_words.c.id == id
        )

        def query(connection: Connection) -> ShadowSaid | None:
            row = connection.execute(wanted).one_or_none()
            return None if row is None else _said(row)

        return await self._reader.run(query)

    async def prune(self, before: float) -> int:
        """Forgets what was said before an instant; returns how many."""
        old = delete(shadow_words).where(shadow_words.c.at < instant(before))

        def work(connection: Connection) -> int:
            return connection.execute(old).rowcount

        return await self._writer.run(work)


def _said(row: Any) -> ShadowSaid:
    return ShadowSaid(
        id=row.id,
        trace_id=row.trace_id,
        model=row.model,
        text=row.text,
        likeness=row.likeness,
        same=row.same,
        episode=row.episode,
        user=row.user,
        at=seconds(row.at),
    )
