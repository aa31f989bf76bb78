"""The workshop's tables in both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from packs.bicycles.shop import Shop


@pytest.fixture
def shop(database: str) -> Iterator[Shop]:
    opened = Shop(database)
    yield opened
    opened.pack.close()
