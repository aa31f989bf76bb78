"""Two reviewers never hold the same item; a decision is durable, once, and can be taken back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from contract.test_store_erasing import SECRET, SHOP, erased, everything, fill
from teppan.core.clock import FixedClock
from teppan.core.errors import Taken
from teppan.core.ids import Scope
from teppan.store import Store
from teppan.store.review import Place
from teppan.store.review_rows import Content, Decision, Entry, Item, item_id

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")
MOST = {"ranked": 50, "random": 10}
MINUTES = 60.0
APPROVE = Decision("approve")


def entry(number: int, **more: object) -> Entry:
    made = Entry(
        trace_id=f"tr_{number}",
        episode=f"ep_{number}",
        user="ann",
        priority=number / 10,
        started=float(number),
        content=Content(question=f"Question {number}?", answer="$55"),
    )
    return replace(made, **more)


async def filled(store: Store, *entries: Entry, scope: Scope = ANNA) -> None:
    await store.review.put(scope, entries or [entry(1), entry(2), entry(3)], Place(3.0), MOST)


async def next_one(store: Store, by: str, share: float = 0.0) -> Item:
    found = await store.review.next("anna", by, 15 * MINUTES, share)
    assert found is not None
    return found


async def test_filling_again_changes_what_is_open_and_nothing_else(store: Store) -> None:
    await filled(store)
    held = await next_one(store, "mia")
    again = [entry(3, priority=0.9), entry(2, priority=0.8), entry(1), entry(4)]
    put = await store.review.put(ANNA, again, Place(9.0, "tr_9", 8.0), MOST)
    assert (put.added, put.gone) == (1, 0)
    assert await store.review.place(ANNA) == Place(9.0, "tr_9", 8.0)
    assert await store.review.place(BEN) == Place()
    told = {each.trace_id: each.priority for each in await store.review.list("anna")}
    assert told == {"tr_1": 0.1, "tr_2": 0.8, "tr_3": 0.3, "tr_4": 0.4}
    assert held.trace_id == "tr_3"


async def test_at_most_so_many_are_open_and_what_is_worth_least_goes(store: Store) -> None:
    drawn = [entry(number, lane="random", chance=0.5) for number in range(11, 15)]
    most = {"ranked": 2, "random": 3}
    put = await store.review.put(ANNA, [*map(entry, range(1, 6)), *drawn], Place(), most)
    assert (put.added, put.gone) == (9, 4)
    left = {each.trace_id for each in await store.review.list("anna")}
    assert left == {"tr_4", "tr_5", "tr_12", "tr_13", "tr_14"}


async def test_many_who_ask_at_once_get_an_item_each(store: Store) -> None:
    await filled(store, *map(entry, range(1, 9)))
    found = await asyncio.gather(*(next_one(store, f"r{number}") for number in range(8)))
    assert len({each.id for each in found}) == 8
    assert await store.review.next("anna", "late", MINUTES) is None
    assert (await next_one(store, "r3")).id == found[3].id
    assert await store.review.next("ben", "r3", MINUTES) is None


async def test_two_gateways_never_hand_out_the_same_item(
    store: Store, database: str, clock: FixedClock
) -> None:
    await filled(store, *map(entry, range(1, 13)))
    other = await Store.open(database, clock=clock)
    asking = [
        each.review.next("anna", f"{place}-{number}", 15 * MINUTES, 0.5)
        for number in range(6)
        for place, each in enumerate((store, other))
    ]
    found = [item.id for item in await asyncio.gather(*asking) if item is not None]
    assert len(found) == len(set(found)) == 12
    await other.close()


async def test_one_who_lost_the_claim_cannot_decide(store: Store, clock: FixedClock) -> None:
    await filled(store, entry(1))
    item = await next_one(store, "mia")
    with pytest.raises(Taken, match="claimed by mia until"):
        await store.review.claim("anna", item.id, "tom", MINUTES)
    clock.advance(16 * MINUTES)
    assert (await next_one(store, "tom")).id == item.id
    with pytest.raises(Taken, match="held by tom since your claim ended"):
        await store.review.decide("anna", item.id, APPROVE, "mia")
    with pytest.raises(Taken, match="not yours"):
        await store.review.release("anna", item.id, "mia")
    clock.advance(16 * MINUTES)  # it ended, and nobody has taken it since
    done = await store.review.decide("anna", item.id, APPROVE, "tom")
    assert done is not None
    assert (done.status, done.by) == ("approved", "tom")


async def test_deciding_needs_a_claim(store: Store) -> None:
    await filled(store, entry(1))
    id = item_id("anna", "tr_1")
    with pytest.raises(Taken, match="claim it before"):
        await store.review.decide("anna", id, APPROVE, "mia")
    assert await store.review.claim("anna", id, "mia", MINUTES) is not None
    released = await store.review.release("anna", id, "mia")
    assert released is not None
    assert released.status == "open"
    assert await store.review.decide("ben", id, APPROVE, "mia") is None


async def test_the_same_decision_twice_is_once(store: Store) -> None:
    await filled(store, entry(1))
    item = await next_one(store, "mia")
    edit = Decision("edit", "It is $55 each.", "too short")
    for _ in range(2):
        done = await store.review.decide("anna", item.id, edit, "mia", "key-a")
        assert done is not None
        assert done.status == "edited"
    steps = await store.review.steps("anna", item.id)
    assert [(each.action, each.by, each.text) for each in steps] == [("edit", "mia", edit.text)]
    [correction] = await store.corrections.of(ANNA, "tr_1")
    assert (correction.text, correction.source) == ("It is $55 each.", "review")
    for by, other in (("tom", edit), ("mia", APPROVE)):
        with pytest.raises(Taken, match="was edited by mia"):
            await store.review.decide("anna", item.id, other, by)


async def test_a_decision_is_taken_back_by_who_made_it(store: Store) -> None:
    await filled(store, entry(1))
    item = await next_one(store, "mia")
    edit = Decision("edit", "It is $55 each.")
    await store.review.decide("anna", item.id, edit, "mia", "key-a")
    last = await store.review.last("anna", "mia")
    assert last is not None
    assert last.id == item.id
    with pytest.raises(Taken, match="only they"):
        await store.review.undo("anna", item.id, "tom", MINUTES)
    for _ in range(2):
        undone = await store.review.undo("anna", item.id, "mia", MINUTES)
        assert undone is not None
        assert (undone.status, undone.by) == ("claimed", "mia")
    assert await store.corrections.latest(ANNA, "tr_1") is None
    assert await store.review.last("anna", "mia") is None
    await store.review.decide("anna", item.id, edit, "mia", "key-a")
    latest = await store.corrections.latest(ANNA, "tr_1")
    assert latest is not None
    assert latest.version == 2
    steps = [each.action for each in await store.review.steps("anna", item.id)]
    assert steps == ["edit", "undo", "edit"]
    assert await store.review.touched(ANNA, 0.0) == ("tr_1",)


async def test_a_decision_outlives_the_process(database: str, tmp_path: Path) -> None:
    store = await Store.open(database)
    await filled(store, entry(1))
    item = await next_one(store, "mia")
    await store.review.decide("anna", item.id, Decision("reject", reason="wrong price"), "mia")
    await store.close()
    again = await Store.open(database)
    [kept] = await again.review.list("anna", status="rejected")
    assert kept.by == "mia"
    [step] = await again.review.steps("anna", item.id)
    assert (step.action, step.reason) == ("reject", "wrong price")
    await again.close()


async def test_chance_has_its_share_of_what_is_handed_out(store: Store) -> None:
    some = [entry(number) for number in range(1, 31)]
    drawn = [
        entry(number, lane="random", chance=0.1, draw=(number * 37 % 10) / 100)
        for number in range(31, 41)
    ]
    await filled(store, *some, *drawn)
    given = []
    for number in range(20):
        item = await next_one(store, "mia", share=0.1)
        given.append(item.lane)
        decision = APPROVE if number % 2 else Decision("skip")
        await store.review.decide("anna", item.id, decision, "mia")
    assert given.count("random") == 2
    found = await store.review.drawn("anna")
    assert [each.chance for each in found] == [0.1] * 10
    assert sum(each.status != "open" for each in found) == 2
    counts = await store.review.counts("anna")
    assert counts["random"]["open"] == 8


async def test_a_suggestion_stays_when_the_queue_is_filled_again(store: Store) -> None:
    await filled(store)
    assert await store.review.suggest(ANNA, "tr_1", "Say $55.", "vendor/critic")
    assert not await store.review.suggest(BEN, "tr_1", "Say $1.", "vendor/critic")
    await filled(store)
    found = await store.review.of_trace(ANNA, "tr_1")
    assert found is not None
    assert (found.content.suggestion, found.content.suggester) == ("Say $55.", "vendor/critic")


async def test_an_erased_person_is_in_no_item_and_no_step(store: Store, database: str) -> None:
    await fill(store)
    item = entry(1, content=Content(question=SECRET, answer=SECRET, suggestion=SECRET))
    await filled(store, item, entry(3, user="bob", episode=None), scope=SHOP)
    id = item_id("shop", "tr_1")
    await store.review.claim("shop", id, "mia", MINUTES)
    await store.review.decide("shop", id, Decision("edit", f"Dear {SECRET}", SECRET), "mia")
    await erased(store)
    assert SECRET not in everything(database)
    assert [each.trace_id for each in await store.review.list("shop")] == ["tr_3"]


async def test_what_is_old_is_forgotten_but_not_who_decided(store: Store) -> None:
    await filled(store, entry(1), entry(5))
    item = await next_one(store, "mia")
    await store.review.decide("anna", item.id, Decision("reject", reason="words"), "mia")
    assert await store.review.prune(10.0) == 2
    [step] = await store.review.steps("anna", item.id)
    assert (step.action, step.by, step.reason) == ("reject", "mia", "")
