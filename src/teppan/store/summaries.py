"""What older parts of long conversations say, shortly; found by the content of what they tell.

A summary is never made twice: of two that are kept for one prefix the first stays, whichever
process made it, so that all of them send the same words and a vendor's prompt cache holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, Select, delete, select

from teppan.core.ids import Scope
from teppan.store.bulk import BulkInsert, cleaned
from teppan.store.reader import Reader
from teppan.store.schema import instant, seconds, summaries
from teppan.store.writer import Writer

COLUMNS = tuple(column.name for column in summaries.columns)
ASKED_FOR = 400
"""Names looked up by one statement."""
PRUNE_BATCH = 500


class Summary(Struct, frozen=True):
    """`text` tells the first `messages` messages of a conversation, whose content hash is `prefix`.

    `model` wrote it; empty when it is made of the conversation's own sentences. `at` is seconds
    since 1970.
    """

    prefix: str
    messages: int
    text: str
    model: str = ""
    at: float = 0.0


class Summaries:
    def __init__(self, writer: Writer, reader: Reader, placeholder: str) -> None:
        self._writer = writer
        self._reader = reader
        self._insert = BulkInsert(summaries, COLUMNS, placeholder)

    async def find(self, scope: Scope, prefixes: Sequence[str]) -> dict[str, Summary]:
        """Those of this tenant that are known, by prefix. Raises `StoreError`."""
        chunks = [prefixes[i : i + ASKED_FOR] for i in range(0, len(prefixes), ASKED_FOR)]

        def query(connection: Connection) -> dict[str, Summary]:
            found = {}
            for chunk in chunks:
                for row in connection.execute(_named(scope, chunk)).mappings():
                    found[row["prefix"]] = _summary(row)
            return found

        return await self._reader.run(query)

    async def keep(self, scope: Scope, summary: Summary) -> Summary:
        """The summary that holds for this prefix from now on: this one, or an earlier one.

        Raises `StoreError`.
        """
        row = (
            scope.tenant,
            summary.prefix,
            summary.messages,
            summary.text,
            summary.model,
            instant(summary.at),
        )

        def work(connection: Connection) -> Summary:
            self._insert(connection, cleaned([row]))
            wanted = _named(scope, [summary.prefix])
            return _summary(connection.execute(wanted).mappings().one())

        return await self._writer.run(work)

    async def prune(self, before: float) -> int:
        """Delete those made before this instant, in small batches; returns how many."""
        old = select(summaries.c.tenant, summaries.c.prefix).where(summaries.c.at < instant(before))

        def batch(connection: Connection) -> int:
            found = connection.execute(old.order_by(summaries.c.at).limit(PRUNE_BATCH)).all()
            for tenant, prefix in found:
                here = (summaries.c.tenant == tenant) & (summaries.c.prefix == prefix)
                connection.execute(delete(summaries).where(here))
            return len(found)

        total = 0
        while deleted := await self._writer.run(batch):
            total += deleted
        return total


def _named(scope: Scope, prefixes: Sequence[str]) -> Select[Any]:
    return select(summaries).where(
        summaries.c.tenant == scope.tenant, summaries.c.prefix.in_(prefixes)
    )


def _summary(row: RowMapping) -> Summary:
    return Summary(row["prefix"], row["messages"], row["text"], row["model"], seconds(row["at"]))
