"""A scripted gateway and the address of a server around it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from scripted_gateway import ScriptedGateway, make_edge, serving
from server.edge_bench import (
    script,
)


@pytest.fixture
def gateway() -> ScriptedGateway:
    return ScriptedGateway(script)


@pytest.fixture
async def address(gateway: ScriptedGateway) -> AsyncIterator[str]:
    async with serving(make_edge(gateway, keep_alive=0.1, body=10_000)) as url:
        yield url
