"""One fitted state of a tenant is live, in every process, and none is another tenant's."""

from __future__ import annotations

from teppan.core.ids import Scope
from teppan.store import Store
from teppan.store.fits import KEPT

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")


async def test_the_last_one_is_live_and_nobody_elses(database: str) -> None:
    store = await Store.open(database)
    assert store.fits.live(ANNA, "predictor") is None
    assert await store.fits.put(ANNA, "predictor", "fit_1", b"one")
    assert await store.fits.put(ANNA, "predictor", "fit_2", b"two")
    assert await store.fits.put(ANNA, "other", "fit_3", b"three")
    live = store.fits.live(ANNA, "predictor")
    assert live is not None
    assert (live.id, live.body) == ("fit_2", b"two")
    assert store.fits.live(BEN, "predictor") is None
    assert await store.fits.latest(BEN, "predictor") is None
    assert [each.id for each in await store.fits.list(ANNA, "predictor")] == ["fit_2", "fit_1"]
    await store.close()


async def test_written_again_it_is_the_same_state(database: str) -> None:
    store = await Store.open(database)
    assert await store.fits.put(ANNA, "predictor", "fit_1", b"one")
    assert not await store.fits.put(ANNA, "predictor", "fit_1", b"one")
    assert await store.fits.put(ANNA, "predictor", "fit_2", b"two")
    assert await store.fits.put(ANNA, "predictor", "fit_1", b"one")
    assert [each.id for each in await store.fits.list(ANNA, "predictor")] == ["fit_1", "fit_2"]
    await store.close()


async def test_another_process_takes_it_over(database: str) -> None:
    store, other = await Store.open(database), await Store.open(database)
    await store.fits.put(ANNA, "predictor", "fit_1", b"one")
    await other.fits.refresh()
    live = other.fits.live(ANNA, "predictor")
    assert live is not None
    assert live.body == b"one"
    await store.close()
    await other.close()


async def test_only_so_many_are_kept(database: str) -> None:
    store = await Store.open(database)
    for number in range(KEPT + 3):
        await store.fits.put(ANNA, "predictor", f"fit_{number}", b"x")
    found = await store.fits.list(ANNA, "predictor", 100)
    assert len(found) == KEPT
    assert found[0].id == f"fit_{KEPT + 2}"
    await store.close()


async def test_a_store_that_is_opened_knows_what_is_live(database: str) -> None:
    store = await Store.open(database)
    await store.fits.put(ANNA, "predictor", "fit_1", b"one")
    await store.close()
    again = await Store.open(database)
    assert again.fits.live(ANNA, "predictor") is not None
    await again.close()
