"""The rules of a business over an answer: what breaks them is not sent, and people are called.

`guard/` checks and asks again, `escalate.py` calls people; here they stand in the order in which
the gateway needs them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from teppan.core.chat import ChatRequest
from teppan.core.ids import Scope
from teppan.core.reply import Outcome
from teppan.serve.guard.guard import Guard

Again = Callable[[ChatRequest], Awaitable[Outcome]]


class People(Protocol):
    async def look(
        self, trace_id: str, scope: Scope, request: ChatRequest, outcome: Outcome
    ) -> Outcome:
        """Calls a person where one is needed, and says so in the answer. Raises `StoreError`."""


class NoPeople:
    """Nobody is called: a job asked, and no customer waits."""

    async def look(
        self, trace_id: str, scope: Scope, request: ChatRequest, outcome: Outcome
    ) -> Outcome:
        return outcome


class Ruled:
    """The rules of one pack."""

    def __init__(self, guard: Guard, escalator: People) -> None:
        self._guard = guard
        self._escalator = escalator

    def alone(self) -> Ruled:
        """The same rules, with nobody to call."""
        return Ruled(self._guard, NoPeople())

    @property
    def holds(self) -> bool:
        """Whether an answer must be whole before any of it is sent."""
        return self._guard.active

    async def keep(
        self, trace_id: str, scope: Scope, request: ChatRequest, outcome: Outcome, again: Again
    ) -> Outcome:
        """The outcome to serve; `again` asks for another draft. Raises `StoreError` where the
        answer would claim that somebody was called and nobody was."""
        kept = await self._guard.keep(request, outcome, again)
        return await self._escalator.look(trace_id, scope, request, kept)

    async def remembered(
        self, trace_id: str, scope: Scope, request: ChatRequest, outcome: Outcome
    ) -> Outcome:
        """The same for an answer that kept the rules when it was first given."""
        return await self._escalator.look(trace_id, scope, request, outcome)
