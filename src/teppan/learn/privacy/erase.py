"""Erasing a person: in which places they are looked for, in which order, and what is told of it.

A `Place` is a noun that keeps words of people: the cache, feedback, signals, lessons. Places are
asked one after the other, and the traces last, for the others are found by them. A run that was cut
is run again; one over a gateway that is serving is repeated until nothing more comes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from msgspec import Struct
from sqlalchemy import Table

from teppan.core.ids import Scope
from teppan.store.erasing import Erased, Erasing, Person, reached
from teppan.store.schema import summaries, traces
from teppan.store.tables.datasets import dataset_rows
from teppan.store.tables.language import translations

ROUNDS = 3
"""How often it is looked again for what came meanwhile."""


class Place(Protocol):
    """Where words of a person may be kept. `name` is what people read."""

    @property
    def name(self) -> str: ...

    async def erase(self, scope: Scope, person: Person, dry: bool) -> Erased:
        """Takes out what is kept of the person; with `dry` only counts. Raises `StoreError`."""


class Report(Struct, frozen=True):
    """What was found of a person, by place, and what they should be told besides."""

    user: str
    tenant: str
    traces: int
    erased: dict[str, int]
    notes: tuple[str, ...] = ()
    dry: bool = False


class Step(Struct, frozen=True):
    """A place that is one function."""

    name: str
    work: Callable[[Scope, Person, bool], Awaitable[int]]

    async def erase(self, scope: Scope, person: Person, dry: bool) -> Erased:
        return Erased(await self.work(scope, person, dry))


class TrainingSets:
    """Rows of training sets. A model that learned from them cannot forget: it is named."""

    name = "training sets"

    def __init__(self, erasing: Erasing) -> None:
        self._erasing = erasing

    async def erase(self, scope: Scope, person: Person, dry: bool) -> Erased:
        return await self._erasing.datasets(scope, person, dry)


def places_of_store(erasing: Erasing) -> list[Place]:
    """All places of the database but the traces, in order."""

    def rows(table: Table) -> Callable[[Scope, Person, bool], Awaitable[int]]:
        return lambda scope, person, dry: erasing.rows(table, scope, person, dry)

    def remade(table: Table) -> Callable[[Scope, Person, bool], Awaitable[int]]:
        return lambda scope, person, dry: erasing.remade(table, scope, person, dry)

    apart = (traces, dataset_rows)
    return [
        Step("answers given to others", erasing.echoes),
        Step("answers kept for a replay", erasing.replays),
        Step("notes on escalations", erasing.steps),
        Step("lessons", erasing.lessons),
        TrainingSets(erasing),
        *(Step(table.name, rows(table)) for table in reached() if table not in apart),
        Step("summaries", remade(summaries)),
        Step("translations", remade(translations)),
        Step("conversations named in the ledger", erasing.money),
    ]


async def erase_person(
    erasing: Erasing, places: Sequence[Place], scope: Scope, user: str, *, dry: bool = False
) -> Report:
    """Takes a person out of all places, then out of the traces. Raises `StoreError`.

    With `dry` nothing is changed and the report says what would be.
    """
    counts: dict[str, int] = {}
    notes: dict[str, None] = {}
    seen = 0
    for _ in range(1 if dry else ROUNDS):
        person = await erasing.find(scope, user)
        if seen and not person.traces:
            break
        seen += len(person.traces)
        for place in places:
            erased = await place.erase(scope, person, dry)
            counts[place.name] = counts.get(place.name, 0) + erased.count
            notes |= dict.fromkeys(erased.notes)
        gone = await erasing.rows(traces, scope, person, dry)
        counts["traces"] = counts.get("traces", 0) + gone
        if not person.traces:
            break
    return Report(user, scope.tenant, seen, counts, tuple(notes), dry)
