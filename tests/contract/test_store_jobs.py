"""A job is one row, one worker's at a time; a dead worker's is taken over, and its last words
change nothing. On both engines."""

from __future__ import annotations

import asyncio

from teppan.core.chat import ChatRequest, say
from teppan.core.clock import FixedClock
from teppan.core.ids import LOCAL, Scope
from teppan.core.trace import Trace
from teppan.store import Store
from teppan.store.job_workers import FORGET, Worker
from teppan.store.jobs import Job, Step

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")
LEASE = 30.0
KINDS = ("night", "sweep")


def job(id: str, tenant: str = "anna", **more: object) -> Job:
    fields = {"kind": "night", "day": "2026-11-28", "since": 0.0, "until": 100.0} | more
    return Job(tenant=tenant, id=id, **fields)  # type: ignore[arg-type]


async def claimed(store: Store, worker: str = "w1") -> Job:
    found = await store.jobs.claim(worker, KINDS, LEASE)
    assert found is not None
    return found


async def test_filed_again_it_is_the_same_job(store: Store) -> None:
    assert [await store.jobs.file(job("night/anna/1")) for _ in range(2)] == [True, False]
    found = await store.jobs.list(ANNA)
    assert [(each.id, each.status, each.until) for each in found] == [
        ("night/anna/1", "waiting", 100.0)
    ]
    assert await store.jobs.list(BEN) == []
    assert await store.jobs.get(BEN, "night/anna/1") is None
    assert await store.jobs.get(BEN, "night/anna/1", everyone=True) == found[0]


async def test_one_of_each_tenant_runs_at_a_time(store: Store) -> None:
    for each in (job("n1"), job("n2"), job("n3", "ben")):
        await store.jobs.file(each)
    first, second = await claimed(store), await claimed(store, "w2")
    assert (first.id, second.id) == ("n1", "n3")
    assert await store.jobs.claim("w3", KINDS, LEASE) is None
    assert await store.jobs.settle(first, "done", results={"signals": {"kept": 2}}, cost=7)
    assert (await claimed(store)).id == "n2"
    done = await store.jobs.get(ANNA, "n1")
    assert done is not None
    assert (done.status, done.results, done.cost) == ("done", {"signals": {"kept": 2}}, 7)


async def test_of_many_who_claim_at_once_one_has_it(database: str, clock: FixedClock) -> None:
    stores = await asyncio.gather(*(Store.open(database, clock=clock) for _ in range(3)))
    await stores[0].jobs.file(job("n1"))
    await stores[0].jobs.file(job("n2"))
    tries = [each.jobs.claim(f"w{n}", KINDS, LEASE) for n, each in enumerate(stores * 3)]
    assert len([each for each in await asyncio.gather(*tries) if each is not None]) == 1
    await asyncio.gather(*(each.close() for each in stores))


async def test_what_is_not_due_or_not_known_waits(store: Store, clock: FixedClock) -> None:
    await store.jobs.file(job("later", due=clock.now() + 60))
    await store.jobs.file(job("other", "ben", kind="unheard"))
    assert await store.jobs.claim("w1", KINDS, LEASE) is None
    clock.advance(61)
    assert (await claimed(store)).id == "later"


async def test_a_silent_worker_loses_its_job_and_cannot_end_it(
    store: Store, clock: FixedClock
) -> None:
    await store.jobs.file(job("n1"))
    old = await claimed(store)
    clock.advance(LEASE - 1)
    assert await store.jobs.beat([Step(old, "signals", 1, 2, "traces", 5)], LEASE) == ["held"]
    clock.advance(LEASE - 1)
    assert await store.jobs.claim("w2", KINDS, LEASE) is None
    clock.advance(2)
    assert await store.jobs.claim("w1", KINDS, LEASE) is None, "its own it would only renew"
    new = await claimed(store, "w2")
    assert (new.worker, new.fence, new.attempt, new.stage, new.cost) == ("w2", 2, 1, "signals", 5)
    assert await store.jobs.beat([Step(old)], LEASE) == ["lost"]
    assert not await store.jobs.settle(old, "done")
    assert await store.jobs.settle(new, "done")


async def test_an_attempt_that_was_cut_short_is_not_counted(
    store: Store, clock: FixedClock
) -> None:
    await store.jobs.file(job("n1"))
    await store.jobs.settle(await claimed(store), "waiting", counted=False)
    parked = await claimed(store)
    assert (parked.attempt, parked.fence) == (1, 2)
    due = clock.now() + 60
    await store.jobs.settle(parked, "waiting", error="no vendor", due=due)
    assert await store.jobs.claim("w1", KINDS, LEASE) is None
    clock.advance(60)
    again = await claimed(store)
    assert (again.attempt, again.error) == (2, "no vendor")
    await store.jobs.settle(again, "failed", error="x" * 9_999)
    failed = await store.jobs.get(ANNA, "n1")
    assert failed is not None
    assert (failed.status, len(failed.error)) == ("failed", 500)


async def test_cancelled_and_tried_again(store: Store) -> None:
    await store.jobs.file(job("n1"))
    assert await store.jobs.cancel(job("n1")) == "cancelled"
    assert await store.jobs.claim("w1", KINDS, LEASE) is None
    assert await store.jobs.retry(job("n1"))
    running = await claimed(store)
    assert not await store.jobs.retry(running)
    assert await store.jobs.cancel(running) == "running"
    assert await store.jobs.beat([Step(running)], LEASE) == ["stop"]
    assert await store.jobs.settle(running, "cancelled")
    assert await store.jobs.cancel(running) is None
    assert await store.jobs.retry(running)
    assert (await claimed(store)).stop is False


async def test_until_when_it_was_done_and_who_had_traffic(store: Store) -> None:
    assert await store.jobs.reached(ANNA, "night") is None
    await store.jobs.file(job("n1", until=50.0))
    await store.jobs.file(job("n2", until=90.0))
    await store.jobs.settle(await claimed(store), "done")
    assert await store.jobs.reached(ANNA, "night") == 50.0
    assert await store.jobs.reached(BEN, "night") is None
    for tenant, at in (("ben", 10.0), ("anna", 20.0), ("anna", 21.0), ("zoe", 90.0)):
        store.traces.put(
            Trace(
                id=f"tr_{tenant}_{at}", tenant=tenant, key_id="k", started=at, asked="a/b",
                strategy="single", status="ok",
                request=ChatRequest(model="a/b", messages=(say("user", "hello"),)),
            )
        )  # fmt: skip
    while len(await store.jobs.tenants(0.0, 100.0)) < 3:
        await asyncio.sleep(0.01)
    assert await store.jobs.tenants(10.0, 90.0) == ["anna", "ben"]


async def test_old_jobs_and_silent_workers_are_forgotten(store: Store, clock: FixedClock) -> None:
    await store.jobs.file(job("n1", until=50.0))
    await store.jobs.file(job("n2"))
    await store.jobs.settle(await claimed(store), "done")
    await store.jobs.settle(await claimed(store), "done")
    await store.job_workers.greet(Worker("w1", "here", 1, "serve"))
    clock.advance(FORGET + 1)
    assert await store.jobs.prune(clock.now()) == 1
    assert [each.id for each in await store.jobs.list(LOCAL, everyone=True)] == ["n2"]
    await store.job_workers.greet(Worker("w2", "here", 2, "worker"))
    assert [each.name for each in await store.job_workers.list()] == ["w2"]
    clock.advance(60)
    assert await store.job_workers.list(silent=30.0) == []
    await store.job_workers.leave("w2")
    assert await store.job_workers.list() == []
