"""A running fleet without latency, and a small bank."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from simulate.tables import question
from teppan.simulate import Bank, Fleet, Settings


@pytest.fixture
def bank() -> Bank:
    return Bank(question(number) for number in range(1, 9))


@pytest.fixture
async def fleet(bank: Bank) -> AsyncIterator[Fleet]:
    async with Fleet(Settings(speed=0, bank=bank)) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
