"""Two gateways over one database: what one forgets the other does not serve."""

from __future__ import annotations

from serve.cache.conftest import (
    MEGABYTE,
    MINE,
    YOURS,
    Compass,
    ask,
    by_text,
    look,
    question,
)
from teppan.core.clock import FixedClock, seeded_dice
from teppan.core.ids import CountingIds
from teppan.serve.cache import Cache, CachePolicy
from teppan.serve.cache.entries import EntryShelf
from teppan.serve.cache.semantic import SemanticCache
from teppan.store import Store
from teppan.store.answers import MemoryAnswers

PRICE = "How much is the party for ten adults?"
LOUD = PRICE.upper()


async def gateway(store: Store, clock: FixedClock) -> Cache:
    semantic = SemanticCache(
        Compass(),
        await store.open_vectors(),
        store.cache,
        by_text,
        EntryShelf(100, MEGABYTE),
        bound=0.02,
        floor=0.75,
        clock=clock,
    )
    await semantic.load(100)
    return Cache(
        CachePolicy(semantic=True),
        MemoryAnswers(MEGABYTE, clock),
        store.cache,
        store.traces,
        semantic,
        clock=clock,
        new_id=CountingIds(),
        dice=seeded_dice(1),
    )


async def test_what_one_gateway_remembers_another_knows_after_its_start_and_forgets_with_it(
    store: Store, clock: FixedClock
) -> None:
    one = await gateway(store, clock)
    await ask(one, question(PRICE), "It costs $600.", trace="tr_first")
    other = await gateway(store, clock)
    assert (await look(other, question(LOUD))).status == "semantic"
    assert (await look(other, question(LOUD), YOURS)).hit is None
    assert await one.wrong(MINE, "tr_first")
    assert (await look(other, question(LOUD))).hit is None
    for cache in (one, other):
        await cache.close()


async def test_shared_vectors_are_known_at_once(store: Store, clock: FixedClock) -> None:
    one, other = await gateway(store, clock), await gateway(store, clock)
    await ask(one, question(PRICE), "It costs $600.")
    shared = (await store.open_vectors()).shared
    found = await look(other, question(LOUD.replace("PARTY", "party")))
    assert (found.hit is not None) == shared
    for cache in (one, other):
        await cache.close()


async def test_an_erased_tenant_is_gone_from_the_database(store: Store, clock: FixedClock) -> None:
    one = await gateway(store, clock)
    await ask(one, question(PRICE), "Mine.", MINE)
    await ask(one, question(PRICE), "Yours.", YOURS)
    await one.erase(MINE)
    again = await gateway(store, clock)
    assert (await look(again, question(LOUD), MINE)).hit is None
    assert (await look(again, question(LOUD), YOURS)).hit is not None
    for cache in (one, again):
        await cache.close()
