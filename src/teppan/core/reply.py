"""One model's answer inside a strategy, and what the strategy made of all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from msgspec import Struct

from teppan.core.chat import Completion, Delta
from teppan.core.money import Micros
from teppan.core.trace import CallRole, Route, ToolRun
from teppan.core.verdict import Confidence, Evidence, GuardStatus, Verdict, Violation


class Reply(Struct, frozen=True, kw_only=True):
    """A whole answer of one model (real or virtual), with what it cost and how long it took."""

    model: str
    completion: Completion
    role: CallRole = "member"
    cost: Micros | None = None
    latency: float = 0.0
    confidence: Confidence | None = None

    @property
    def text(self) -> str:
        return self.completion.text


class LiveReply(Protocol):
    """An answer that has begun and is still being written; the client reads it as it comes.

    `deltas()` may be iterated once. It raises a `ProviderError` when the rest never comes.
    """

    model: str

    def deltas(self) -> AsyncIterator[Delta]: ...

    async def aclose(self) -> None:
        """Give up the rest: the upstream call is cancelled."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What a strategy answers: the chosen reply, and why.

    `replies` are all whole answers it saw (the chosen one included when whole), `evidence` the
    figures it decided on, `qualities` what it learned about models (name -> quality in [0, 1]),
    which trust is updated with. `route` is set by a strategy that chose by the question.
    `violations` are the rules that drafts broke, `guarded` how the answer left them, `escalated`
    the reasons for which a person was called. `tools` are those an agent used on the way.
    """

    reply: Reply | LiveReply
    reason: str
    confidence: Confidence | None = None
    replies: tuple[Reply, ...] = ()
    verdict: Verdict | None = None
    evidence: Evidence | None = None
    qualities: Mapping[str, float] = {}
    route: Route | None = None
    violations: tuple[Violation, ...] = ()
    guarded: GuardStatus = ""
    escalated: tuple[str, ...] = ()
    tools: tuple[ToolRun, ...] = ()

    @property
    def lasting(self) -> bool:
        """Whether the answer may be given again: it kept the rules, no person must look, and it
        rests on nothing that may be different next time."""
        kept = self.guarded in ("", "passed", "regenerated") and not self.escalated
        return kept and all(each.stable for each in self.tools)
