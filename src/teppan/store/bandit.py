"""What the adaptive routers know: a record for each router, category and model, and every reward.

A reward counts once for each router, trace and model, however often it is sent and by whichever
gateway: its row in `bandit_steps` is written in the same transaction that moves the record. What a
person says replaces what was guessed from a verdict, and what they say later replaces that.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Insert, RowMapping, Table, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from teppan.core.clock import Clock
from teppan.core.ids import content_hash
from teppan.core.money import Micros
from teppan.store.reader import Reader
from teppan.store.schema import bandit, bandit_steps, instant
from teppan.store.writer import Writer

VERDICT, FEEDBACK = "verdict", "feedback"
GOOD = 0.5
"""A quality above this is a win."""
PRUNE_BATCH = 500


class ArmRow(Struct, frozen=True):
    """A record: `pulls` rewards, the sums of their qualities, squares, wins and costs.

    `version` grows with every change.
    """

    pulls: int
    quality: float
    squares: float
    wins: int
    cost: Micros
    version: int


class Step(Struct, frozen=True):
    """One reward: how good the answer of a model was, in [0, 1], and what it cost."""

    router: str
    category: str
    model: str
    trace_id: str
    quality: float
    cost: Micros
    source: str = FEEDBACK

    @property
    def id(self) -> str:
        return content_hash("\0".join((self.router, self.trace_id, self.model)).encode())


class Bandit:
    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def load(self, router: str) -> dict[tuple[str, str], ArmRow]:
        """The records of a router by (category, model)."""
        wanted = select(bandit).where(bandit.c.router == router)

        def query(connection: Connection) -> dict[tuple[str, str], ArmRow]:
            rows = connection.execute(wanted).mappings()
            return {(row["category"], row["model"]): _arm(row) for row in rows}

        return await self._reader.run(query)

    async def add(self, step: Step) -> ArmRow:
        """The record after this reward, which counts once. Durable when it returns."""
        at = instant(self._clock.now())

        def work(connection: Connection) -> ArmRow:
            if _kept_anew(connection, step, at):
                _move(connection, step, 1, at)
            else:
                wanted = select(bandit_steps).where(bandit_steps.c.id == step.id)
                before = connection.execute(wanted.with_for_update()).mappings().one()
                if _replaces(step, before):
                    _move(connection, _of(before), -1, at)
                    _move(connection, step, 1, at)
                    connection.execute(
                        update(bandit_steps)
                        .where(bandit_steps.c.id == step.id)
                        .values(**_values(step), at=at)
                    )
            return _arm(connection.execute(select(bandit).where(_here(step))).mappings().one())

        return await self._writer.run(work)

    async def prune(self, before: float) -> int:
        """Deletes rewards older than this instant; the records keep their sums."""
        old = select(bandit_steps.c.id).where(bandit_steps.c.at < instant(before))

        def batch(connection: Connection) -> int:
            ids = list(connection.scalars(old.order_by(bandit_steps.c.at).limit(PRUNE_BATCH)))
            if ids:
                connection.execute(delete(bandit_steps).where(bandit_steps.c.id.in_(ids)))
            return len(ids)

        total = 0
        while deleted := await self._writer.run(batch):
            total += deleted
        return total


def _replaces(step: Step, before: RowMapping) -> bool:
    """Whether a reward takes the place of the one that stands for its trace and model."""
    return step.source == FEEDBACK and (
        before["source"] != FEEDBACK or before["quality"] != step.quality
    )


def _kept_anew(connection: Connection, step: Step, at: int) -> bool:
    """Whether this is the first reward of its trace and model; it is kept then."""
    row = {**_values(step), "at": at}
    adding = _unless_there(connection, bandit_steps, row).returning(bandit_steps.c.id)
    return connection.scalar(adding) is not None


def _move(connection: Connection, step: Step, sign: int, at: int) -> None:
    """Adds a reward to its record, or takes it out again."""
    table = bandit.c
    moved = {
        "pulls": sign,
        "quality": sign * step.quality,
        "squares": sign * step.quality**2,
        "wins": sign * int(step.quality > GOOD),
        "cost": sign * step.cost,
    }
    empty = dict.fromkeys((*moved, "version"), 0)
    row = {"router": step.router, "category": step.category, "model": step.model, **empty, "at": at}
    connection.execute(_unless_there(connection, bandit, row))
    connection.execute(
        update(bandit)
        .where(_here(step))
        .values(
            {name: table[name] + value for name, value in moved.items()}
            | {"version": table.version + 1, "at": at}
        )
    )


def _unless_there(connection: Connection, table: Table, row: Mapping[str, object]) -> Insert:
    """An insert that leaves a row of the same key as it is, whichever gateway wrote it."""
    insert = postgres_insert if connection.dialect.name == "postgresql" else sqlite_insert
    return insert(table).values(**row).on_conflict_do_nothing()


def _here(step: Step) -> ColumnElement[bool]:
    table = bandit.c
    return (
        (table.router == step.router)
        & (table.category == step.category)
        & (table.model == step.model)
    )


def _values(step: Step) -> dict[str, object]:
    return {"id": step.id} | {name: getattr(step, name) for name in step.__struct_fields__}


def _of(row: RowMapping) -> Step:
    return Step(**{name: row[name] for name in Step.__struct_fields__})


def _arm(row: RowMapping) -> ArmRow:
    return ArmRow(**{name: row[name] for name in ArmRow.__struct_fields__})
