"""The pack's tables in both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contract.conftest import database, postgres_server
from packs.kitchen import Kitchen

__all__ = ["database", "kitchen", "postgres_server"]


@pytest.fixture
def kitchen(database: str) -> Iterator[Kitchen]:
    opened = Kitchen(database)
    yield opened
    opened.pack.close()
