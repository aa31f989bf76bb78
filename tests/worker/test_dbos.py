"""What is done is done once, whoever goes on with it: DBOS behind our interface."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from teppan.worker.backend import Step, StepsFailed
from teppan.worker.dbos import DbosBackend, place


class Desk:
    """Three steps, each of which notes that it was done."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.begun = asyncio.Event()
        self.fails: set[str] = set()
        self.hangs = ""

    def steps(self) -> list[Step]:
        def one(name: str) -> Step:
            async def act() -> dict[str, Any]:
                self.begun.set()
                if name == self.hangs:
                    await asyncio.sleep(3600)
                if name in self.fails:
                    raise ValueError(f"no {name}")
                self.done.append(name)
                return {"name": name, "at": len(self.done)}

            return Step(name, act)

        return [one(name) for name in ("first", "second", "third")]


@asynccontextmanager
async def backend(folder: Path, worker: str) -> AsyncIterator[DbosBackend]:
    made = DbosBackend(place(f"sqlite:///{folder}/teppan.db"), worker)
    try:
        yield made
    finally:
        await made.close()


async def test_a_cut_run_goes_on_in_another_process_where_it_was(tmp_path: Path) -> None:
    desk = Desk()
    desk.hangs = "second"
    async with backend(tmp_path, "w1") as first:
        running = asyncio.create_task(first.run("night/1", desk.steps()))
        while desk.done != ["first"]:
            await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    desk.hangs = ""
    async with backend(tmp_path, "w2") as second:
        results = await second.run("night/1", desk.steps())
        assert [each["name"] for each in results] == ["first", "second", "third"]
        assert desk.done == ["first", "second", "third"]
        assert await second.run("night/1", desk.steps()) == results
        assert desk.done == ["first", "second", "third"]
        await second.forget("night/1")
        await second.run("night/1", desk.steps())
        assert len(desk.done) == 6


async def test_a_step_that_fails_is_not_remembered(tmp_path: Path) -> None:
    desk = Desk()
    desk.fails = {"second"}
    async with backend(tmp_path, "w1") as made:
        with pytest.raises(StepsFailed, match="second: no second"):
            await made.run("a", desk.steps())
        assert desk.done == ["first"]
        with pytest.raises(StepsFailed):
            await made.run("a", desk.steps(), thorough=True)
        assert desk.done == ["first", "third"]
        desk.fails = set()
        results = await made.run("a", desk.steps())
        assert [each["at"] for each in results] == [1, 3, 2]


async def test_cancelled_at_any_moment_nothing_runs_on(tmp_path: Path) -> None:
    async with backend(tmp_path, "w1") as made:
        await made.run("first", [])  # so that the others do not wait for its start

        async def cut(delay: float) -> list[str]:
            desk = Desk()
            running = asyncio.create_task(made.run(f"cut {delay}", desk.steps()))
            await asyncio.sleep(delay)
            running.cancel()
            await asyncio.wait({running})
            done = list(desk.done)
            await asyncio.sleep(0.05)
            assert desk.done == done
            results = await made.run(f"cut {delay}", desk.steps())
            assert [each["name"] for each in results] == ["first", "second", "third"]
            return desk.done

        for done in await asyncio.gather(*map(cut, (0.0, 0.002, 0.01, 0.03, 0.06, 0.1))):
            assert set(done) == {"first", "second", "third"}
            assert len(done) <= 4, "the one that was cut may have been done twice, no other"


async def test_queues_of_the_dead_are_taken_away(tmp_path: Path) -> None:
    from dbos import DBOS

    async with backend(tmp_path, "w1") as first:
        await first.run("a", [])
        await asyncio.to_thread(DBOS.register_queue, "teppan-dead")
        await asyncio.to_thread(DBOS.register_queue, "teppan-w3")

    async def alive() -> set[str]:
        return {"w3"}

    second = DbosBackend(place(f"sqlite:///{tmp_path}/teppan.db"), "w2", alive)
    await second.run("b", [])
    left = {queue.name for queue in await asyncio.to_thread(DBOS.list_queues)}
    await second.close()
    assert left == {"teppan-w2", "teppan-w3"}


async def test_it_leaves_no_thread_says_nothing_and_its_file_is_private(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = set(threading.enumerate())
    async with backend(tmp_path, "w1") as made:
        await asyncio.gather(*(made.run(name, Desk().steps()) for name in ("a", "b")))
        assert logging.getLogger("dbos").propagate is False
    left = [each.name for each in set(threading.enumerate()) - before]
    assert [name for name in left if not name.startswith("asyncio_")] == []
    assert capfd.readouterr() == ("", "")
    assert (tmp_path / "teppan.db.jobs").stat().st_mode & 0o777 == 0o600


def test_its_tables_lie_beside_the_database(tmp_path: Path) -> None:
    assert place(f"sqlite:///{tmp_path}/x.db") == tmp_path / "x.db.jobs"
    assert place(str(tmp_path / "x.db")) == tmp_path / "x.db.jobs"
    assert place("postgresql://u:p@h/n?options=-csearch_path=s").startswith("postgresql://")  # type: ignore[union-attr]
