"""Exact answers in memory and on Redis keep one contract; so do the records of two engines."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from teppan.core.chat import Choice, Completion, Usage, say
from teppan.core.clock import FixedClock, SystemClock
from teppan.core.errors import StoreError
from teppan.core.ids import Scope
from teppan.core.secret import Secret
from teppan.store import Store
from teppan.store.answers import ExactAnswer, ExactAnswers, MemoryAnswers
from teppan.store.cache import Check, Day, Kept

MINE, YOURS = Scope(tenant="mine", key_id="k"), Scope(tenant="yours: *?[", key_id="k")

LATER = 4e9
"""After the clock of the tests, so that no sweep of the store's own takes the rows away."""


class RedisServer:
    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> Secret:
        return Secret(f"redis://127.0.0.1:{self.port}/0")

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(
            [*command, "--dir", str(self.folder)], stdout=subprocess.DEVNULL
        )
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise TimeoutError("redis-server did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    if shutil.which("redis-server") is None:
        pytest.skip("there is no redis-server on this machine")
    pytest.importorskip("redis")
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["memory", "redis"])
async def answers(request: pytest.FixtureRequest) -> AsyncIterator[ExactAnswers]:
    if request.param == "memory":
        yield MemoryAnswers(1 << 20, SystemClock())
        return
    from teppan.store.answers_redis import RedisAnswers

    server: RedisServer = request.getfixturevalue("redis_server")
    opened = RedisAnswers(server.url, 1 << 20, SystemClock())
    for scope in (MINE, YOURS):
        await opened.erase(scope)
    yield opened
    await opened.close()


def given(text: str, trace: str = "tr_1", ttl: float = 60.0) -> ExactAnswer:
    completion = Completion("m", (Choice(say("assistant", text), "stop"),), Usage(3, 4), "id")
    now = SystemClock.now()
    return ExactAnswer(completion, "a/model", trace, 12, now, now + ttl)


async def test_what_was_put_is_got_by_its_tenant_alone(answers: ExactAnswers) -> None:
    answer = given("Paris")
    await answers.put(MINE, "k1", answer)
    assert await answers.get(MINE, "k1") == answer
    assert await answers.get(YOURS, "k1") is None
    assert await answers.get(MINE, "k2") is None


async def test_an_answer_is_gone_after_its_time(answers: ExactAnswers) -> None:
    await answers.put(MINE, "k1", given("Paris", ttl=0.05))
    await asyncio.sleep(0.1)
    assert await answers.get(MINE, "k1") is None


async def test_what_a_trace_said_is_dropped_for_its_tenant(answers: ExactAnswers) -> None:
    for key in ("k1", "k2"):
        await answers.put(MINE, key, given("Paris", "tr_bad"))
    await answers.put(MINE, "k3", given("Rome", "tr_good"))
    await answers.put(YOURS, "k1", given("Paris", "tr_bad"))
    assert await answers.drop(MINE, "tr_bad") == 2
    assert await answers.drop(MINE, "tr_bad") == 0
    assert await answers.get(MINE, "k1") is None
    assert await answers.get(MINE, "k3") is not None
    assert await answers.get(YOURS, "k1") is not None


async def test_a_tenant_is_erased_alone(answers: ExactAnswers) -> None:
    for scope in (MINE, YOURS):
        await answers.put(scope, "k1", given("Paris"))
    await answers.erase(YOURS)
    assert await answers.get(YOURS, "k1") is None
    assert await answers.get(MINE, "k1") is not None


async def test_memory_keeps_to_its_room_and_forgets_the_unused() -> None:
    memory = MemoryAnswers(20_000, SystemClock())
    for number in range(200):
        await memory.put(MINE, f"k{number}", given("x" * 100, f"tr_{number}"))
        await memory.get(MINE, "k0")
    assert memory.used <= 20_000
    assert await memory.get(MINE, "k0") is not None
    assert await memory.get(MINE, "k1") is None
    assert await memory.drop(MINE, "tr_1") == 0
    await memory.put(MINE, "huge", given("x" * 40_000))
    assert await memory.get(MINE, "huge") is None


async def test_a_redis_that_is_away_is_replaced_by_memory_and_comes_back(tmp_path: Path) -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("there is no redis-server on this machine")
    pytest.importorskip("redis")
    from teppan.store.answers_redis import REST, RedisAnswers

    server, clock = RedisServer(tmp_path), FixedClock(SystemClock.now())
    server.start()
    try:
        shared = RedisAnswers(server.url, 1 << 20, clock)
        await shared.put(MINE, "k1", given("Paris"))
        server.stop()
        assert await shared.get(MINE, "k1") is None
        assert shared.away
        await shared.put(MINE, "k2", given("Rome"))
        assert await shared.get(MINE, "k2") is not None
        with pytest.raises(StoreError):
            await shared.erase(MINE)
        server.start()
        clock.advance(REST + 1)
        assert await shared.get(MINE, "k2") is None, "another gateway may have taken it out"
        assert not shared.away
        await shared.close()
    finally:
        server.stop()


async def test_two_gateways_share_answers_on_redis(redis_server: RedisServer) -> None:
    from teppan.store.answers_redis import RedisAnswers

    one = RedisAnswers(redis_server.url, 1 << 20, SystemClock())
    other = RedisAnswers(redis_server.url, 1 << 20, SystemClock())
    await one.put(MINE, "shared", given("Paris", "tr_shared"))
    found = await other.get(MINE, "shared")
    assert found is not None
    assert await other.drop(MINE, "tr_shared") == 1
    assert await one.get(MINE, "shared") is None
    await one.close()
    await other.close()


# --- the records, on SQLite and PostgreSQL ---------------------------------------------------


def kept(id: str, tenant: str = "mine", **fields: Any) -> Kept:
    return Kept(
        **{
            "id": id,
            "tenant": tenant,
            "partition": "p",
            "model": "a/model",
            "trace_id": f"tr_{id}",
            "kin": id,
            "question": "How much?",
            "intent": "faq",
            "embedder": "e",
            "embedding": b"\x00\x00\x80?",
            "answer": b"{}",
            "cost": 5,
            "created": LATER,
            "expires": LATER + 1000,
        }
        | fields
    )


def check(number: int, same: bool, how: Any, tenant: str = "mine") -> Check:
    return Check(
        id=f"c{tenant}{number}",
        tenant=tenant,
        entry="e1",
        kin="e1",
        trace_id=f"tr_{number}",
        similarity=0.9,
        lead=0.1,
        share=0.5,
        votes=2,
        same=same,
        how=how,
        at=1000.0 + number,
    )


async def written(future: asyncio.Future[None] | None) -> None:
    assert future is not None
    await future


async def test_entries_are_loaded_by_embedder_while_they_live(store: Store) -> None:
    records = store.cache
    for each in (
        kept("e1"),
        kept("e2", created=LATER + 1),
        kept("old", expires=LATER + 400),
        kept("other", embedder="f"),
    ):
        await written(records.put(each))
    assert await records.get(MINE, ["e1", "nothing"]) == [kept("e1")]
    assert await records.get(YOURS, ["e1"]) == []
    assert [each.id for each in await records.load("e", LATER + 500, 10)] == ["e1", "e2"]
    assert [each.id for each in await records.load("e", LATER + 500, 1)] == ["e2"]
    assert await records.sweep(LATER + 500) == 1


async def test_entries_are_removed_and_erased_for_one_tenant(store: Store) -> None:
    records = store.cache
    for tenant in ("mine", "yours: *?["):
        for id in ("e1", "e2"):
            await written(records.put(kept(id, tenant)))
    assert await records.alive(MINE, "e1")
    assert await records.of_trace(MINE, "tr_e1") == ["e1"]
    await records.remove(MINE, ["e1"])
    assert not await records.alive(MINE, "e1")
    assert await records.alive(YOURS, "e1")
    await records.erase(YOURS)
    assert not await records.alive(YOURS, "e2")
    assert await records.alive(MINE, "e2")


async def test_checks_come_back_in_order_and_are_counted_by_kind(store: Store) -> None:
    records = store.cache
    for number in range(6):
        how = "verified" if number < 4 else "feedback"
        await written(records.learn(check(number, number % 3 != 0, how)))
    await written(records.learn(check(9, False, "verified", "yours: *?[")))
    found = await records.checks(MINE, 4)
    assert [each.at for each in found] == [1002.0, 1003.0, 1004.0, 1005.0]
    assert found[0] == check(2, True, "verified")
    assert await records.truth(MINE, 0.0) == {"verified": (2, 4), "feedback": (2, 2)}
    assert await records.truth(MINE, 1004.0) == {"feedback": (2, 2)}


async def test_counts_of_a_day_add_up(store: Store) -> None:
    records = store.cache
    for _ in range(3):
        await written(records.count("mine", Day("2026-11-21", 1, 2, 3, 40, 5)))
    assert await records.days(MINE, "2026-11-01") == [Day("2026-11-21", 3, 6, 9, 120, 15)]
    assert await records.days(MINE, "2026-11-22") == []
    assert await records.days(YOURS, "2026-11-01") == []
