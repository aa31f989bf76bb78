"""The whole served surface, on one screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from teppan.core.clock import Clock
from teppan.core.ids import NewId
from teppan.server.answering import Answering, Limits
from teppan.server.auth import Door
from teppan.server.chat import CHAT
from teppan.server.corrections import routes as correction_routes
from teppan.server.drain import Drain
from teppan.server.edge import Edge
from teppan.server.embeddings import Embedding
from teppan.server.errors import messages_body
from teppan.server.escalations import routes as escalation_routes
from teppan.server.feedback import routes as feedback_routes
from teppan.server.format import Format
from teppan.server.health import Check, Health
from teppan.server.mcp.endpoint import route as mcp_route
from teppan.server.messages import MESSAGES
from teppan.server.messages.counting import Counting
from teppan.server.metrics import Metrics
from teppan.server.models import PATH as MODEL_PATH
from teppan.server.models import ModelList
from teppan.server.outcomes import routes as outcome_routes
from teppan.server.replays import Replays
from teppan.server.responses import RESPONSES
from teppan.server.review import routes as review_routes
from teppan.server.routes import Route, Table

if TYPE_CHECKING:
    from teppan.build.review import Reviewing
    from teppan.serve.feedback.corrections import CorrectionDesk
    from teppan.serve.feedback.desk import FeedbackDesk
    from teppan.serve.feedback.outcomes import OutcomeDesk
    from teppan.serve.feedback.pace import Pace
    from teppan.serve.gateway import Gateway
    from teppan.server.mcp.desk import Desk
    from teppan.store.escalations import Escalations


class Said(NamedTuple):
    """Where the words of people and of the business go, and how fast pages may speak."""

    feedback: FeedbackDesk
    outcomes: OutcomeDesk
    corrections: CorrectionDesk
    pace: Pace | None = None


class Beside(NamedTuple):
    """What is served beside answers: where people's words go, where the answers wait that need a
    person, and what programs find over MCP."""

    said: Said
    escalations: Escalations
    offered: Desk
    allowed_hosts: Sequence[str] = ()
    reviewing: Reviewing | None = None


def assemble(
    gateway: Gateway,
    door: Door,
    *,
    clock: Clock,
    new_id: NewId,
    limits: Limits,
    checks: Mapping[str, Check],
    replays: Replays | None = None,
    beside: Beside | None = None,
) -> Edge:
    """The server of a gateway; `checks` are what readiness asks."""
    drain, metrics = Drain(), Metrics()
    metrics.in_flight = lambda: drain.open
    health = Health(checks, drain, metrics)
    names = ModelList(gateway.models, clock.now())

    def answering(format: Format) -> Answering:
        return Answering(gateway, format, clock, limits, replays)

    routes = [
        Route("POST", "/v1/chat/completions", "user", answering(CHAT)),
        Route("POST", "/v1/responses", "user", answering(RESPONSES)),
        Route("POST", "/v1/messages", "user", answering(MESSAGES), messages_body),
        Route("POST", "/v1/messages/count_tokens", "user", Counting(limits), messages_body),
        Route("POST", "/v1/embeddings", "user", Embedding(gateway, clock, limits)),
        Route("GET", "/v1/models", "user", names.all),
        Route("GET", MODEL_PATH, "user", names.one),
        Route("GET", "/healthz", "public", health.alive),
        Route("GET", "/readyz", "public", health.ready),
        Route("GET", "/metrics", "admin", health.counted),
    ]
    if beside is not None:
        said, most = beside.said, limits.body
        routes += feedback_routes(said.feedback, most, replays, said.pace)
        routes += outcome_routes(said.outcomes, most, replays)
        routes += correction_routes(said.corrections, most, replays)
        routes += escalation_routes(beside.escalations, limits)
        if beside.reviewing is not None:
            routes += review_routes(beside.reviewing, most, replays)
        routes.append(mcp_route(beside.offered, limits, beside.allowed_hosts))
    return Edge(Table(routes), door, drain, metrics, clock, new_id)
