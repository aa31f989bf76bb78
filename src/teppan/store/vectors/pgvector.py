"""Vectors in PostgreSQL with the extension pgvector, shared by all gateways.

They have a table of their own, made when the extension is there. A query reads the rows of its
own partition, found by a plain index, and compares them exactly: no query ever sees the rows of
another tenant, and none is overlooked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from teppan.core.ids import Scope
from teppan.store.reader import Reader
from teppan.store.vectors.base import Near
from teppan.store.writer import Writer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TABLE = "cache_vectors"


class PgVectors:
    """Opened by `open_pgvector`. `schema` is where the extension lives."""

    shared = True

    def __init__(self, writer: Writer, reader: Reader, schema: str) -> None:
        self._writer = writer
        self._reader = reader
        kind = f'"{schema}".vector'
        self._add = text(
            f"INSERT INTO {TABLE} (tenant, id, partition, size, embedding) "  # noqa: S608 - names of ours
            f"VALUES (:tenant, :id, :partition, :size, CAST(:embedding AS {kind})) "
            "ON CONFLICT (tenant, id) DO UPDATE SET partition = excluded.partition, "
            "size = excluded.size, embedding = excluded.embedding"
        )
        self._nearest = text(
            f'SELECT id, embedding OPERATOR("{schema}".<=>) CAST(:embedding AS {kind}) AS far '  # noqa: S608 - names of ours
            f"FROM {TABLE} WHERE tenant = :tenant AND partition = :partition AND size = :size "
            "ORDER BY far, id LIMIT :count"
        )

    async def add(self, scope: Scope, partition: str, id: str, vector: NDArray[np.float32]) -> None:
        values = self._values(scope, partition, vector) | {"id": id}
        await self._writer.run(lambda connection: _run(connection, self._add, values))

    async def nearest(
        self, scope: Scope, partition: str, vector: NDArray[np.float32], count: int
    ) -> list[Near]:
        values = self._values(scope, partition, vector) | {"count": count}

        def query(connection: Connection) -> list[Near]:
            return [Near(id, 1.0 - far) for id, far in connection.execute(self._nearest, values)]

        return await self._reader.run(query)

    async def remove(self, scope: Scope, ids: Sequence[str]) -> None:
        gone = text(f"DELETE FROM {TABLE} WHERE tenant = :tenant AND id = ANY(:ids)")  # noqa: S608 - a name of ours
        values = {"tenant": scope.tenant, "ids": list(ids)}
        await self._writer.run(lambda connection: _run(connection, gone, values))

    async def erase(self, scope: Scope) -> None:
        gone = text(f"DELETE FROM {TABLE} WHERE tenant = :tenant")  # noqa: S608 - a name of ours
        values = {"tenant": scope.tenant}
        await self._writer.run(lambda connection: _run(connection, gone, values))

    async def count(self, scope: Scope) -> int:
        wanted = text(f"SELECT count(*) FROM {TABLE} WHERE tenant = :tenant")  # noqa: S608 - a name of ours

        def query(connection: Connection) -> int:
            return int(connection.scalar(wanted, {"tenant": scope.tenant}) or 0)

        return await self._reader.run(query)

    def _values(self, scope: Scope, partition: str, vector: NDArray[np.float32]) -> dict[str, Any]:
        written = f"[{','.join(map(repr, vector.tolist()))}]"
        return {
            "tenant": scope.tenant,
            "partition": partition,
            "size": len(vector),
            "embedding": written,
        }


async def open_pgvector(writer: Writer, reader: Reader) -> PgVectors | None:
    """`None` when the server has no pgvector, or this user may not create it."""

    def look(connection: Connection) -> bool:
        offered = text("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")
        return connection.scalar(offered) is not None

    def make(connection: Connection) -> str | None:
        where = _schema(connection)
        if where is None:
            with connection.begin_nested():
                connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public"))
            where = _schema(connection)
        connection.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS {TABLE} (tenant text NOT NULL, id text NOT NULL, "
                f"partition text NOT NULL, size integer NOT NULL, "
                f'embedding "{where}".vector NOT NULL, PRIMARY KEY (tenant, id))'
            )
        )
        connection.execute(
            text(
                f"CREATE INDEX IF NOT EXISTS {TABLE}_partition ON {TABLE} (tenant, partition, size)"
            )
        )
        return where

    if not await reader.run(look):
        return None
    schema = await writer.run(make)
    return None if schema is None else PgVectors(writer, reader, schema)


def _schema(connection: Connection) -> str | None:
    where: str | None = connection.scalar(
        text(
            "SELECT nspname FROM pg_extension JOIN pg_namespace ON extnamespace = "
            "pg_namespace.oid WHERE extname = 'vector'"
        )
    )
    return where


def _run(connection: Connection, statement: Any, values: dict[str, Any]) -> None:
    connection.execute(statement, values)
