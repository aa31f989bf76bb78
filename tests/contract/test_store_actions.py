"""An action is proposed once at its place, and done by whoever took it first."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from teppan.core.clock import FixedClock
from teppan.core.ids import Scope
from teppan.store import Store
from teppan.store.actions import HOURS, LEASE, Action

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")
BOOK = Action(
    id="act_1",
    talk="here",
    agent="booking",
    tool="book",
    arguments='{"day":"2026-05-09"}',
    told="Book it?",
    trace_id="tr_1",
)


async def test_the_same_proposal_is_one_row(database: str) -> None:
    store = await Store.open(database)
    first = await store.actions.propose(ANNA, BOOK)
    again = await store.actions.propose(ANNA, replace(BOOK, id="act_2", told="Book it now?"))
    assert (first.id, again.id) == ("act_1", "act_1")
    (row,) = await store.actions.at(ANNA, ["here", "there"])
    assert (row.told, row.status) == ("Book it now?", "open")
    await store.close()


async def test_no_other_tenant_and_no_other_place_sees_it(database: str) -> None:
    store = await Store.open(database)
    await store.actions.propose(ANNA, BOOK)
    assert not await store.actions.at(BEN, ["here"])
    assert not await store.actions.at(ANNA, ["there"])
    assert not await store.actions.at(ANNA, [])
    assert not await store.actions.take(BEN, "act_1")
    await store.close()


async def test_of_many_who_take_it_one_does_it(database: str) -> None:
    store = await Store.open(database)
    await store.actions.propose(ANNA, BOOK)
    took = await asyncio.gather(*(store.actions.take(ANNA, "act_1") for _ in range(8)))
    assert sum(took) == 1
    await store.actions.finish(ANNA, "act_1", "done it")
    assert not await store.actions.take(ANNA, "act_1")
    (row,) = await store.actions.at(ANNA, ["here"])
    assert (row.status, row.result) == ("done", "done it")
    again = await store.actions.propose(ANNA, replace(BOOK, id="act_2"))
    assert (again.status, again.result) == ("done", "done it")
    await store.close()


async def test_what_was_released_or_left_lying_may_be_taken_again(database: str) -> None:
    clock = FixedClock()
    store = await Store.open(database, clock=clock)
    await store.actions.propose(ANNA, BOOK)
    assert await store.actions.take(ANNA, "act_1")
    await store.actions.release(ANNA, "act_1")
    assert await store.actions.take(ANNA, "act_1")
    clock.time += LEASE / 2
    assert not await store.actions.take(ANNA, "act_1")
    clock.time += LEASE
    assert await store.actions.take(ANNA, "act_1")
    await store.close()


async def test_an_old_proposal_cannot_be_agreed_to(database: str) -> None:
    clock = FixedClock()
    store = await Store.open(database, clock=clock)
    await store.actions.propose(ANNA, BOOK)
    clock.time += HOURS * 3600 + 1
    assert not await store.actions.at(ANNA, ["here"])
    assert await store.actions.prune(clock.time) == 1
    await store.close()
