"""Jobs are filed once when their time has come, done by one, and end as they should."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from teppan.core.chat import ChatRequest, say
from teppan.core.clock import FixedClock
from teppan.core.errors import BudgetExceeded, ProviderOverloaded, StoreError
from teppan.core.ids import LOCAL, Scope
from teppan.core.trace import Trace
from teppan.learn.cron import parse
from teppan.learn.loop import DAY, TALLY, Kind, Report, Stage
from teppan.store import Store
from teppan.store.jobs import Job
from teppan.worker.backend import Step, StepsFailed
from teppan.worker.running import MOST_HANDS, Patience
from teppan.worker.worker import Policy, Records, Worker

NOON = 1_795_867_200.0  # 2026-11-28 12:00 UTC
ANNA, BEN = Scope("anna", "k"), Scope("ben", "k")
Act = Callable[[], Awaitable[object]]


class Memory:
    """A `JobBackend` that forgets when it is thrown away."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Any] = {}

    async def run(self, name: str, steps: Sequence[Step], *, thorough: bool = False) -> list[Any]:
        causes: list[tuple[str, BaseException]] = []
        for step in steps:
            if (name, step.name) in self.known:
                continue
            try:
                self.known[name, step.name] = await step.act()
            except Exception as error:  # noqa: BLE001 - as the real one
                causes.append((step.name, error))
                if not thorough:
                    break
        if causes:
            raise StepsFailed(causes)
        return [self.known[name, step.name] for step in steps]

    async def forget(self, name: str) -> None:
        self.known = {key: value for key, value in self.known.items() if key[0] != name}

    async def close(self) -> None: ...


class Place:
    """A database, a clock and jobs that do what a test says."""

    def __init__(self, store: Store, clock: FixedClock) -> None:
        self.store = store
        self.clock = clock
        self.memory = Memory()
        self.done: list[tuple[str, str, float, float]] = []
        self.acts: dict[str, Act] = {}
        self.workers = 0

    def stage(self, name: str) -> Stage:
        async def run(scope: Scope, since: float, until: float, report: Report) -> dict[str, int]:
            report(1, 2, "things")
            if name in self.acts:
                await self.acts[name]()
            self.done.append((name, scope.tenant, since, until))
            return {"seen": 3}

        return Stage(name, run)

    def worker(self, **more: Any) -> Worker:
        self.workers += 1
        stages = tuple(map(self.stage, ("one", "two")))
        night = Kind(name="night", about="", stages=stages, cron=parse("30 2 * * *"))
        sweep = Kind(name="sweep", about="", stages=stages[:1], cron=parse("0 1 * * *"), whole=True)
        policy = Policy(**({"poll": 0.01, "patience": Patience(3, 60.0)} | more))
        records = Records(self.store.jobs, self.store.job_workers)
        return Worker(
            f"w{self.workers}", "worker", records, (night, sweep), self.memory, policy, self.clock
        )

    async def traffic(self, tenant: str, at: float) -> None:
        self.store.traces.put(
            Trace(
                id=f"tr_{tenant}_{at}", tenant=tenant, key_id="k", started=at, asked="a/b",
                strategy="single", status="ok",
                request=ChatRequest(model="a/b", messages=(say("user", "hello"),)),
            )
        )  # fmt: skip
        while tenant not in await self.store.jobs.tenants(at, at + 1):
            await asyncio.sleep(0.01)

    async def filed(self, id: str = "night/anna/now", scope: Scope = ANNA) -> Job:
        job = Job(tenant=scope.tenant, id=id, kind="night", day="now", since=0.0, until=1.0)
        await self.store.jobs.file(job)
        return job

    async def job(self, id: str) -> Job:
        found = await self.store.jobs.get(LOCAL, id, everyone=True)
        assert found is not None
        return found


@pytest.fixture
async def place(tmp_path: Any) -> Any:
    clock = FixedClock(NOON)
    store = await Store.open(tmp_path / "teppan.db", clock=clock)
    yield Place(store, clock)
    await store.close()


async def test_a_missed_night_is_caught_up_with_once(place: Place) -> None:
    half_past_two = NOON - 9.5 * 3600
    await place.traffic("anna", half_past_two - 3600)
    await place.traffic("ben", half_past_two + 3600)  # too late for this night
    for _ in range(2):
        await place.worker().once()
    nights = [each for each in place.done if each[1] == "anna"]
    assert nights == [(name, "anna", half_past_two - DAY, half_past_two) for name in ("one", "two")]
    assert [each.id for each in await place.store.jobs.list(LOCAL, everyone=True)] == [
        "night/anna/2026-11-28",
        "sweep/2026-11-28",
    ]
    assert (await place.job("night/anna/2026-11-28")).results["two"]["counts"] == {"seen": 3}


async def test_the_next_night_begins_where_the_last_one_ended(place: Place) -> None:
    half_past_two = NOON - 9.5 * 3600
    await place.traffic("anna", half_past_two - 3600)
    await place.worker().once()
    place.clock.advance(3 * DAY)  # the machine was off for two nights
    await place.traffic("anna", half_past_two + DAY)
    place.done.clear()
    await place.worker().once()
    assert ("one", "anna", half_past_two, half_past_two + 3 * DAY) in place.done
    assert len([each for each in place.done if each[0] == "two"]) == 1


async def test_three_workers_fire_a_schedule_once(place: Place) -> None:
    await place.traffic("anna", NOON - 12 * 3600)
    await asyncio.gather(*(place.worker().once() for _ in range(3)))
    assert sorted(each[0] for each in place.done) == ["one", "one", "two"]  # the sweep has one


async def test_a_failing_night_waits_longer_each_time_and_stops_nobody_else(place: Place) -> None:
    async def fails() -> None:
        raise ProviderOverloaded("no vendor")

    await place.filed()
    await place.filed("night/ben/now", BEN)
    place.acts["two"] = fails
    waits = []
    for _ in range(3):
        await place.worker().once()
        job = await place.job("night/anna/now")
        waits.append(job.due - place.clock.now())
        place.clock.time = max(job.due, place.clock.now())
    assert [round(each) for each in waits[:2]] == [60, 240]
    assert (job.status, job.error, job.attempt) == ("failed", "two: no vendor", 3)
    assert list(job.results) == ["one"]
    assert [each[:2] for each in place.done if each[0] == "one" and each[1]] == [
        ("one", "anna"), ("one", "ben"),
    ]  # fmt: skip
    del place.acts["two"]
    await place.store.jobs.retry(job)
    await place.worker().once()
    assert (await place.job("night/anna/now")).status == "done"
    assert len([each for each in place.done if each[:2] == ("one", "anna")]) == 1


async def test_in_the_last_attempt_a_stage_that_fails_stops_no_other(place: Place) -> None:
    async def fails() -> None:
        raise ValueError("what Ann wrote")

    await place.filed()
    place.acts["one"] = fails
    for _ in range(3):
        await place.worker().once()
        place.clock.advance(3600)
    job = await place.job("night/anna/now")
    assert job.status == "failed"
    assert job.error.startswith("one: ValueError in test_worker.py, line ")
    assert "Ann" not in job.error
    assert list(job.results) == ["two"]


async def test_a_budget_says_when_to_come_again(place: Place) -> None:
    async def fails() -> None:
        raise BudgetExceeded("spent", retry_after=900.0)

    await place.filed()
    place.acts["one"] = fails
    await place.worker().once()
    job = await place.job("night/anna/now")
    assert round(job.due - place.clock.now()) == 900


async def test_what_kills_every_worker_is_given_up(place: Place) -> None:
    job = await place.filed()
    for number in range(MOST_HANDS):
        await place.store.jobs.claim(f"gone{number}", ["night"], 1.0)
        place.clock.advance(2.0)
    await place.worker().once()
    found = await place.job(job.id)
    assert (found.status, "died" in found.error) == ("failed", True)
    assert [each for each in place.done if each[1]] == []


async def test_told_to_leave_it_ends_the_stage_and_parks_the_job(place: Place) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def waits() -> None:
        begun.set()
        await go_on.wait()

    await place.filed()
    place.acts["one"] = waits
    worker = place.worker()
    running = asyncio.create_task(worker.run())
    await begun.wait()
    worker.stop()
    await asyncio.sleep(0.05)
    go_on.set()
    await running
    job = await place.job("night/anna/now")
    assert (job.status, job.attempt, list(job.results)) == ("waiting", 0, ["one"])
    assert await place.store.job_workers.list() == []
    await place.worker().once()
    assert [each[0] for each in place.done if each[1]] == ["one", "two"]


async def test_a_stage_that_does_not_end_is_cut_when_patience_is_over(place: Place) -> None:
    begun = asyncio.Event()

    async def hangs() -> None:
        begun.set()
        await asyncio.sleep(3600)

    await place.filed()
    place.acts["one"] = hangs
    worker = place.worker(grace=0.0)
    running = asyncio.create_task(worker.run())
    await begun.wait()
    worker.stop()
    await running
    assert (await place.job("night/anna/now")).status == "waiting"


async def test_a_running_job_is_cancelled_and_shows_how_far_it_was(place: Place) -> None:
    begun = asyncio.Event()

    async def hangs() -> None:
        tally = TALLY.get()
        assert tally is not None
        tally.add("key", 70)
        tally.add("key", 70)  # asked again, it costs nothing more
        begun.set()
        await asyncio.sleep(3600)

    job = await place.filed()
    place.acts["two"] = hangs
    worker = place.worker(grace=0.0)
    running = asyncio.create_task(worker.run())
    await begun.wait()
    while (await place.job(job.id)).stage != "two":
        await asyncio.sleep(0.01)
    far = await place.job(job.id)
    assert (far.done, far.total, far.told, far.cost) == (1, 2, "things", 70)
    assert await place.store.jobs.cancel(job) == "running"
    while (await place.job(job.id)).status == "running":
        await asyncio.sleep(0.01)
    worker.stop()
    await running
    assert (await place.job(job.id)).status == "cancelled"


async def test_a_database_that_is_away_is_waited_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    claim = place.store.jobs.claim

    async def away(*given: Any) -> Job | None:
        nonlocal looks
        looks += 1
        if looks < 3:
            raise StoreError("the database server cannot be reached")
        return await claim(*given)

    monkeypatch.setattr(place.store.jobs, "claim", away)
    job = await place.filed()
    worker = place.worker()
    running = asyncio.create_task(worker.run())
    while (await place.job(job.id)).status != "done":
        await asyncio.sleep(0.01)
    worker.stop()
    await running


async def test_who_lost_the_lease_does_not_go_on(place: Place) -> None:
    begun, cut = asyncio.Event(), asyncio.Event()

    async def hangs() -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            cut.set()

    job = await place.filed()
    place.acts["one"] = hangs
    worker = place.worker(grace=0.0)
    running = asyncio.create_task(worker.run())
    await begun.wait()
    place.clock.advance(31.0)  # it slept through its lease; another takes the job
    taken = await place.store.jobs.claim("other", ["night"], 30.0)
    await cut.wait()
    worker.stop()
    await running
    found = await place.job(job.id)
    assert taken is not None
    assert (found.status, found.worker, found.fence) == ("running", "other", 2)
