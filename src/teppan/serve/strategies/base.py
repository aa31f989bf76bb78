"""What a strategy is, and the one thing it is handed.

A strategy turns a request into an outcome by calling models. It knows no HTTP, no store and no
settings object; a member it calls may itself be a virtual model, so strategies nest.
"""

from __future__ import annotations

from typing import Any, Protocol

from teppan.core.chat import ChatRequest
from teppan.core.clock import Clock
from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.core.reply import LiveReply, Outcome, Reply
from teppan.core.trace import CallRole, ToolRun


class Case(Protocol):
    """The request that is being answered, for those who act for it: whose it is and what was done.

    `request` is what the client sent, `cost` what all calls so far cost (`None`: unknown),
    `deadline` on the monotonic clock. Whoever uses a tool notes it in `tools`.
    """

    id: str
    scope: Scope
    request: ChatRequest
    clock: Clock
    deadline: float
    tools: list[ToolRun]

    @property
    def cost(self) -> Micros | None: ...


class Call(Protocol):
    """How a strategy reaches a model. Deadline, money and the trace travel inside.

    Cancelling the awaiting task cancels the upstream call; what it used is still recorded.
    Errors are `ProviderError`s, after retries and key rotation.
    """

    async def ask(self, model: str, request: ChatRequest, role: CallRole) -> Reply:
        """The whole answer."""

    async def serve(self, model: str, request: ChatRequest, role: CallRole) -> Reply | LiveReply:
        """The answer the client will read: live when the client streams, else whole.

        Returns once the first word has come, so that another model can still be tried before.
        """

    def trust(self, model: str, task_type: str | None) -> float:
        """How much this model is trusted with this kind of task, in [0, 1]."""

    def state(self, name: str) -> Any:
        """A fitted state of the release (`voters`, `confidence`, ...), or None."""

    def random(self) -> float:
        """Chance, for a randomised order."""

    @property
    def case(self) -> Case:
        """The request all this is for."""


class Strategy(Protocol):
    """One way to answer. Built once from its settings, used by many requests at once."""

    name: str

    async def run(self, request: ChatRequest, call: Call) -> Outcome: ...
