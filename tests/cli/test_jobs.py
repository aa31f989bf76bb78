"""`teppan jobs` and `teppan worker`: what is done by itself is seen, begun, ended, tried again."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from cli.conftest import QUESTION, printed, teppan, told
from cli.test_processes import PATIENCE, address, started
from teppan.core.errors import BadRequest, ConfigError, NotFound, Taken
from teppan.core.ids import LOCAL
from teppan.store import Store
from teppan.store.jobs import Job, Step


def only_job() -> str:
    [job] = told(teppan("jobs", "list", "--kind", "night", "--json"))["jobs"]
    return str(job["id"])


def test_a_job_is_begun_shown_done_and_told(folder: Path) -> None:
    assert "no such jobs yet" in printed(["jobs", "list"])
    teppan("ask", QUESTION, "--model", "openai/sim-gpt-small")
    said = printed(["jobs", "run", "night", "--days", "1"])
    assert "waits for a worker" in said
    assert "Nobody does jobs now" in said
    assert "waiting" in printed(["jobs", "list"])
    assert "does night, check, improve, sweep" in printed(["worker", "--once"])
    shown = printed(["jobs", "show", only_job()])
    assert "traces 1" in shown
    [job] = told(teppan("jobs", "list", "--kind", "night", "--json"))["jobs"]
    assert (job["status"], job["tenant"], job["attempt"]) == ("done", "local", 1)
    assert job["results"]["signals"]["counts"]["traces"] == 1
    assert isinstance(teppan("jobs", "cancel", job["id"]).exception, Taken)
    assert isinstance(teppan("jobs", "retry", job["id"]).exception, Taken)


def test_it_is_cancelled_and_goes_on(folder: Path) -> None:
    printed(["jobs", "run", "night", "--tenant", "shop"])
    id = only_job()
    assert "is cancelled" in printed(["jobs", "cancel", id])
    assert "cancelled" in printed(["jobs", "list", "--status", "cancelled"])
    assert "waits for a worker" in printed(["jobs", "retry", id])
    assert told(teppan("jobs", "show", id, "--json"))["status"] == "waiting"


def test_how_far_a_running_job_is_and_why_one_waits(folder: Path) -> None:
    async def made() -> None:
        store = await Store.open(folder / "teppan.db")
        for name, tenant in (("a", "one"), ("b", "two"), ("c", "three")):
            await store.jobs.file(
                Job(tenant=tenant, id=name, kind="night", day="", since=0.0, until=1.0)
            )
            job = await store.jobs.claim("w", ["night"], 60.0)
            assert job is not None
            if name == "a":
                await store.jobs.beat([Step(job, "lessons", 3, 1200, "cases", 20_000)], 60.0)
                await store.jobs.cancel(job)
            elif name == "b":
                await store.jobs.settle(job, "waiting", error="no vendor", due=2e9)
            else:
                await store.jobs.settle(job, "failed", error="no [bold]key")
        await store.close()

    asyncio.run(made())
    shown = printed(["jobs", "list"])
    for words in (
        "3 of 1,200", "$0.020000", "running, to be cancelled", "again at 2033", "no vendor",
        "no [bold]key",
    ):  # fmt: skip
        assert words in shown
    assert "lessons: 3 of 1,200 cases" in printed(["jobs", "show", "a"])


def test_what_cannot_be_is_said(folder: Path) -> None:
    assert isinstance(teppan("jobs", "show", "no").exception, NotFound)
    assert isinstance(teppan("jobs", "run", "dream").exception, NotFound)
    assert isinstance(teppan("jobs", "list", "--status", "lost").exception, BadRequest)
    config = folder / "teppan.toml"
    kept = config.read_text()
    config.write_text(kept + "[learn.jobs]\nenabled = false\n")
    assert isinstance(teppan("worker", "--once").exception, ConfigError)
    config.write_text(kept + '[learn.jobs]\nnight = "at two"\n')
    refused = teppan("worker", "--once")
    assert isinstance(refused.exception, ConfigError)
    assert "learn.jobs.night" in str(refused.exception)


@pytest.mark.timeout(600)
async def test_serve_does_jobs_beside_another_worker_and_leaves_quietly(folder: Path) -> None:
    config = folder / "teppan.toml"
    config.write_text(config.read_text() + "[learn.jobs]\npoll = 0.2\n")
    store = await Store.open(folder / "teppan.db")
    async with started("serve", "--port", "0") as serving, started("worker") as working:
        await address(serving)
        assert working.stdout is not None
        await asyncio.wait_for(working.stdout.readline(), PATIENCE)
        for number in range(4):
            job = Job(
                tenant=f"t{number}", id=f"night/{number}", kind="night", day="", since=0.0, until=1
            )
            await store.jobs.file(job)
        async with asyncio.timeout(PATIENCE):
            while len(await store.jobs.list(LOCAL, status="done", kind="night", everyone=True)) < 4:
                await asyncio.sleep(0.05)
        done = await store.jobs.list(LOCAL, kind="night", everyone=True)
        assert [each.fence for each in done] == [1] * 4
        for process in (serving, working):
            process.send_signal(signal.SIGTERM)
        ends = await asyncio.gather(serving.communicate(), working.communicate())
    assert (serving.returncode, working.returncode) == (0, 0)
    for _, errors in ends:
        assert [line for line in errors.decode().splitlines() if "dbos" in line.lower()] == []
        assert "Traceback" not in errors.decode()
    assert await store.job_workers.list() == []
    await store.close()
