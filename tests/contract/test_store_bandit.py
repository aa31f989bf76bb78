"""The records of adaptive routers: exactly once, the last word of people, several gateways."""

from __future__ import annotations

import asyncio

from contract.conftest import PEPPER
from teppan.core.clock import FixedClock
from teppan.store.bandit import Step
from teppan.store.store import Store


def step(trace: str, quality: float, source: str = "feedback", model: str = "a/x") -> Step:
    return Step("teppan/auto", "pricing", model, trace, quality, 200, source)


async def pulls(store: Store) -> tuple[int, float, int, int]:
    arm = (await store.bandit.load("teppan/auto"))["pricing", "a/x"]
    return arm.pulls, arm.quality, arm.wins, arm.cost


async def test_rewards_add_up_by_router_category_and_model(store: Store) -> None:
    await store.bandit.add(step("t1", 1.0))
    arm = await store.bandit.add(step("t2", 0.25))
    assert (arm.pulls, arm.quality, arm.squares, arm.wins, arm.cost) == (2, 1.25, 1.0625, 1, 400)
    await store.bandit.add(step("t1", 1.0, model="b/y"))
    assert await pulls(store) == (2, 1.25, 1, 400)
    assert await store.bandit.load("another") == {}


async def test_a_reward_counts_once_however_often_it_is_sent(store: Store) -> None:
    for _ in range(3):
        await store.bandit.add(step("t1", 0.75))
    assert await pulls(store) == (1, 0.75, 1, 200)


async def test_what_people_say_replaces_a_verdict_and_their_own_earlier_word(store: Store) -> None:
    await store.bandit.add(step("t1", 0.75, "verdict"))
    await store.bandit.add(step("t1", 0.25))
    assert await pulls(store) == (1, 0.25, 0, 200)
    await store.bandit.add(step("t1", 1.0))
    assert await pulls(store) == (1, 1.0, 1, 200)


async def test_a_verdict_never_replaces_what_people_said(store: Store) -> None:
    await store.bandit.add(step("t1", 0.25))
    await store.bandit.add(step("t1", 1.0, "verdict"))
    assert await pulls(store) == (1, 0.25, 0, 200)


async def test_the_records_survive_and_their_version_grows(database: str) -> None:
    clock = FixedClock()
    first = await Store.open(database, clock=clock, pepper=PEPPER)
    before = await first.bandit.add(step("t1", 1.0))
    await first.close()
    second = await Store.open(database, clock=clock, pepper=PEPPER)
    assert (await second.bandit.load("teppan/auto"))["pricing", "a/x"] == before
    assert (await second.bandit.add(step("t2", 1.0))).version > before.version
    await second.close()


async def test_two_gateways_that_learn_at_once_add_up(database: str) -> None:
    clock = FixedClock()
    stores = [await Store.open(database, clock=clock, pepper=PEPPER) for _ in range(2)]
    await asyncio.gather(
        *(
            store.bandit.add(step(f"t{number}", 0.5))
            for number in range(40)
            for store in (stores if number % 4 == 0 else [stores[number % 2]])
        )
    )
    assert await pulls(stores[0]) == (40, 20.0, 0, 8000)
    for store in stores:
        await store.close()


async def test_old_rewards_are_forgotten_but_not_what_was_learned(
    store: Store, clock: FixedClock
) -> None:
    await store.bandit.add(step("t1", 1.0))
    clock.advance(100)
    assert await store.bandit.prune(clock.now()) == 1
    assert await pulls(store) == (1, 1.0, 1, 200)
