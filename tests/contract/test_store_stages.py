"""How far answers have come is counted at each stage, of one tenant, each answer once."""

from __future__ import annotations

from contract.test_store_datasets import built
from contract.test_store_lessons import lesson, source
from contract.test_store_review import APPROVE, filled, next_one
from contract.test_store_signals import made
from teppan.core.ids import Scope
from teppan.store import Store
from teppan.store.stages import Reached

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")


async def test_each_stage_is_counted_and_nobody_elses(store: Store) -> None:
    assert await store.stages.reached(ANNA) == Reached()
    await filled(store)
    held = await next_one(store, "mia")
    await store.review.decide("anna", held.id, APPROVE, "mia")
    support = await built(store)
    await built(store, "again")
    await store.datasets.trained(ANNA, support.id, "student-1")
    await store.lessons.keep(ANNA, source(1, "les_1"), lesson())
    await store.signals.drop(ANNA, [f"tr_{number}" for number in range(9)])
    await store.signals.put(ANNA, [made(1), made(2), made(3, 0.75, blocked=("low",))])
    assert await store.stages.reached(ANNA) == Reached(
        signals=3,
        waiting=2,
        reviewed=1,
        qualified=2,
        dataset=3,
        taught=3,
        students=1,
        lessons={lesson().status: 1},
    )
    assert await store.stages.reached(BEN) == Reached()


async def test_a_version_that_is_being_built_holds_nothing_yet(store: Store) -> None:
    ready = await built(store, many=3)
    await store.datasets.begin(ANNA, "other", 0.0, 1.0)
    assert (await store.stages.reached(ANNA)).dataset == 2
    await store.datasets.delete(ANNA, ready)
    assert (await store.stages.reached(ANNA)).dataset == 0
