"""Erasing a person from training sets: their rows go, the set is told to have changed, and whoever
was trained on them is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from teppan.core.ids import Scope
from teppan.store.dataset_rows import CHUNK, OUT, hash_now
from teppan.store.tables.datasets import dataset_rows, dataset_students, datasets

Version = tuple[str, int]


class Lost(Struct, frozen=True):
    """How many rows were taken, and what people should know of it."""

    count: int
    notes: tuple[str, ...] = ()


def take(
    connection: Connection, scope: Scope, whose: Iterable[ColumnElement[bool]], *, dry: bool
) -> Lost:
    """Takes out the rows for which any of the conditions holds; with `dry` only tells."""
    theirs: dict[Version, dict[str, bool]] = defaultdict(dict)
    wanted = select(
        dataset_rows.c.name, dataset_rows.c.version, dataset_rows.c.id, dataset_rows.c.split
    )
    for condition in whose:
        mine = and_(dataset_rows.c.tenant == scope.tenant, condition)
        for row in connection.execute(wanted.where(mine)):
            theirs[row.name, row.version][row.id] = row.split != OUT
    notes: list[str] = []
    for version, rows in sorted(theirs.items()):
        held = sum(rows.values())
        if not dry:
            _delete(connection, scope, version, list(rows))
        if held:
            notes += _told(connection, scope, version, held, dry=dry)
    return Lost(sum(len(rows) for rows in theirs.values()), tuple(notes))


def _delete(connection: Connection, scope: Scope, version: Version, ids: list[str]) -> None:
    for start in range(0, len(ids), CHUNK):
        connection.execute(
            delete(dataset_rows).where(
                dataset_rows.c.tenant == scope.tenant,
                dataset_rows.c.name == version[0],
                dataset_rows.c.version == version[1],
                dataset_rows.c.id.in_(ids[start : start + CHUNK]),
            )
        )


def _told(
    connection: Connection, scope: Scope, version: Version, held: int, *, dry: bool
) -> list[str]:
    """Brings the version and its students up to date, and says what that means."""
    name = f"{version[0]}@{version[1]}"
    the_version = and_(
        datasets.c.tenant == scope.tenant,
        datasets.c.name == version[0],
        datasets.c.version == version[1],
    )
    its_students = and_(
        dataset_students.c.tenant == scope.tenant,
        dataset_students.c.name == version[0],
        dataset_students.c.version == version[1],
    )
    students = connection.scalars(
        select(dataset_students.c.student).where(its_students).order_by(dataset_students.c.student)
    ).all()
    if dry:
        notes = [f"dataset {name} would lose {_rows(held)}"]
    else:
        hash_, count = hash_now(connection, scope.tenant, *version)
        kept = connection.execute(
            select(datasets.c.state, datasets.c.erased).where(the_version)
        ).one_or_none()
        if kept is not None:
            state = "changed" if kept.state == "ready" else kept.state
            connection.execute(
                update(datasets)
                .where(the_version)
                .values(hash=hash_, rows=count, erased=kept.erased + held, state=state)
            )
        connection.execute(
            update(dataset_students)
            .where(its_students)
            .values(erased=dataset_students.c.erased + held)
        )
        notes = [f"dataset {name} lost {_rows(held)} and is another now: {hash_[:12]}"]
    notes += [
        f"the student {student} was trained on {_rows(held)} of theirs, in {name}; "
        "train it again without them"
        for student in students
    ]
    return notes


def _rows(many: int) -> str:
    return f"{many} row" if many == 1 else f"{many} rows"
