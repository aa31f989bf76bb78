"""`agent/auto`: which agent a question goes to.

Whoever asked the customer something and waits for a yes gets the reply, be it a yes or "make it
22 adults". Else the newest message with an intent of its own decides, so that "and on Sunday?"
stays with whom it was said to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import structlog
from msgspec.structs import replace

from teppan.config.agents import AUTO, PREFIX
from teppan.core.chat import ChatRequest
from teppan.core.errors import StoreError
from teppan.core.ids import Scope
from teppan.core.reply import Outcome
from teppan.serve.agents.actions import Actions, was_shown
from teppan.serve.agents.agreement import agrees
from teppan.serve.strategies.base import Call

log = structlog.get_logger(__name__)

ANY = f"{PREFIX}{AUTO}"
_BACK = 6
"""Messages of the customer in which an intent is looked for."""
_SHORT = 60
"""Letters of a message that may belong to what was said before."""

_CLAUSES = 12
"""Clauses of a long message that are looked at."""
_CLAUSE = re.compile(r"[^.!?,;:\n。！？，；：、]{4,200}")

IntentOf = Callable[[str], tuple[str, float]]


class Reception:
    """`desks` names the agent of each intent, `otherwise` the one for all the rest."""

    def __init__(
        self, intent_of: IntentOf, desks: Mapping[str, str], otherwise: str, actions: Actions
    ) -> None:
        self._intent_of = intent_of
        self._desks = desks
        self._otherwise = otherwise
        self._actions = actions

    async def direct(self, request: ChatRequest, scope: Scope) -> tuple[ChatRequest, str]:
        """The request with the agent's own name, and why; unchanged and empty for other models."""
        if request.model != ANY:
            return request, ""
        agent, why = await self._waiting(request, scope) or self._by_intent(request)
        return replace(request, model=f"{PREFIX}{agent}"), why

    async def _waiting(self, request: ChatRequest, scope: Scope) -> tuple[str, str] | None:
        words = request.question
        replies = any(each.role == "assistant" for each in request.messages)
        if not replies or (len(words) > _SHORT and not agrees(words)):
            return None
        try:
            found = await self._actions.open(scope, request)
        except StoreError as error:
            log.warning("reception.by_intent_alone", reason=error.message)
            return None
        waiting = [each for each in found if was_shown(request, each)]
        return (waiting[0].agent, f"waits for a yes to {waiting[0].tool}") if waiting else None

    def _by_intent(self, request: ChatRequest) -> tuple[str, str]:
        said = [each.text for each in request.messages if each.role == "user"]
        said[-1:] = [request.question]
        for back, text in enumerate(reversed(said[-_BACK:])):
            if back == 0 or len(said[-1]) <= _SHORT:
                intent, sure = self._intent(text)
                agent = self._desks.get(intent)
                if agent is not None and not (back == 0 and self._small(agent, said)):
                    return agent, f"{intent}, {sure:.2f}"
        return self._otherwise, "no intent of its own"

    def _intent(self, text: str) -> tuple[str, float]:
        """The intent of a message, or of its first clause that has one beyond a greeting: names,
        addresses and codes in a long message hide what it is about."""
        intent, sure = self._intent_of(text)
        if intent in self._desks:
            return intent, sure
        told = [self._intent_of(each) for each in _CLAUSE.findall(text)[:_CLAUSES]]
        known = [each for each in told if each[0] in self._desks]
        about = [each for each in known if self._desks[each[0]] != self._otherwise]
        return next(iter((*about, *known)), (intent, sure))

    def _small(self, agent: str, said: list[str]) -> bool:
        """Whether this is what people say in between, in a conversation about something."""
        return len(said) > 1 and agent == self._otherwise and len(said[-1]) <= _SHORT


class AnyAgent:
    """The strategy of `agent/auto` inside another one; the gateway itself asks the reception."""

    name = "agent"

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    async def run(self, request: ChatRequest, call: Call) -> Outcome:
        asked, why = await self._reception.direct(replace(request, model=ANY), call.case.scope)
        reply = await call.serve(asked.model, request, "single")
        return Outcome(reply=reply, reason=f"{asked.model}: {why}")
