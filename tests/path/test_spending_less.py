"""The saving steps, end to end: a real gateway over simulated vendors, asked over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from teppan.build import House
from teppan.config.schema import Settings
from teppan.core.ids import LOCAL
from teppan.server.process import running
from teppan.simulate.keys import DEFAULT_KEYS
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings

LARGE, SMALL = "openai/sim-gpt-large", "openai/sim-gpt-small"
Asking = Callable[..., Any]


class Asker:
    """Asks a gateway; `http` and `address` reach it."""

    def __init__(self, http: aiohttp.ClientSession, address: str, house: House) -> None:
        self.http, self.address, self.house = http, address, house

    async def ask(
        self, text: str, model: str = LARGE, *, headers: dict[str, str] | None = None, **more: Any
    ) -> tuple[str, Any]:
        """The words, and the headers, of an answer."""
        body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
        url = f"{self.address}/v1/chat/completions"
        async with self.http.post(url, json=body, headers=headers) as answer:
            told = await answer.text()
            assert answer.status == 200, told
            return told, answer.headers

    async def feedback(self, **body: Any) -> tuple[int, Any]:
        async with self.http.post(f"{self.address}/v1/feedback", json=body) as answer:
            return answer.status, await answer.json()

    async def calls(self) -> int:
        return len(await self.house.store.ledger.list(LOCAL))


@asynccontextmanager
async def gateway(
    folder: Path, monkeypatch: pytest.MonkeyPatch, **sections: Any
) -> AsyncIterator[Asker]:
    monkeypatch.setenv("SIMULATED_KEY", DEFAULT_KEYS[0])
    async with Fleet(FleetSettings(speed=0.0)) as fleet, aiohttp.ClientSession() as http:
        settings = Settings(
            server={"port": 0},
            store={"url": f"sqlite:///{folder / 'teppan.db'}", "durability": "process"},
            providers={
                "openai": {
                    "url": fleet.address("openai"),
                    "keys": ("env:SIMULATED_KEY",),
                    "models": tuple(each.partition("/")[2] for each in (LARGE, SMALL)),
                }
            },
            prices=[
                {"model": LARGE, "input": "3", "output": "15", "since": "2026-01-01"},
                {"model": SMALL, "input": "0.1", "output": "0.4", "since": "2026-01-01"},
            ],
            **sections,
        )
        async with running(settings) as (house, address):
            yield Asker(http, address, house)


async def test_the_same_question_is_paid_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(tmp_path, monkeypatch) as asker:
        first, fresh = await asker.ask("What is 17 + 25?")
        again, remembered = await asker.ask("What is 17 + 25?")
        streamed, _ = await asker.ask("What is 17 + 25?", stream=True)
        assert await asker.calls() == 1
        assert (fresh["x-teppan-cache"], remembered["x-teppan-cache"]) == ("miss", "exact")
        assert remembered["x-teppan-cost"] == "0.000000"
        assert remembered["x-teppan-model"] == LARGE
        assert remembered["x-teppan-cache-source"] == fresh["x-teppan-trace-id"]
        assert "42" in first
        assert "42" in again
        assert streamed.rstrip().endswith("data: [DONE]")
        assert "cost=0.000000" in streamed


async def test_of_many_that_ask_the_same_at_once_one_is_paid_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(tmp_path, monkeypatch) as asker:
        await asyncio.gather(*(asker.ask("What is 1 + 1?", stream=n % 2 == 0) for n in range(40)))
        assert await asker.calls() == 1


@pytest.mark.parametrize("headers", [{"cache-control": "no-store"}, {"cache-control": "no-cache"}])
async def test_a_client_may_refuse_what_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    async with gateway(tmp_path, monkeypatch) as asker:
        for _ in range(2):
            await asker.ask("What is 17 + 25?", headers=headers)
        assert await asker.calls() == 2


async def test_a_wrong_hit_is_forgotten_when_somebody_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(tmp_path, monkeypatch) as asker:
        await asker.ask("What is 17 + 25?")
        _, hit = await asker.ask("What is 17 + 25?")
        status, said = await asker.feedback(trace_id=hit["x-teppan-trace-id"], wrong_hit=True)
        assert (status, said["evicted"]) == (200, True)
        _, after = await asker.ask("What is 17 + 25?")
        assert after["x-teppan-cache"] == "miss"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"rating": 1}, "trace_id"),
        ({"trace_id": "tr_1"}, "rating"),
        ({"trace_id": "tr_1", "rating": 7}, "rating"),
        ({"trace_id": "tr_1", "rating": "fine"}, "rating"),
    ],
)
async def test_feedback_that_says_nothing_names_its_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: dict[str, Any], param: str
) -> None:
    async with gateway(tmp_path, monkeypatch) as asker:
        status, said = await asker.feedback(**body)
        assert (status, said["error"]["param"]) == (400, param)


async def test_feedback_on_a_foreign_answer_is_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(tmp_path, monkeypatch) as asker:
        status, said = await asker.feedback(trace_id="tr_of_nobody", rating="up")
        assert (status, said["error"]["param"]) == (404, "trace_id")


async def test_a_spent_budget_refuses_with_the_time_it_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = {"name": "tiny", "dollars": "0.000001", "period": "day"}
    async with gateway(tmp_path, monkeypatch, budgets=[budget]) as asker:
        url = f"{asker.address}/v1/chat/completions"
        body = {"model": LARGE, "messages": [{"role": "user", "content": "hello"}]}
        async with asker.http.post(url, json=body) as answer:
            said = (await answer.json())["error"]
            assert answer.status == 429
            assert said["code"] == "insufficient_quota"
            assert "tiny" in said["message"]
            assert int(answer.headers["retry-after"]) > 1
        assert await asker.calls() == 0


async def test_a_shadow_is_asked_behind_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow = {"enabled": True, "model": SMALL, "share": 1.0}
    async with gateway(tmp_path, monkeypatch, shadow=shadow) as asker:
        _, answered = await asker.ask("What is 17 + 25?")
        for _ in range(100):
            rows = await asker.house.store.shadows.summary(LOCAL)
            if rows:
                break
            await asyncio.sleep(0.02)
        assert [(row.model, row.compared) for row in rows] == [(SMALL, 1)]
        by_role = {row.name: row for row in await asker.house.store.costs.summary(LOCAL, "role")}
        assert by_role["shadow"].calls == 1
        assert answered["x-teppan-attempts"] == "1"


async def test_a_limit_in_requests_is_told_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(tmp_path, monkeypatch, limits=[{"whose": "key", "requests": 2}]) as asker:
        _, first = await asker.ask("What is 1 + 2?")
        await asker.ask("What is 1 + 3?")
        url = f"{asker.address}/v1/chat/completions"
        body = {"model": LARGE, "messages": [{"role": "user", "content": "What is 1 + 4?"}]}
        async with asker.http.post(url, json=body) as answer:
            assert answer.status == 429
            assert answer.headers["x-ratelimit-remaining-requests"] == "0"
            assert int(answer.headers["retry-after"]) >= 1
        assert first["x-ratelimit-limit-requests"] == "2"
        assert first["x-ratelimit-remaining-requests"] == "1"
