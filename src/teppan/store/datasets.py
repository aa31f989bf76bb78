"""Training sets of each tenant: versions of a name, the rows they hold, who was trained on them.

    building ── ready ── changed (a person's rows were erased) ── deleted

A version is built row by row and may be broken off anywhere: it stays `building`, and whoever
builds the name again goes on with it. Rows name the trace, the conversation and the person they
come from, so that erasing reaches them; what was left out stays too, without words, with the
reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, update

from teppan.core.clock import Clock
from teppan.core.errors import BadRequest, NotFound
from teppan.core.ids import Scope
from teppan.store.dataset_rows import OUT, Dataset, DatasetRows, hash_now, held
from teppan.store.reader import Reader
from teppan.store.schema import instant, seconds
from teppan.store.tables.datasets import dataset_rows, dataset_students, datasets
from teppan.store.tables.signals import signals
from teppan.store.writer import Writer

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Student(Struct, frozen=True):
    """A model that was trained on a version; `hash` is what the version was then, `erased` how many
    of its rows have gone since."""

    dataset: str
    student: str
    hash: str
    at: float
    erased: int = 0


Found = list[Dataset]
Taught = list[Student]


class Datasets:
    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self.rows = DatasetRows(writer, reader)

    async def begin(self, scope: Scope, name: str, since: float, until: float) -> Dataset:
        """A version that is being built: the one that was broken off, or a new one. Raises
        `BadRequest` for a name that is none."""
        if not _NAME.fullmatch(name):
            raise BadRequest(
                f"`{name}` is no name of a dataset: small letters, digits, `.`, `_` and `-`"
            )
        now = instant(self._clock.now())

        def work(connection: Connection) -> Dataset:
            mine = (datasets.c.tenant == scope.tenant) & (datasets.c.name == name)
            last = connection.execute(
                select(datasets).where(mine).order_by(datasets.c.version.desc()).limit(1)
            ).first()
            if last is not None and last.state == "building":
                return _dataset(last)
            row = {
                "tenant": scope.tenant,
                "name": name,
                "version": last.version + 1 if last is not None else 1,
                "state": "building",
                "since": instant(since),
                "until": instant(until),
                "made": now,
                "hash": "",
                "first_hash": "",
                "rows": 0,
                "erased": 0,
                "card": b"",
            }
            connection.execute(insert(datasets).values(**row))
            return _dataset(connection.execute(select(datasets).where(_is(scope, row))).one())

        return await self._writer.run(work)

    async def finish(self, scope: Scope, of: Dataset, expected: str, card: bytes) -> Dataset:
        """The version is ready; the words of what was left out go. One that holds the same as the
        one before it is taken back, and the one before it returned.

        Rows whose signal is gone (somebody was erased while it was being built) are dropped. Where
        the rows are then not those of the hash that is `expected`, it is still being built.
        """
        alive = select(signals.c.id).where(
            signals.c.tenant == scope.tenant, signals.c.id == dataset_rows.c.id
        )

        def work(connection: Connection) -> Dataset:
            before = connection.execute(
                select(datasets)
                .where(
                    datasets.c.tenant == scope.tenant,
                    datasets.c.name == of.name,
                    datasets.c.version < of.version,
                )
                .order_by(datasets.c.version.desc())
                .limit(1)
            ).first()
            connection.execute(delete(dataset_rows).where(held(scope, of), ~exists(alive)))
            sum_, count = hash_now(connection, scope.tenant, of.name, of.version)
            if sum_ != expected:
                return of
            if before is not None and before.state == "ready" and before.hash == sum_:
                connection.execute(delete(dataset_rows).where(held(scope, of)))
                connection.execute(delete(datasets).where(_is(scope, _key(of))))
                return _dataset(before)
            connection.execute(
                update(dataset_rows)
                .where(held(scope, of), dataset_rows.c.split == OUT)
                .values(body=b"")
            )
            values = {
                "state": "ready",
                "hash": sum_,
                "first_hash": sum_,
                "rows": count,
                "card": card,
            }
            connection.execute(update(datasets).where(_is(scope, _key(of))).values(**values))
            return _dataset(connection.execute(select(datasets).where(_is(scope, _key(of)))).one())

        return await self._writer.run(work)

    async def list(self, scope: Scope) -> Found:
        """All versions but deleted ones, newest first."""
        wanted = (
            select(datasets)
            .where(datasets.c.tenant == scope.tenant, datasets.c.state != "deleted")
            .order_by(datasets.c.made.desc(), datasets.c.name, datasets.c.version.desc())
        )

        def query(connection: Connection) -> Found:
            return [_dataset(each) for each in connection.execute(wanted)]

        return await self._reader.run(query)

    async def get(self, scope: Scope, id: str) -> Dataset:
        """A version (`support@3`), or the newest finished one of a name. Raises `NotFound`."""
        name, _, number = id.partition("@")
        wanted = select(datasets).where(
            datasets.c.tenant == scope.tenant,
            datasets.c.name == name,
            datasets.c.state != "deleted",
        )
        if number:
            wanted = wanted.where(datasets.c.version == (int(number) if number.isdecimal() else 0))
        else:
            wanted = wanted.where(datasets.c.state != "building")
        wanted = wanted.order_by(datasets.c.version.desc()).limit(1)
        found = await self._reader.run(lambda connection: connection.execute(wanted).first())
        if found is None:
            raise NotFound(f"no dataset `{id}`; `teppan dataset list` shows those there are")
        return _dataset(found)

    async def delete(self, scope: Scope, of: Dataset) -> int:
        """Takes a version away; returns how many rows it held. Where a student was trained on it,
        its rows stay without words, so that erasing can still tell."""

        def work(connection: Connection) -> int:
            students = select(dataset_students.c.at).where(_students(scope, of))
            count = hash_now(connection, scope.tenant, of.name, of.version)[1]
            if connection.scalar(students) is None:
                connection.execute(delete(dataset_rows).where(held(scope, of)))
            else:
                connection.execute(update(dataset_rows).where(held(scope, of)).values(body=b""))
            connection.execute(
                update(datasets).where(_is(scope, _key(of))).values(state="deleted", card=b"")
            )
            return count

        return await self._writer.run(work)

    async def trained(self, scope: Scope, dataset_id: str, student: str) -> None:
        """Keeps that a student was trained on a version as it is now; saying so again changes
        nothing. Raises `NotFound`."""
        of = await self.get(scope, dataset_id)
        at = instant(self._clock.now())

        def work(connection: Connection) -> None:
            here = _students(scope, of) & (dataset_students.c.student == student)
            if connection.execute(select(dataset_students.c.at).where(here)).first() is None:
                connection.execute(
                    insert(dataset_students).values(
                        tenant=scope.tenant,
                        name=of.name,
                        version=of.version,
                        student=student,
                        hash=of.hash,
                        at=at,
                        erased=0,
                    )
                )

        await self._writer.run(work)

    async def students(self, scope: Scope, of: Dataset | None = None) -> Taught:
        """Who was trained on a version, or on any; in the order of their training."""
        wanted = select(dataset_students).where(dataset_students.c.tenant == scope.tenant)
        if of is not None:
            wanted = wanted.where(_students(scope, of))
        wanted = wanted.order_by(dataset_students.c.at, dataset_students.c.student)

        def query(connection: Connection) -> Taught:
            return [
                Student(
                    f"{each.name}@{each.version}",
                    each.student,
                    each.hash,
                    seconds(each.at),
                    each.erased,
                )
                for each in connection.execute(wanted)
            ]

        return await self._reader.run(query)


def _key(of: Dataset) -> dict[str, object]:
    return {"name": of.name, "version": of.version}


def _is(scope: Scope, key: Mapping[str, object]) -> ColumnElement[bool]:
    return (
        (datasets.c.tenant == scope.tenant)
        & (datasets.c.name == key["name"])
        & (datasets.c.version == key["version"])
    )


def _students(scope: Scope, of: Dataset) -> ColumnElement[bool]:
    return (
        (dataset_students.c.tenant == scope.tenant)
        & (dataset_students.c.name == of.name)
        & (dataset_students.c.version == of.version)
    )


def _dataset(found: Any) -> Dataset:
    return Dataset(
        name=found.name,
        version=found.version,
        state=found.state,
        since=seconds(found.since),
        until=seconds(found.until),
        made=seconds(found.made),
        hash=found.hash,
        first_hash=found.first_hash,
        rows=found.rows,
        erased=found.erased,
        card=bytes(found.card),
    )
