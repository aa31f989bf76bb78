"""An escalation is there once, stays in its tenant, and keeps who did what about it."""

from __future__ import annotations

import asyncio

import pytest

from teppan.core.clock import FixedClock
from teppan.core.errors import Taken
from teppan.core.ids import Scope
from teppan.store import Store
from teppan.store.escalations import Called

ANNA, BEN, EVE = Scope("shop", "anna"), Scope("shop", "ben"), Scope("other", "eve")


def called(trace: str = "tr_1", reason: str = "asked") -> Called:
    return Called(
        trace_id=trace,
        reason=reason,
        language="en",
        question="A human please",
        summary="user: A human please",
        model="shop/support",
        episode="ep_1",
    )


async def test_what_is_called_twice_is_there_once(store: Store) -> None:
    [first] = await store.escalations.call(ANNA, [called()])
    [again] = await store.escalations.call(ANNA, [called()])
    assert again == first
    assert await store.escalations.list(ANNA) == [first]
    assert first.status == "open"


async def test_two_that_call_at_once_make_one(store: Store) -> None:
    made = await asyncio.gather(*(store.escalations.call(ANNA, [called()]) for _ in range(5)))
    assert len({each[0].id for each in made}) == 1


async def test_each_reason_of_a_trace_is_one_of_its_own(store: Store) -> None:
    made = await store.escalations.call(ANNA, [called(), called(reason="anger")])
    assert [each.reason for each in made] == ["asked", "anger"]
    assert await store.escalations.counts(ANNA) == {"open": 2}


async def test_another_tenant_sees_nothing_of_it(store: Store) -> None:
    [made] = await store.escalations.call(ANNA, [called()])
    assert await store.escalations.list(EVE) == []
    assert await store.escalations.get(EVE, made.id) is None
    assert await store.escalations.move("other", made.id, "claimed", "eve") is None
    assert await store.escalations.get(BEN, made.id) == made


async def test_whoever_may_see_all_tenants_sees_all(store: Store) -> None:
    [made] = await store.escalations.call(ANNA, [called()])
    [other] = await store.escalations.call(EVE, [called("tr_2")])
    seen = await store.escalations.list(EVE, everyone=True)
    assert {each.id for each in seen} == {made.id, other.id}
    assert await store.escalations.get(EVE, made.id, everyone=True) == made


async def test_it_is_claimed_and_closed_step_by_step(store: Store, clock: FixedClock) -> None:
    [made] = await store.escalations.call(ANNA, [called()])
    clock.advance(10)
    claimed = await store.escalations.move("shop", made.id, "claimed", "ben", "mine")
    clock.advance(10)
    closed = await store.escalations.move("shop", made.id, "closed", "ben", "called back")
    assert claimed is not None
    assert closed is not None
    assert (claimed.status, claimed.by, claimed.changed) == ("claimed", "ben", made.at + 10)
    assert (closed.status, closed.note) == ("closed", "called back")
    steps = await store.escalations.steps("shop", made.id)
    assert [(each.status, each.by, each.note) for each in steps] == [
        ("claimed", "ben", "mine"),
        ("closed", "ben", "called back"),
    ]
    assert await store.escalations.list(ANNA, status="open") == []


async def test_the_same_step_again_is_no_step(store: Store) -> None:
    [made] = await store.escalations.call(ANNA, [called()])
    await store.escalations.move("shop", made.id, "claimed", "ben")
    await store.escalations.move("shop", made.id, "claimed", "ben")
    assert len(await store.escalations.steps("shop", made.id)) == 1


async def test_what_another_has_claimed_cannot_be_claimed(store: Store) -> None:
    [made] = await store.escalations.call(ANNA, [called()])
    await store.escalations.move("shop", made.id, "claimed", "ben")
    with pytest.raises(Taken, match="claimed by ben"):
        await store.escalations.move("shop", made.id, "claimed", "anna")


async def test_a_closed_one_must_be_opened_before_it_is_claimed(store: Store) -> None:
    [made] = await store.escalations.call(ANNA, [called()])
    await store.escalations.move("shop", made.id, "closed", "ben")
    with pytest.raises(Taken, match="closed"):
        await store.escalations.move("shop", made.id, "claimed", "anna")
    opened = await store.escalations.move("shop", made.id, "open", "anna")
    assert opened is not None
    assert opened.status == "open"


async def test_the_newest_come_first(store: Store, clock: FixedClock) -> None:
    for trace in ("tr_1", "tr_2", "tr_3"):
        await store.escalations.call(ANNA, [called(trace)])
        clock.advance(1)
    listed = await store.escalations.list(ANNA, limit=2)
    assert [each.trace_id for each in listed] == ["tr_3", "tr_2"]
