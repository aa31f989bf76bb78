"""Keys, idempotent answers and trust: what every database behind the store must do with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from teppan.core.clock import FixedClock
from teppan.core.errors import Conflict, StoreError
from teppan.core.ids import Scope
from teppan.core.secret import Secret
from teppan.core.verdict import TrustUpdate
from teppan.store import Fresh, InProgress, Replay, Store

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")
ADMIN = Scope("ops", "key-o", role="admin")
PEPPER = Secret("a pepper for tests, long enough to be one")


@pytest.fixture
async def other(database: str, store: Store, clock: FixedClock) -> AsyncIterator[Store]:
    """Another process on the same database."""
    opened = await Store.open(database, clock=clock, pepper=PEPPER, patience=5.0)
    yield opened
    await opened.close()


async def eventually(true: Callable[[], bool]) -> None:
    for _ in range(3000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


# --- keys -------------------------------------------------------------------------------------


async def test_a_new_key_opens_its_tenant(store: Store) -> None:
    assert await store.keys.any() is False
    record, text = await store.keys.create("anna", "laptop", models=("a/*",), role="admin")
    assert await store.keys.any() is True
    expected = Scope("anna", record.id, ("a/*",), "admin")
    assert store.keys.check(text.reveal()) == expected
    assert await store.keys.find(text.reveal()) == expected


async def test_a_key_that_is_wrong_in_one_letter_opens_nothing(store: Store) -> None:
    _, text = await store.keys.create("anna", "laptop")
    right = text.reveal()
    for place in range(len(right)):
        wrong = right[:place] + ("x" if right[place] != "x" else "y") + right[place + 1 :]
        assert await store.keys.find(wrong) is None
    for wrong in ("", "sk-tp-", right[:-1], right + "x", right.upper(), "é" * 10):
        assert await store.keys.find(wrong) is None


async def test_a_key_made_elsewhere_is_soon_known(store: Store, other: Store) -> None:
    await store.keys.refresh()
    record, text = await other.keys.create("anna", "laptop")
    await eventually(lambda: store.keys.check(text.reveal()) == record.scope())


async def test_a_key_revoked_elsewhere_soon_opens_nothing(store: Store, other: Store) -> None:
    record, text = await store.keys.create("anna", "laptop")
    assert store.keys.check(text.reveal()) is not None
    assert await other.keys.revoke(ADMIN, record.id) is True
    await eventually(lambda: store.keys.check(text.reveal()) is None)
    assert await store.keys.find(text.reveal()) is None
    assert await store.keys.any() is True


async def test_a_machine_that_stood_still_while_reading_refuses_no_valid_key(
    store: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, text = await store.keys.create("anna", "laptop")
    read = store.keys._reader.run

    async def slowly(query: Callable[..., object]) -> object:
        found = await read(query)
        clock.advance(60.0)
        return found

    monkeypatch.setattr(store.keys._reader, "run", slowly)
    clock.advance(60.0)
    assert await store.keys.find(text.reveal()) == record.scope()


async def test_a_key_expires_on_time(store: Store, clock: FixedClock) -> None:
    _, text = await store.keys.create("anna", "laptop", expires=clock.now() + 60)
    assert store.keys.check(text.reveal()) is not None
    clock.advance(60)
    assert await store.keys.find(text.reveal()) is None


async def test_keys_are_listed_and_revoked_within_the_tenant(store: Store) -> None:
    mine, _ = await store.keys.create("anna", "laptop", models=("a/x", "b/*"))
    theirs, text = await store.keys.create("ben", "phone")
    assert await store.keys.list(ANNA) == [mine]
    assert {record.id for record in await store.keys.list(ADMIN)} == {mine.id, theirs.id}
    assert await store.keys.revoke(ANNA, theirs.id) is False
    assert store.keys.check(text.reveal()) is not None
    assert await store.keys.revoke(BEN, theirs.id) is True
    assert await store.keys.revoke(BEN, theirs.id) is False
    assert [record.revoked is None for record in await store.keys.list(BEN)] == [False]


async def test_keys_made_with_another_pepper_are_refused_with_the_reason(
    database: str, store: Store
) -> None:
    _, text = await store.keys.create("anna", "laptop")
    stranger = await Store.open(database, pepper=Secret("quite another pepper, just as long"))
    with pytest.raises(StoreError, match="pepper"):
        await stranger.keys.find(text.reveal())
    with pytest.raises(StoreError, match="pepper"):
        await stranger.keys.create("anna", "second")
    await stranger.close()


# --- idempotency ------------------------------------------------------------------------------


async def test_the_same_key_replays_the_same_answer(store: Store, other: Store) -> None:
    fresh = await store.idempotency.begin(ANNA, "order-1", "hash")
    assert isinstance(fresh, Fresh)
    assert isinstance(await other.idempotency.begin(ANNA, "order-1", "hash"), InProgress)
    headers = [(b"content-type", b"application/json"), (b"x-a", b"\xe9")]
    assert await store.idempotency.finish(ANNA, fresh, 200, headers, b'{"a": 1}\x00')
    replay = Replay(200, tuple(headers), b'{"a": 1}\x00')
    assert await store.idempotency.begin(ANNA, "order-1", "hash") == replay
    assert await other.idempotency.begin(ANNA, "order-1", "hash") == replay


async def test_the_same_key_with_another_body_is_a_conflict(store: Store) -> None:
    await store.idempotency.begin(ANNA, "order-1", "hash")
    with pytest.raises(Conflict):
        await store.idempotency.begin(ANNA, "order-1", "another")


async def test_keys_of_two_tenants_are_strangers(store: Store) -> None:
    assert isinstance(await store.idempotency.begin(ANNA, "order-1", "hash"), Fresh)
    assert isinstance(await store.idempotency.begin(BEN, "order-1", "other"), Fresh)


async def test_of_many_at_once_exactly_one_does_the_work(store: Store, other: Store) -> None:
    outcomes = await asyncio.gather(
        *(each.idempotency.begin(ANNA, "order-1", "h") for each in [store, other] * 10)
    )
    assert sum(isinstance(each, Fresh) for each in outcomes) == 1


async def test_what_was_abandoned_is_fresh_again(store: Store) -> None:
    fresh = await store.idempotency.begin(ANNA, "order-1", "hash")
    assert isinstance(fresh, Fresh)
    assert await store.idempotency.abandon(ANNA, fresh)
    assert isinstance(await store.idempotency.begin(ANNA, "order-1", "another"), Fresh)


async def test_a_claim_outlives_its_lease_only_while_it_is_renewed(
    store: Store, other: Store, clock: FixedClock
) -> None:
    first = await store.idempotency.begin(ANNA, "order-1", "hash")
    assert isinstance(first, Fresh)
    clock.advance(20)
    await store.idempotency.renew()
    clock.advance(20)
    assert isinstance(await other.idempotency.begin(ANNA, "order-1", "hash"), InProgress)
    clock.advance(40)  # as if the holder had died
    second = await other.idempotency.begin(ANNA, "order-1", "hash")
    assert isinstance(second, Fresh)
    assert await store.idempotency.finish(ANNA, first, 200, [], b"late") is False
    assert await other.idempotency.finish(ANNA, second, 200, [], b"in time") is True
    assert await store.idempotency.begin(ANNA, "order-1", "hash") == Replay(200, (), b"in time")


async def test_answers_are_forgotten_after_a_day(store: Store, clock: FixedClock) -> None:
    fresh = await store.idempotency.begin(ANNA, "order-1", "hash")
    assert isinstance(fresh, Fresh)
    await store.idempotency.finish(ANNA, fresh, 200, [], b"")
    clock.advance(24 * 3600 + 1)
    assert isinstance(await store.idempotency.begin(ANNA, "order-1", "another"), Fresh)
    clock.advance(24 * 3600 + 1)
    assert await store.idempotency.sweep() == 1


# --- trust ------------------------------------------------------------------------------------


async def test_trust_is_kept_step_by_step(store: Store, other: Store) -> None:
    steps = [
        TrustUpdate("a/x", "code", 0.5, 0.55, 1.0, "tr_1", 1_763_700_000.0),
        TrustUpdate("a/x", "code", 0.55, 0.6, 1.0, "tr_2", 1_763_700_001.0),
        TrustUpdate("b/y", "any", 0.5, 0.45, 0.0, "tr_2", 1_763_700_001.0),
    ]
    await store.trust.record(*steps)
    assert await other.trust.load() == {("a/x", "code"): 0.6, ("b/y", "any"): 0.45}
    assert set(await other.trust.history("a/x", "code")) == set(steps[:2])
    assert len(await other.trust.history("a/x", "code", limit=1)) == 1


async def test_trust_that_is_put_is_kept_without_waiting(store: Store) -> None:
    for n in range(10):
        store.trust.put(TrustUpdate("a/x", "code", n / 10, (n + 1) / 10, 1.0))
    await asyncio.sleep(0)  # the turn of the loop in which they were put ends here
    await store.trust.record(TrustUpdate("b/y", "any", 0.5, 0.5, 0.5))
    assert (await store.trust.load())["a/x", "code"] == 1.0
    assert len(await store.trust.history("a/x", "code")) == 10
    assert store.trust.dropped == 0
