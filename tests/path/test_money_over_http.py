"""Budgets and limits as official clients meet them: refusals they understand, headers they read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from teppan.cli.demo import packaged, simulated_settings
from teppan.config.schema import Settings
from teppan.server.process import running
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings

MODEL = "openai/sim-gpt-small"
QUESTION: Any = [{"role": "user", "content": "What is 6 times 7?"}]


@asynccontextmanager
async def serving(folder: Path, **sections: Any) -> AsyncIterator[str]:
    """The address of a gateway with these sections in its settings."""
    async with Fleet(FleetSettings(speed=0)) as fleet:
        settings = simulated_settings(fleet, packaged(), folder, 0)
        tables = settings.model_dump(mode="json", exclude_unset=True)
        async with running(Settings.model_validate({**tables, **sections})) as (_, address):
            yield address


def sdk(address: str, retries: int = 0) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="sk-any", max_retries=retries)


async def test_what_is_left_of_a_limit_is_told_with_answers_and_refusals(tmp_path: Path) -> None:
    limits = [{"requests": 2, "tokens": 100_000, "per": "hour", "whose": "whole"}]
    async with serving(tmp_path, limits=limits) as address, sdk(address) as client:
        left = []
        for stream in (False, True):
            raw = await client.chat.completions.with_raw_response.create(
                model=MODEL, messages=QUESTION, stream=stream
            )
            left.append(raw.headers["x-ratelimit-remaining-requests"])
            assert raw.headers["x-ratelimit-limit-tokens"] == "100000"
            assert raw.headers["x-ratelimit-reset-requests"].endswith("s")
            await raw.http_response.aread()
        assert left == ["1", "0"]
        with pytest.raises(openai.RateLimitError) as refused:
            await client.chat.completions.create(model=MODEL, messages=QUESTION)
        headers = refused.value.response.headers
        assert headers["x-ratelimit-remaining-requests"] == "0"
        assert int(headers["retry-after"]) > 0
        async with anthropic.AsyncAnthropic(
            base_url=address, api_key="sk-any", max_retries=0
        ) as other:
            with pytest.raises(anthropic.RateLimitError):
                await other.messages.create(model=MODEL, max_tokens=50, messages=QUESTION)


async def test_a_spent_budget_is_an_empty_quota_that_a_client_does_not_hammer(
    tmp_path: Path,
) -> None:
    budgets = [{"name": "shop", "dollars": "0", "period": "month"}]
    async with serving(tmp_path, budgets=budgets) as address, sdk(address, 3) as client:
        with pytest.raises(openai.RateLimitError) as refused:
            await client.chat.completions.create(model=MODEL, messages=QUESTION)
        error = refused.value
        assert (error.code, error.type) == ("insufficient_quota", "insufficient_quota")
        assert "`shop`" in error.message
        assert error.response.headers["x-should-retry"] == "false"
        with pytest.raises(openai.RateLimitError):
            await client.chat.completions.create(
                model="teppan/consensus", messages=QUESTION, max_tokens=20
            )


async def test_a_model_without_money_is_replaced_by_the_next_of_the_chain(tmp_path: Path) -> None:
    budgets = [{"name": "dear", "dollars": "0", "whose": "model", "only": "openai/*"}]
    gateway = {"fallback": ["mistral/sim-mistral-small"]}
    async with (
        serving(tmp_path, budgets=budgets, gateway=gateway) as address,
        sdk(address) as client,
    ):
        raw = await client.chat.completions.with_raw_response.create(
            model=MODEL, messages=QUESTION, max_tokens=20
        )
        assert raw.headers["x-teppan-model"] == "mistral/sim-mistral-small"
