"""Everything that happened for one request, written once."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from teppan.core.chat import ChatRequest, Completion, Usage
from teppan.core.money import Micros, total
from teppan.core.verdict import Confidence, Evidence, GuardStatus, Verdict, Violation

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
    "verify",
    "summary",
    "translation",
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


JOB = "job"
"""The endpoint of what jobs ask (`serve/backroom.py`): no customer asked it and none reads it."""

BY_NAME = "asked by name"
"""The reason of a route that nobody had to choose."""


class Route(Struct, frozen=True):
    """Which model was chosen and why; the probability lets routers be fitted from the log."""

    chosen: str
    strategy: str
    reason: str
    probability: float = 1.0
    features: Evidence | None = None


class Source(Struct, frozen=True):
    """A piece of a document that went with the question: the first of them is its `[1]`.

    `path` are the headings above it, `version` is the document's; a file of the pack has none of
    its own: the release names the pack.
    """

    id: str
    document: str
    path: tuple[str, ...] = ()
    version: str = ""


class Shortened(Struct, frozen=True):
    """What became of a long conversation: its tokens before and after, by our own count.

    `summarised` messages are told by a summary, `chunks` pieces of knowledge were added, which
    `sources` names.
    """

    before: int
    after: int
    summarised: int = 0
    chunks: int = 0
    sources: tuple[Source, ...] = ()


CacheStatus = Literal["off", "miss", "exact", "semantic"]


class Remembered(Struct, frozen=True):
    """An answer that was not made anew: `source` is the trace it was first given in.

    `age` is in seconds, `saved` what the answer cost when it was made. `similarity` and `question`
    (the one that was remembered) are those of a semantic hit, `kin` and `signs` what it was judged
    by: they let a check of this hit be learned from.
    """

    entry: str
    source: str = ""
    age: float = 0.0
    saved: Micros | None = None
    similarity: float | None = None
    question: str | None = None
    kin: str = ""
    signs: tuple[float, ...] = ()


ToolStatus = Literal[
    "ok", "proposed", "confirmed", "refused", "invalid", "unknown", "failed", "timed_out"
]
"""How a call of a tool ended. `proposed` did nothing yet, `confirmed` did what was agreed to,
`refused` is the tool's own no, `unknown` a tool that this agent does not have."""


class ToolRun(Struct, frozen=True, kw_only=True):
    """One call of a tool by an agent; `step` counts the agent's model calls from 1.

    `arguments` and `result` are texts as the model wrote and read them, `action` the id of what
    was proposed or done. `stable` results follow from the arguments alone. Times are seconds.
    """

    agent: str
    tool: str
    arguments: str
    status: ToolStatus
    result: str
    step: int = 1
    action: str = ""
    stable: bool = False
    started: float = 0.0
    latency: float = 0.0

    @property
    def is_error(self) -> bool:
        return self.status not in ("ok", "proposed", "confirmed")


class Said(Struct, frozen=True):
    """What one member of an ensemble said: kept so that other strategies can be replayed."""

    model: str
    role: CallRole
    text: str
    cost: Micros | None = None


class Trace(Struct, frozen=True, kw_only=True):
    """One request: who asked what, how it was answered, what it cost.

    `plain_input` and `plain_output` are the tokens one model would have read and written, had it
    been asked alone, with nothing shortened and nothing remembered: savings are told against them.
    `lessons` were in the prompt, `withheld` would have been but for chance: the control against
    which their help is told. `assessed` is the quality that was expected of the answer before it
    was sent, in [0, 1].
    """

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
    cache: CacheStatus = "off"
    remembered: Remembered | None = None
    context: Shortened | None = None
    plain_input: int = 0
    plain_output: int = 0
    release: str = ""
    dropped: tuple[str, ...] = ()
    request: ChatRequest | None = None
    answer: Completion | None = None
    replies: tuple[Said, ...] = ()
    violations: tuple[Violation, ...] = ()
    guarded: GuardStatus = ""
    escalated: tuple[str, ...] = ()
    tools: tuple[ToolRun, ...] = ()
    language: str = ""
    lessons: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    assessed: float | None = None

    @property
    def cost(self) -> Micros | None:
        return total(call.cost for call in self.calls)

    @property
    def passed_rules(self) -> bool:
        """Whether the served answer kept the rules of its business, as far as code can tell; only
        such an answer may become training data."""
        return self.guarded in ("", "passed", "regenerated")
