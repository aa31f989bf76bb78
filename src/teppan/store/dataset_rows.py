"""The rows of training sets: what each signal became, in which split, or why it was left out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, update

from teppan.core.ids import Scope
from teppan.store.reader import Reader
from teppan.store.tables.datasets import dataset_rows
from teppan.store.writer import Writer

State = Literal["building", "ready", "changed", "deleted"]

OUT = ""
"""The split of what was left out."""
CHUNK = 400
"""Ids of one statement."""


class Dataset(Struct, frozen=True, kw_only=True):
    """One version. `hash` is that of its rows now, `first_hash` as it was built; `erased` rows have
    gone since. `card` is JSON. Instants are seconds since 1970."""

    name: str
    version: int
    state: State
    since: float
    until: float
    made: float
    hash: str = ""
    first_hash: str = ""
    rows: int = 0
    erased: int = 0
    card: bytes = b""

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}"


class DatasetRow(Struct, frozen=True, kw_only=True):
    """What became of one signal: in a `split`, or left out and `why`. `digest` is that of the
    signal it was made of, `hash` that of the row; `body` its words, scrubbed."""

    id: str
    trace_id: str
    episode: str | None = None
    user: str | None = None
    split: str = OUT
    why: str = ""
    digest: str = ""
    hash: str = ""
    body: bytes = b""


class Decision(Struct, frozen=True):
    """Where a row belongs."""

    id: str
    split: str
    why: str
    hash: str


Page = list[DatasetRow]


class DatasetRows:
    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def digests(self, scope: Scope, of: Dataset, ids: Sequence[str]) -> dict[str, str]:
        """Of these signals, those that have a row already, with the digest it was made of."""

        def query(connection: Connection) -> dict[str, str]:
            wanted = select(dataset_rows.c.id, dataset_rows.c.digest)
            return {
                row.id: row.digest
                for some in _chunks(ids)
                for row in connection.execute(
                    wanted.where(held(scope, of), dataset_rows.c.id.in_(some))
                )
            }

        return await self._reader.run(query)

    async def made_before(
        self, scope: Scope, of: Dataset, digests: Mapping[str, str]
    ) -> dict[str, bytes]:
        """The words of rows that the newest finished version before this one made of the very same
        signals, given their digests by id; so that they need not be made again."""
        here = (
            (dataset_rows.c.tenant == scope.tenant)
            & (dataset_rows.c.name == of.name)
            & (dataset_rows.c.version < of.version)
            & (dataset_rows.c.split != OUT)
        )

        def query(connection: Connection) -> dict[str, bytes]:
            last = connection.scalar(select(func.max(dataset_rows.c.version)).where(here))
            wanted = select(dataset_rows.c.id, dataset_rows.c.digest, dataset_rows.c.body).where(
                here, dataset_rows.c.version == last
            )
            return {
                row.id: bytes(row.body)
                for some in _chunks(list(digests) if last is not None else [])
                for row in connection.execute(wanted.where(dataset_rows.c.id.in_(some)))
                if row.digest == digests[row.id] and row.body
            }

        return await self._reader.run(query)

    async def put(self, scope: Scope, of: Dataset, rows: Sequence[DatasetRow]) -> None:
        """Rows instead of what was there under their ids. Durable when it returns; all or none."""
        values = [_values(scope, of, each) for each in rows]

        def work(connection: Connection) -> None:
            _drop(connection, scope, of, [each.id for each in rows])
            connection.execute(insert(dataset_rows), values)

        if values:
            await self._writer.run(work)

    async def keep_only(
        self, scope: Scope, of: Dataset, ids: Sequence[str], after: str, until: str | None
    ) -> int:
        """Drops the rows between two ids that are not among these; returns how many."""
        kept = frozenset(ids)
        here = held(scope, of) & (dataset_rows.c.id > after)
        if until is not None:
            here &= dataset_rows.c.id <= until

        def work(connection: Connection) -> int:
            found = connection.scalars(select(dataset_rows.c.id).where(here))
            gone = [each for each in found if each not in kept]
            _drop(connection, scope, of, gone)
            return len(gone)

        return await self._writer.run(work)

    async def decide(self, scope: Scope, of: Dataset, made: Sequence[Decision]) -> None:
        """Puts rows where they belong. What is left out keeps no words."""
        placed = update(dataset_rows).where(held(scope, of), dataset_rows.c.id == bindparam("row"))
        kept = placed.values(split=bindparam("to"), why=bindparam("because"), hash=bindparam("sum"))

        def work(connection: Connection) -> None:
            connection.execute(
                kept,
                [
                    {"row": each.id, "to": each.split, "because": each.why, "sum": each.hash}
                    for each in made
                ],
            )

        if made:
            await self._writer.run(work)

    async def list(
        self,
        scope: Scope,
        of: Dataset,
        *,
        split: str | None = None,
        after: str = "",
        limit: int = 500,
    ) -> Page:
        """Rows by id, a page at a time; those of one split, or all with what was left out."""
        wanted = select(dataset_rows).where(held(scope, of), dataset_rows.c.id > after)
        if split is not None:
            wanted = wanted.where(dataset_rows.c.split == split)
        wanted = wanted.order_by(dataset_rows.c.id).limit(limit)

        def query(connection: Connection) -> Page:
            return [_row(each) for each in connection.execute(wanted)]

        return await self._reader.run(query)

    async def bodies(self, scope: Scope, of: Dataset, ids: Sequence[str]) -> dict[str, bytes]:
        """The words of some rows, by id."""

        def query(connection: Connection) -> dict[str, bytes]:
            wanted = select(dataset_rows.c.id, dataset_rows.c.body)
            return {
                row.id: bytes(row.body)
                for some in _chunks(ids)
                for row in connection.execute(
                    wanted.where(held(scope, of), dataset_rows.c.id.in_(some))
                )
            }

        return await self._reader.run(query)

    async def counts(self, scope: Scope, of: Dataset) -> dict[tuple[str, str], int]:
        """How many rows there are, by split and reason."""
        wanted = (
            select(dataset_rows.c.split, dataset_rows.c.why, func.count())
            .where(held(scope, of))
            .group_by(dataset_rows.c.split, dataset_rows.c.why)
        )

        def query(connection: Connection) -> dict[tuple[str, str], int]:
            return {(row[0], row[1]): row[2] for row in connection.execute(wanted)}

        return await self._reader.run(query)


def hash_of(hashes: Iterable[str]) -> str:
    """The hash of rows in whatever order."""
    return hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()


def hash_now(connection: Connection, tenant: str, name: str, version: int) -> tuple[str, int]:
    """The hash of the rows that a version holds now, and how many they are."""
    here = (
        (dataset_rows.c.tenant == tenant)
        & (dataset_rows.c.name == name)
        & (dataset_rows.c.version == version)
        & (dataset_rows.c.split != OUT)
    )
    hashes = list(connection.scalars(select(dataset_rows.c.hash).where(here)))
    return hash_of(hashes), len(hashes)


def held(scope: Scope, of: Dataset) -> ColumnElement[bool]:
    """All that a version holds, with what was left out."""
    return (
        (dataset_rows.c.tenant == scope.tenant)
        & (dataset_rows.c.name == of.name)
        & (dataset_rows.c.version == of.version)
    )


def _drop(connection: Connection, scope: Scope, of: Dataset, ids: Sequence[str]) -> None:
    for some in _chunks(ids):
        connection.execute(delete(dataset_rows).where(held(scope, of), dataset_rows.c.id.in_(some)))


def _values(scope: Scope, of: Dataset, row: DatasetRow) -> dict[str, object]:
    return {
        "tenant": scope.tenant,
        "name": of.name,
        "version": of.version,
        "id": row.id,
        "trace_id": row.trace_id,
        "episode": row.episode,
        "user": row.user,
        "split": row.split,
        "why": row.why,
        "digest": row.digest,
        "hash": row.hash,
        "body": row.body,
    }


def _row(found: Any) -> DatasetRow:
    return DatasetRow(
        id=found.id,
        trace_id=found.trace_id,
        episode=found.episode,
        user=found.user,
        split=found.split,
        why=found.why,
        digest=found.digest,
        hash=found.hash,
        body=bytes(found.body),
    )


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
