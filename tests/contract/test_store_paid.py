"""What jobs have paid for: what every database behind the store must do with it."""

from __future__ import annotations

import asyncio

from teppan.core.clock import FixedClock
from teppan.core.ids import Scope
from teppan.store import Store
from teppan.store.erasing import Person
from teppan.store.paid import LEASE_SECONDS, About, Claim, Waiting
from teppan.store.store import DAY, PAID_DAYS
from teppan.store.tables.paid import paid

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")


async def begun(store: Store, key: str = "night/1", scope: Scope = ANNA) -> Claim:
    claim = await store.paid.begin(scope, key)
    assert isinstance(claim, Claim)
    return claim


async def test_what_was_paid_for_is_given_again(store: Store) -> None:
    claim = await begun(store)
    assert await store.paid.finish(ANNA, claim, b"an answer")
    assert await store.paid.begin(ANNA, "night/1") == b"an answer"
    assert isinstance(await store.paid.begin(BEN, "night/1"), Claim)


async def test_of_many_who_begin_a_step_one_asks(store: Store) -> None:
    begun = await asyncio.gather(*(store.paid.begin(ANNA, "night/1") for _ in range(5)))
    assert sum(isinstance(each, Claim) for each in begun) == 1
    assert sum(isinstance(each, Waiting) for each in begun) == 4


async def test_a_step_whose_holder_died_may_be_begun_after_its_lease(
    store: Store, clock: FixedClock
) -> None:
    late = await begun(store)
    clock.advance(LEASE_SECONDS + 1)
    next_one = await begun(store)
    assert await store.paid.finish(ANNA, next_one, b"hers")
    assert not await store.paid.finish(ANNA, late, b"his")
    assert await store.paid.begin(ANNA, "night/1") == b"hers"


async def test_a_living_holder_keeps_its_step(store: Store, clock: FixedClock) -> None:
    await begun(store)
    clock.advance(LEASE_SECONDS - 1)
    await store.paid.renew()
    clock.advance(LEASE_SECONDS - 1)
    assert isinstance(await store.paid.begin(ANNA, "night/1"), Waiting)


async def test_notes_outlive_a_step_that_was_given_up_and_go_when_it_is_done(store: Store) -> None:
    claim = await begun(store)
    await store.paid.note(ANNA, claim, "a/model/1", b"said")
    await store.paid.abandon(ANNA, claim)
    again = await begun(store)
    assert await store.paid.noted(ANNA, again, "a/model/1") == b"said"
    await store.paid.finish(ANNA, again, b"an answer")
    assert await store.paid.noted(ANNA, again, "a/model/1") is None


async def test_steps_are_counted_without_their_notes(store: Store) -> None:
    claim = await begun(store, "run/1")
    await store.paid.note(ANNA, claim, "a/model/1", b"said")
    await store.paid.finish(ANNA, await begun(store, "run/2"), b"done")
    await store.paid.finish(ANNA, await begun(store, "r%n/3"), b"done")
    assert await store.paid.known(ANNA, "run/") == 1


async def test_what_is_about_an_erased_person_is_forgotten(store: Store) -> None:
    for key, about in (
        ("s/1", About("tr_1")),
        ("s/2", About("", "ep-1")),
        ("s/3", About(user="ann")),
        ("s/4", About()),
    ):
        claim = await store.paid.begin(ANNA, key, about)
        assert isinstance(claim, Claim)
        await store.paid.note(ANNA, claim, "a/model/1", b"a word")
        if key != "s/1":
            await store.paid.finish(ANNA, claim, b"words")
    person = Person("ann", ("tr_1",), ("ep-1",), 0.0)
    assert await store.erasing.rows(paid, ANNA, person, dry=False) == 4
    assert await store.paid.known(ANNA, "s/") == 1


async def test_old_steps_are_swept_away(store: Store, clock: FixedClock) -> None:
    await store.paid.finish(ANNA, await begun(store, "old"), b"words")
    clock.advance((PAID_DAYS + 1) * DAY)
    await store.paid.finish(ANNA, await begun(store, "new"), b"words")
    await store.sweep()
    assert isinstance(await store.paid.begin(ANNA, "old"), Claim)
    assert await store.paid.begin(ANNA, "new") == b"words"
