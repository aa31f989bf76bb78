"""The review queue: answers that people should look at, and what they decided.

A trace has one item. Filling again changes what is open and leaves what somebody holds or decided.
At most so many are open; what is worth least gives way. Decisions are durable when they return.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, select, update

from teppan.core.clock import Clock
from teppan.core.errors import Taken
from teppan.core.ids import Scope
from teppan.store import review_deciding as deciding
from teppan.store.marks import mark
from teppan.store.reader import Reader
from teppan.store.review_reading import Place as Place
from teppan.store.review_reading import ReviewReading, mark_of
from teppan.store.review_rows import (
    DECIDED,
    Decision,
    Entry,
    Item,
    Lane,
    content_of,
    row_of,
)
from teppan.store.schema import instant
from teppan.store.tables.review import review_items, review_steps
from teppan.store.writer import Writer


class Put(Struct, frozen=True):
    """`added` were not there before, `gone` had to give way."""

    added: int = 0
    gone: int = 0


class Count(Struct, frozen=True):
    """How many questions an open item stands for now, and what it is worth therefore."""

    trace_id: str
    covers: int
    priority: float


class Review(ReviewReading):
    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        super().__init__(reader)
        self._writer = writer
        self._clock = clock

    async def put(
        self,
        scope: Scope,
        entries: Sequence[Entry],
        place: Place,
        most: Mapping[Lane, int],
        counts: Sequence[Count] = (),
    ) -> Put:
        """Puts entries in and moves on to `place`, both or neither; keeps `most` open of each
        lane. `counts` are open ones that stand for more questions now."""
        at = instant(self._clock.now())
        rows = [row_of(scope, each, at) for each in entries]

        def work(connection: Connection) -> Put:
            for each in counts:
                _count(connection, scope.tenant, each)
            added = sum(_put(connection, row) for row in rows)
            gone = sum(_trim(connection, scope.tenant, *each) for each in most.items())
            mark(connection, mark_of(scope), msgspec.json.encode(place).decode())
            return Put(added, gone)

        return await self._writer.run(work)

    async def rank(self, scope: Scope, priorities: Mapping[str, float]) -> None:
        """Sets priorities of open items, by trace; all or none."""

        def work(connection: Connection) -> None:
            items = review_items.c
            for trace_id, priority in priorities.items():
                here = (items.tenant == scope.tenant) & (items.trace_id == trace_id)
                changed = update(review_items).where(here, items.status == "open")
                connection.execute(changed.values(priority=priority))

        if priorities:
            await self._writer.run(work)

    async def next(
        self, tenant: str | None, by: str, lease: float, share: float = 0.1
    ) -> Item | None:
        """The next item, claimed for `lease` seconds; the one they hold already, if they do. Of
        one tenant, or of all for `None`."""
        now = self._clock.now()
        start, end = instant(now), instant(now + lease)

        def work(connection: Connection) -> Item | None:
            return deciding.next_one(connection, tenant, by, start, end, share)

        return await self._writer.run(work)

    async def claim(self, tenant: str, id: str, by: str, lease: float) -> Item | None:
        """Takes one on. Raises `Taken`; `None` when there is none of this id."""
        now = self._clock.now()
        start, end = instant(now), instant(now + lease)
        return await self._step(lambda c: deciding.claim(c, tenant, id, by, start, end))

    async def release(self, tenant: str, id: str, by: str) -> Item | None:
        """Gives it back. Raises `Taken`."""
        now = instant(self._clock.now())
        return await self._step(lambda c: deciding.release(c, tenant, id, by, now))

    async def decide(
        self, tenant: str, id: str, decision: Decision, by: str, key: str = ""
    ) -> Item | None:
        """Raises `Taken` for what another decided or holds, and for what nobody claimed."""
        now = instant(self._clock.now())
        return await self._step(lambda c: deciding.decide(c, tenant, id, decision, by, key, now))

    async def undo(self, tenant: str, id: str, by: str, lease: float) -> Item | None:
        """Takes back what this reviewer decided; they hold the item again. Raises `Taken`."""
        now = self._clock.now()
        start, end = instant(now), instant(now + lease)
        return await self._step(lambda c: deciding.undo(c, tenant, id, by, start, end))

    async def suggest(self, scope: Scope, trace_id: str, text: str, model: str) -> bool:
        """Adds what a model would answer instead, to an item that nobody decided yet."""
        here = (review_items.c.tenant == scope.tenant) & (review_items.c.trace_id == trace_id)

        def work(connection: Connection) -> bool:
            row = connection.execute(select(review_items).where(here)).mappings().one_or_none()
            if row is None or row["status"] in DECIDED:
                return False
            told = msgspec.structs.replace(content_of(row), suggestion=text, suggester=model)
            body = msgspec.json.encode(told)
            connection.execute(update(review_items).where(here).values(body=body))
            return True

        return await self._writer.run(work)

    async def prune(self, before: float) -> int:
        """Forgets what was asked before an instant; of its decisions the words, not who and when.
        Returns how many items."""
        old = review_items.c.started < instant(before)

        def work(connection: Connection) -> int:
            ids = select(review_items.c.id).where(old)
            here = update(review_steps).where(review_steps.c.item.in_(ids))
            connection.execute(here.values(text="", reason="", user=None, episode=None))
            return connection.execute(delete(review_items).where(old)).rowcount

        return await self._writer.run(work)

    async def _step(self, work: Callable[[Connection], Item | Taken | None]) -> Item | None:
        done = await self._writer.run(work)
        if isinstance(done, Taken):
            raise done
        return done


def _put(connection: Connection, row: dict[str, Any]) -> bool:
    """Whether it is new. What chance chose stays so, and a suggestion was paid for."""
    here = (review_items.c.tenant == row["tenant"]) & (review_items.c.id == row["id"])
    there = connection.execute(select(review_items).where(here)).mappings().one_or_none()
    if there is None:
        connection.execute(review_items.insert().values(**row))
        return True
    if there["status"] != "open":
        return False
    before = content_of(there)
    told = msgspec.json.decode(row["body"], type=type(before))
    if before.suggestion and not told.suggestion:
        told = msgspec.structs.replace(
            told, suggestion=before.suggestion, suggester=before.suggester
        )
    values = {
        "priority": row["priority"],
        "changed": row["changed"],
        "body": msgspec.json.encode(told),
    }
    if row["lane"] == "random" and there["lane"] != "random":
        values |= {"lane": "random", "chance": row["chance"], "draw": row["draw"]}
    connection.execute(update(review_items).where(here).values(**values))
    return False


def _count(connection: Connection, tenant: str, count: Count) -> None:
    items = review_items.c
    here = (items.tenant == tenant) & (items.trace_id == count.trace_id) & (items.status == "open")
    row = connection.execute(select(review_items).where(here)).mappings().one_or_none()
    if row is not None:
        told = msgspec.structs.replace(content_of(row), covers=count.covers)
        values = {"priority": count.priority, "body": msgspec.json.encode(told)}
        connection.execute(update(review_items).where(here).values(**values))


def _trim(connection: Connection, tenant: str, lane: str, most: int) -> int:
    """Of the ranked those worth least go; of the random ones the oldest, whatever they are."""
    items = review_items.c
    first = items.priority.desc() if lane == "ranked" else items.started.desc()
    wanted = select(items.id).where(
        items.tenant == tenant, items.status == "open", items.lane == lane
    )
    over = list(connection.scalars(wanted.order_by(first, items.id).offset(most)))
    for start in range(0, len(over), 400):
        gone = items.tenant == tenant, items.id.in_(over[start : start + 400])
        connection.execute(delete(review_items).where(*gone))
    return len(over)
