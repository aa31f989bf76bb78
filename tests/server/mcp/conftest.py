"""A scripted gateway and a real library behind `/mcp`."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from scripted_gateway import ScriptedGateway, serving
from server.edge_bench import script
from teppan.config.pack import Document
from teppan.core.clock import SystemClock
from teppan.core.ids import Scope, new_id
from teppan.knowledge.chunk import Chunk
from teppan.knowledge.known import Known
from teppan.knowledge.search import Library
from teppan.server.answering import Limits
from teppan.server.auth import Door
from teppan.server.drain import Drain
from teppan.server.edge import Edge
from teppan.server.mcp.desk import Desk
from teppan.server.mcp.endpoint import route
from teppan.server.mcp.tools import Search, asking
from teppan.server.metrics import Metrics
from teppan.server.routes import Table

SCOPES = {
    "anna": Scope("shop", "anna"),
    "small": Scope("shop", "small", models=("agent/menu",)),
}
PIECES = [
    Chunk("facts.md", ("Prices", "Travel"), "The first 30 miles are free."),
    Chunk("facts.md", ("Menu",), "There is steak and there is tofu."),
]
DOCUMENTS = [
    Document("knowledge/facts.md", "# Prices\nThe first 30 miles are free."),
    Document("flyer.pdf", "", b"%PDF"),
]


class Keys:
    def check(self, presented: str) -> Scope | None:
        return SCOPES.get(presented)

    async def find(self, presented: str) -> Scope | None:
        return None

    async def any(self) -> bool:
        return True


@pytest.fixture
def gateway() -> ScriptedGateway:
    return ScriptedGateway(script)


@pytest.fixture
async def address(gateway: ScriptedGateway) -> AsyncIterator[str]:
    known = Known(Library(PIECES), None, None)
    models = ["agent/menu", "support", "thinks", "slow", "bug", "limited"]
    desk = Desk([Search(known), *asking(gateway, models)], DOCUMENTS, "Ask me.")  # type: ignore[arg-type]
    limits = Limits(body=10_000, keep_alive=0.05)
    table = Table([route(desk, limits, ("shop.example",))])
    edge = Edge(table, Door(Keys()), Drain(), Metrics(), SystemClock(), new_id)
    async with serving(edge) as url:
        yield f"{url}/mcp"
