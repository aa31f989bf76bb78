"""A job asks the real gateway: every answer is paid for once, whatever kills the job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from teppan.build import House, open_house
from teppan.config.schema import Settings
from teppan.core.chat import say
from teppan.core.errors import StoreError, TeppanError, UnsupportedRequest
from teppan.core.ids import LOCAL, Scope
from teppan.learn.asking import About
from teppan.simulate.keys import DEFAULT_KEYS
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.store.paid import Claim

MODELS = ("sim-gpt-large", "sim-gpt-small")
ALL = len(MODELS) + 1
"""Calls that one answer takes: each proposes, and one sums up."""
QUESTION = (say("user", "What is 17 + 25?"),)


class Job:
    def __init__(self, fleet: Fleet, settings: Settings) -> None:
        self.fleet = fleet
        self.settings = settings

    def calls(self) -> int:
        """Model calls that reached the simulated vendor."""
        return len(self.fleet.calls.select(vendor="openai"))

    @asynccontextmanager
    async def house(self) -> AsyncIterator[House]:
        async with open_house(self.settings, environment={"SIMULATED_KEY": DEFAULT_KEYS[0]}) as it:
            yield it


@pytest.fixture
async def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Job]:
    monkeypatch.setenv("SIMULATED_KEY", DEFAULT_KEYS[0])
    async with Fleet(FleetSettings(speed=0.0)) as fleet:
        mixed: dict[str, Any] = {
            "strategy": "mixture",
            "models": [f"openai/{name}" for name in MODELS],
            "aggregator": "openai/sim-gpt-large",
        }
        settings = Settings(
            store={"url": f"sqlite:///{tmp_path / 'teppan.db'}", "durability": "process"},
            providers={
                "openai": {
                    "url": fleet.address("openai"),
                    "keys": ("env:SIMULATED_KEY",),
                    "models": MODELS,
                }
            },
            prices=[
                {"model": f"openai/{name}", "input": "3", "output": "15", "since": "2026-01-01"}
                for name in MODELS
            ],
            models={"mixed": mixed},
        )
        yield Job(fleet, settings)


async def test_a_step_is_paid_for_once_in_any_process(job: Job) -> None:
    async with job.house() as house:
        first = await house.ask(LOCAL, "mixed", QUESTION, key="job/1")
    async with job.house() as house:
        again = await house.ask(LOCAL, "mixed", QUESTION, key="job/1")
        other = await house.ask(Scope("ben", "key-b"), "mixed", QUESTION, key="job/1")
    assert "42" in first.text
    assert (first.again, again.again, other.again) == (False, True, False)
    assert again.trace == first.trace
    assert again.cost == first.cost
    assert job.calls() == 2 * ALL


async def test_a_step_that_was_cut_asks_nobody_twice_and_doubles_no_money(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(scope: Scope, claim: Claim, body: bytes) -> bool:
        raise StoreError("the disk is full")

    async with job.house() as house:
        with monkeypatch.context() as patch:
            patch.setattr(house.store.paid, "finish", cut)
            with pytest.raises(StoreError):
                await house.ask(LOCAL, "mixed", QUESTION, key="job/1")
    async with job.house() as house:
        again = await house.ask(LOCAL, "mixed", QUESTION, key="job/1")
        rows = await house.store.ledger.list(LOCAL)
    assert "42" in again.text
    assert job.calls() == ALL
    assert sorted(each.id for each in rows) == sorted(each.id for each in again.trace.calls)
    assert again.cost == sum(each.cost or 0 for each in rows)


async def test_two_who_take_the_same_step_pay_once(job: Job) -> None:
    async with job.house() as house:
        both = await asyncio.gather(
            *(house.ask(LOCAL, "mixed", QUESTION, key="job/1") for _ in range(2))
        )
    assert {each.again for each in both} == {True, False}
    assert job.calls() == ALL


async def test_a_step_that_failed_may_be_taken_again(job: Job) -> None:
    async with job.house() as house:
        with pytest.raises(TeppanError, match="no model `nowhere`"):
            await house.ask(LOCAL, "nowhere", QUESTION, key="job/1")
        assert "42" in (await house.ask(LOCAL, "mixed", QUESTION, key="job/1")).text


async def test_a_job_cannot_act_as_an_agent(job: Job) -> None:
    async with job.house() as house:
        with pytest.raises(UnsupportedRequest, match="acts for customers"):
            await house.ask(LOCAL, "agent/booking", QUESTION, key="job/1")


async def test_what_jobs_ask_is_told_apart_and_knows_whose_words_it_has(job: Job) -> None:
    async with job.house() as house:
        asked = await house.ask(
            LOCAL, "mixed", QUESTION, key="job/1", about=About("tr_9", user="ann")
        )
    assert asked.trace.endpoint == "job"
    assert asked.trace.cache == "off"
    assert asked.trace.request is not None
    assert asked.trace.request.user == "ann"
