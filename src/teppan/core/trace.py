"""Everything that happened for one request, written once."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from teppan.core.chat import ChatRequest, Completion, Usage
from teppan.core.money import Micros, total
from teppan.core.verdict import Confidence, Evidence, Verdict

CallRole = Literal[
    "single",
    "fallback",
    "member",
    "teacher",
    "student",
    "critic",
    "judge",
    "proposer",
    "aggregator",
    "sample",
    "shadow",
    "embedding",
]

CallOutcome = Literal["ok", "failed", "cancelled", "incomplete"]

TraceStatus = Literal["ok", "failed", "cancelled", "incomplete"]


class ModelCall(Struct, frozen=True, kw_only=True):
    """One attempt at one model: a row of the ledger.

    `model` is what was asked (`provider/name`), `returned_model` what the vendor says answered;
    the price is that of the one returned when it has one. `cost` is `None` when the price is
    unknown. `attempt` counts from 1 within one logical call. Times are seconds; `started` is
    since 1970.
    """

    id: str
    trace_id: str
    model: str
    role: CallRole
    outcome: CallOutcome
    returned_model: str = ""
    vendor_id: str = ""
    attempt: int = 1
    error: str | None = None
    usage: Usage = Usage()
    cost: Micros | None = None
    price_version: str = ""
    started: float = 0.0
    latency: float = 0.0
    first_token: float | None = None
    dropped: tuple[str, ...] = ()


class Route(Struct, frozen=True):
    """Which model was chosen and why; the probability lets routers be fitted from the log."""

    chosen: str
    strategy: str
    reason: str
    probability: float = 1.0
    features: Evidence | None = None


class Said(Struct, frozen=True):
    """What one member of an ensemble said: kept so that other strategies can be replayed."""

    model: str
    role: CallRole
    text: str
    cost: Micros | None = None


class Trace(Struct, frozen=True, kw_only=True):
    """One request: who asked what, how it was answered, what it cost."""

    id: str
    tenant: str
    key_id: str
    started: float
    asked: str
    strategy: str
    status: TraceStatus
    served: str = ""
    endpoint: str = "chat"
    stream: bool = False
    episode: str | None = None
    task_type: str | None = None
    error: str | None = None
    latency: float = 0.0
    overhead: float = 0.0
    first_token: float | None = None
    calls: tuple[ModelCall, ...] = ()
    route: Route | None = None
    verdict: Verdict | None = None
    confidence: Confidence | None = None
    evidence: Evidence | None = None
    cache: str = "off"
    release: str = ""
    dropped: tuple[str, ...] = ()
    request: ChatRequest | None = None
    answer: Completion | None = None
    replies: tuple[Said, ...] = ()

    @property
    def cost(self) -> Micros | None:
        return total(call.cost for call in self.calls)
