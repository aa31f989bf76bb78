"""How far the answers have come on the learning road: the count at each stage, of one tenant.

    answers ── signals ── reviewed ── qualified ── in a dataset ── taught a student

An answer may pass a stage without the one before: examples train without a review. Beside the road
stand the lessons, by their status.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Table, func, select

from teppan.core.ids import Scope
from teppan.store.dataset_rows import OUT
from teppan.store.reader import Reader
from teppan.store.schema import traces
from teppan.store.tables.datasets import dataset_rows, dataset_students, datasets
from teppan.store.tables.lessons import lessons
from teppan.store.tables.review import review_items
from teppan.store.tables.signals import signals

DECIDED = ("approved", "edited", "rejected")
WAITING = ("open", "claimed")
DONE = ("ready", "changed")


class Reached(Struct, frozen=True, kw_only=True):
    """Counts of answers; `waiting` are in the review queue, `students` were trained on a dataset,
    `lessons` are counted by status."""

    answers: int = 0
    signals: int = 0
    waiting: int = 0
    reviewed: int = 0
    qualified: int = 0
    dataset: int = 0
    taught: int = 0
    students: int = 0
    lessons: dict[str, int] = {}


class Stages:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def reached(self, scope: Scope) -> Reached:
        """One consistent view."""
        return await self._reader.run(lambda connection: _reached(connection, scope))


def _reached(connection: Connection, scope: Scope) -> Reached:
    def count(table: Table, *where: ColumnElement[bool]) -> int:
        wanted = select(func.count()).select_from(table)
        return connection.scalar(wanted.where(table.c.tenant == scope.tenant, *where)) or 0

    by_status = (
        select(lessons.c.status, func.count())
        .where(lessons.c.tenant == scope.tenant)
        .group_by(lessons.c.status)
        .order_by(lessons.c.status)
    )
    return Reached(
        answers=count(traces),
        signals=count(signals),
        waiting=count(review_items, review_items.c.status.in_(WAITING)),
        reviewed=count(review_items, review_items.c.status.in_(DECIDED)),
        qualified=count(signals, signals.c.trains),
        dataset=_in_datasets(connection, scope, datasets),
        taught=_in_datasets(connection, scope, dataset_students),
        students=connection.scalar(
            select(func.count(dataset_students.c.student.distinct())).where(
                dataset_students.c.tenant == scope.tenant
            )
        )
        or 0,
        lessons={row[0]: row[1] for row in connection.execute(by_status)},
    )


def _in_datasets(connection: Connection, scope: Scope, of: Table) -> int:
    """Answers that are in a finished version, or in one that a student was trained on."""
    versions = select(of.c.name, of.c.version).where(of.c.tenant == scope.tenant)
    if of is datasets:
        versions = versions.where(of.c.state.in_(DONE))
    there = versions.distinct().subquery()
    wanted = (
        select(func.count(dataset_rows.c.trace_id.distinct()))
        .select_from(dataset_rows)
        .join(
            there,
            (dataset_rows.c.name == there.c.name) & (dataset_rows.c.version == there.c.version),
        )
        .where(
            dataset_rows.c.tenant == scope.tenant,
            dataset_rows.c.split != OUT,
            dataset_rows.c.trace_id != "",
        )
    )
    return connection.scalar(wanted) or 0
