"""What changes something happens only after the customer has agreed to it, and once.

    turn 1   the model calls `book(...)`   the tool says what it would do; nothing is done
             the answer asks the customer
    turn 2   the customer says yes, the model calls `book(...)` with the same arguments: it is done

All of it is read in code: that it was proposed in an earlier turn of this very conversation, that
an answer since has shown the customer its figures, that the newest message agrees, and that the
arguments are the same. So words in a pasted letter, in a document or in a tool's result cannot do
anything by themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import structlog
from msgspec.structs import replace

from teppan.core.chat import ChatRequest
from teppan.core.errors import StoreError
from teppan.core.ids import NewId, Scope
from teppan.core.tool import Talk
from teppan.core.trace import ToolRun
from teppan.serve.agents.agreement import agrees
from teppan.serve.agents.stating import states
from teppan.serve.agents.tools import Ran, Tool
from teppan.serve.strategies.base import Case
from teppan.store.actions import Action

log = structlog.get_logger(__name__)

_BACK = 12
"""Turns of a conversation in which a proposal is looked for."""
_ASK = (
    "NOT DONE YET. Nothing was changed. Ask the customer to agree to exactly this, with all its "
    "figures, and call the tool again with the same arguments when they have: "
)
_LOST = "it could not be written down, so it was not done; ask the customer to try again later"
_BEGUN = "this is being done just now; say that it is on its way, and do not do it again"


class Records(Protocol):
    async def propose(self, scope: Scope, action: Action) -> Action: ...

    async def at(self, scope: Scope, talks: Sequence[str]) -> list[Action]: ...

    async def take(self, scope: Scope, id: str) -> bool: ...

    async def finish(self, scope: Scope, id: str, result: str) -> None: ...

    async def release(self, scope: Scope, id: str) -> None: ...


class Acted(NamedTuple):
    """What a call came to; `action` is its row, `told` what the customer must now be asked."""

    ran: Ran
    action: str = ""
    told: str = ""


class Actions:
    """The open proposals of conversations."""

    def __init__(self, records: Records, new_id: NewId) -> None:
        self._records = records
        self._new_id = new_id

    async def open(self, scope: Scope, request: ChatRequest) -> list[Action]:
        """What this conversation was asked before and may agree to now, the newest first."""
        found = await self._records.at(scope, places(request)[:-1])
        return [each for each in found if each.status == "open"]

    async def call(self, agent: str, tool: Tool, arguments: str, talk: Talk, case: Case) -> Acted:
        """Does what was agreed to, or proposes it. Never raises, except when cancelled."""
        try:
            return await self._call(agent, tool, arguments, talk, case)
        except StoreError as error:
            log.error("action.not_written", tool=tool.name, trace=talk.trace_id, error=str(error))
            return Acted(Ran("failed", _LOST))

    async def _call(self, agent: str, tool: Tool, arguments: str, talk: Talk, case: Case) -> Acted:
        here = places(case.request)
        found = await self._records.at(case.scope, here[:-1])
        known = [each for each in found if (each.tool, each.arguments) == (tool.name, arguments)]
        done = next((each for each in known if each.status == "done"), None)
        if done is not None:
            return Acted(Ran("confirmed", done.result), done.id)
        if known and agrees(case.request.question) and was_shown(case.request, known[0]):
            return await self._do(known[0], tool, talk, case)
        ran = await tool.propose(arguments, talk)
        if ran.status != "ok":
            return Acted(ran)
        proposed = await self._records.propose(
            case.scope,
            Action(
                id=self._new_id("act"),
                talk=here[-1],
                agent=agent,
                tool=tool.name,
                arguments=arguments,
                told=ran.result,
                trace_id=talk.trace_id,
            ),
        )
        return Acted(Ran("proposed", f"{_ASK}{ran.result}"), proposed.id, ran.result)

    async def _do(self, action: Action, tool: Tool, talk: Talk, case: Case) -> Acted:
        scope = case.scope
        if not await self._records.take(scope, action.id):
            return Acted(Ran("failed", _BEGUN), action.id)
        ran = await tool.run(action.arguments, replace(talk, key=action.id), case)
        if ran.status == "ok":
            await self._records.finish(scope, action.id, ran.result)
            return Acted(Ran("confirmed", ran.result), action.id)
        if ran.status in ("refused", "invalid"):
            await self._records.release(scope, action.id)
        return Acted(ran, action.id)


def was_shown(request: ChatRequest, action: Action) -> bool:
    """Whether an answer after the proposal told the customer its figures."""
    here = places(request)
    turns = len(here) - here.index(action.talk) - 1 if action.talk in here else 0
    asked = [at for at, message in enumerate(request.messages) if message.role == "user"]
    since = asked[-turns - 1] if 0 < turns < len(asked) else len(request.messages)
    said = [each.text for each in request.messages[since:] if each.role == "assistant"]
    return any(each.strip() and states(each, action.told) for each in said)


def proposal(run: ToolRun) -> str:
    """What the customer must be asked after a call that only proposed; empty after others."""
    return run.result.removeprefix(_ASK) if run.status == "proposed" else ""


def places(request: ChatRequest) -> list[str]:
    """Names of the places in a conversation, one after each message of the customer, the oldest
    first: who speaks, and all that the customer has said so far. The last is where we are now."""
    digest = hashlib.sha256("\0".join((request.user or "", request.episode or "")).encode())
    found = []
    for message in request.messages:
        if message.role == "user":
            digest.update(b"\0" + " ".join(message.text.split()).encode())
            found.append(digest.hexdigest()[:32])
    return found[-_BACK:] or [digest.hexdigest()[:32]]
