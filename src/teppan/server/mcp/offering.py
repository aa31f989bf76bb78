"""What this gateway offers over MCP: which models are worth a tool, and what stands beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from teppan.config.pack import Pack
from teppan.serve.models import Models
from teppan.serve.steps import Limits
from teppan.server.mcp.desk import Desk
from teppan.server.mcp.tools import AGENTS, Known, Search, asking

if TYPE_CHECKING:
    from teppan.serve.gateway import Gateway


def open_desk(
    gateway: Gateway, known: Known, pack: Pack | None = None, limits: Limits | None = None
) -> Desk:
    """The desk of a gateway. `limits` count searches as requests."""
    return Desk(
        [Search(known, limits), *asking(gateway, speaking(gateway.models))],
        pack.knowledge if pack else (),
        pack.about if pack else "",
    )


def speaking(models: Models) -> list[str]:
    """The agents; where there are none, the models that speak for the business of the pack."""
    names = models.names()
    agents = [name for name in names if name.startswith(AGENTS)]
    return agents or [name for name in names if models.prompted(name)]
