"""What was translated once: found by the content of what it says in another language.

Of two translations that are kept under one name the first stays, so that a question that is asked
again reads the same in every process, and what a model is asked with it can be remembered.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, Select, delete, select

from teppan.core.ids import Scope
from teppan.store.bulk import BulkInsert, cleaned
from teppan.store.reader import Reader
from teppan.store.schema import instant, seconds
from teppan.store.tables.language import translations
from teppan.store.writer import Writer

COLUMNS = tuple(column.name for column in translations.columns)
PRUNE_BATCH = 500


class Translation(Struct, frozen=True):
    """`text` is in language `target`; `name` is the hash of the words it was made of, of both
    languages and of who was asked. `model` wrote it. `at` is seconds since 1970.
    """

    name: str
    source: str
    target: str
    text: str
    model: str = ""
    at: float = 0.0


class Translations:
    def __init__(self, writer: Writer, reader: Reader, placeholder: str) -> None:
        self._writer = writer
        self._reader = reader
        self._insert = BulkInsert(translations, COLUMNS, placeholder)

    async def find(self, scope: Scope, name: str) -> Translation | None:
        """The one of this tenant that has this name. Raises `StoreError`."""

        def query(connection: Connection) -> Translation | None:
            row = connection.execute(_named(scope, name)).mappings().one_or_none()
            return None if row is None else _translation(row)

        return await self._reader.run(query)

    async def keep(self, scope: Scope, made: Translation) -> Translation:
        """The translation that holds for this name from now on: this one, or an earlier one.

        Raises `StoreError`.
        """
        row = (
            scope.tenant,
            made.name,
            made.source,
            made.target,
            made.text,
            made.model,
            instant(made.at),
        )

        def work(connection: Connection) -> Translation:
            self._insert(connection, cleaned([row]))
            return _translation(connection.execute(_named(scope, made.name)).mappings().one())

        return await self._writer.run(work)

    async def prune(self, before: float) -> int:
        """Delete those made before this instant, in small batches; returns how many."""
        at = translations.c.at
        old = select(translations.c.tenant, translations.c.name).where(at < instant(before))

        def batch(connection: Connection) -> int:
            found = connection.execute(old.order_by(at).limit(PRUNE_BATCH)).all()
            for tenant, name in found:
                here = (translations.c.tenant == tenant) & (translations.c.name == name)
                connection.execute(delete(translations).where(here))
            return len(found)

        total = 0
        while deleted := await self._writer.run(batch):
            total += deleted
        return total


def _named(scope: Scope, name: str) -> Select[Any]:
    return select(translations).where(
        translations.c.tenant == scope.tenant, translations.c.name == name
    )


def _translation(row: RowMapping) -> Translation:
    return Translation(
        row["name"], row["source"], row["target"], row["text"], row["model"], seconds(row["at"])
    )
