"""Feedback is kept once, its history too, and within its tenant; shadows are compared once."""

from __future__ import annotations

from teppan.core.clock import FixedClock
from teppan.core.ids import LOCAL, Scope
from teppan.core.trace import ModelCall
from teppan.serve.shadow import Compared
from teppan.store import Store

ANNA, BEN, EVE = Scope("shop", "anna"), Scope("shop", "ben"), Scope("other", "eve")


async def test_the_same_said_twice_is_one_statement(store: Store) -> None:
    first = await store.feedback.record(ANNA, "tr_1", "rating", 1.0, "good")
    again = await store.feedback.record(ANNA, "tr_1", "rating", 1.0, "good")
    assert again == first
    assert await store.feedback.of(ANNA, "tr_1") == [first]


async def test_a_changed_mind_is_kept_beside_what_was_said_before(
    store: Store, clock: FixedClock
) -> None:
    for value in (1.0, 0.0, 1.0):
        clock.advance(1)
        await store.feedback.record(ANNA, "tr_1", "rating", value)
    assert [each.value for each in await store.feedback.of(ANNA, "tr_1")] == [1.0, 0.0, 1.0]
    assert await store.feedback.latest(ANNA, "rating") == {"tr_1": 1.0}


async def test_several_people_are_averaged(store: Store) -> None:
    await store.feedback.record(ANNA, "tr_1", "rating", 1.0)
    await store.feedback.record(BEN, "tr_1", "rating", 0.5)
    assert await store.feedback.latest(ANNA, "rating") == {"tr_1": 0.75}


async def test_another_tenant_sees_nothing_of_it(store: Store) -> None:
    await store.feedback.record(ANNA, "tr_1", "rating", 1.0, "private")
    assert await store.feedback.of(EVE, "tr_1") == []
    assert await store.feedback.latest(EVE, "rating") == {}


async def test_a_comparison_is_kept_once_and_summed_by_model(store: Store) -> None:
    one = Compared("tr_1", "a/small", "b/large", 0.9, True, 120, 1_763_700_000.0)
    other = Compared("tr_2", "a/small", "b/large", 0.5, False, None, 1_763_700_000.0)
    for compared in (one, one, other):
        await store.shadows.record(ANNA, compared)
    (row,) = await store.shadows.summary(ANNA)
    assert (row.model, row.compared, row.same, row.cost) == ("a/small", 2, 1, 120)
    assert await store.shadows.summary(EVE) == []
    assert len(await store.shadows.summary(LOCAL)) == 1


async def test_what_was_asked_behind_answers_is_summed_from_the_ledger(store: Store) -> None:
    calls = [
        ModelCall(id="1", trace_id="a", model="m", role="shadow", outcome="ok", cost=5, started=9),
        ModelCall(id="2", trace_id="a", model="m", role="verify", outcome="ok", cost=7, started=9),
        ModelCall(id="3", trace_id="a", model="m", role="single", outcome="ok", cost=50, started=9),
        ModelCall(id="4", trace_id="a", model="m", role="shadow", outcome="ok", cost=3, started=1),
    ]
    await store.ledger.append(ANNA, calls)
    assert await store.shadows.spent(5.0) == 12
