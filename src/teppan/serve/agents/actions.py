"""What changes something happens only after the customer has agreed to it, and once.

    turn 1   the model calls `book(...)`   the tool says what it would do; nothing is done
             the answer asks the customer
    turn 2   the customer says yes, the model calls `book(...)` with the same arguments: it is done

All of it is read in code: that it was proposed in an earlier turn of this very conversation, that
the answer before the newest message showed the customer its figures, that this message agrees, and
that the arguments are the same. So words in a pasted letter, in a document or in a tool's result
cannot do anything by themselves, and a yes to one question is none to an older one.

What was agreed to and begun is brought to its end, also when the customer has left meanwhile; if
the process dies in between, it is begun again with the same key when the customer comes back.
"""

from __future__ import annotations

import asyncio
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
from teppan.serve.agents.agreement import agrees, declines
from teppan.serve.agents.stating import states
from teppan.serve.agents.tools import Ran, Tool
from teppan.serve.strategies.base import Case
from teppan.store.actions import LEASE, Action

log = structlog.get_logger(__name__)

_BACK = 12
"""Turns of a conversation in which a proposal is looked for."""
_ASK = (
    "NOT DONE YET. Nothing was changed. Ask the customer to agree to exactly this, with all its "
    "figures, and call the tool again with the same arguments when they have: "
)
_GRACE = 10.0
"""Seconds beyond its own time after which an action that was begun may be begun again."""
_GLANCE = 0.1
"""Seconds between two looks at what another request is doing."""
_LOST = "it could not be written down, so it was not done; ask the customer to try again later"
_REFUSED = "it could not be done; call the tool again to hear why"
_BEGUN = "this is being done just now; say that it is on its way, and do not do it again"


class Records(Protocol):
    async def propose(self, scope: Scope, action: Action) -> Action: ...

    async def at(self, scope: Scope, talks: Sequence[str]) -> list[Action]: ...

    async def take(self, scope: Scope, id: str, lease: float = LEASE) -> bool: ...

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
        self._begun: set[asyncio.Task[Acted]] = set()

    async def open(self, scope: Scope, request: ChatRequest) -> list[Action]:
        """What this conversation was asked before and may agree to now, the newest first. What was
        asked last is among it even if it has been done: the same yes may come again."""
        here = places(request)
        found = await self._records.at(scope, here[:-1])
        return [each for each in found if each.status == "open" or each.talk in here[-2:-1]]

    async def drain(self) -> None:
        """Waits for what was begun and whose customer has left."""
        while self._begun:
            await asyncio.wait(self._begun)

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
        same = [each for each in found if (each.tool, each.arguments) == (tool.name, arguments)]
        words = case.request.question
        for newest in same[:1]:
            if newest.status == "running" and not declines(words):
                return await self._do(newest, tool, talk, case)
            if newest.status == "done" and agrees(words) and _stands(newest, found, here):
                return Acted(Ran("confirmed", newest.result), newest.id)
            if newest.status == "open" and agrees(words) and was_shown(case.request, newest):
                return await self._do(newest, tool, talk, case)
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
        """Begins it, in a task of its own: once begun it does not end with its request."""
        # a tool that is given the key does nothing twice, so it need not be waited for long
        lease = tool.seconds + _GRACE if tool.keyed else LEASE
        if not await self._records.take(case.scope, action.id, lease):
            return await self._done_by_another(action, tool, case)
        work = asyncio.create_task(self._work(action, tool, talk, case))
        self._begun.add(work)
        work.add_done_callback(self._begun.discard)
        return await asyncio.shield(work)

    async def _work(self, action: Action, tool: Tool, talk: Talk, case: Case) -> Acted:
        """Does what was taken, and writes down what came of it. Never raises."""
        scope = case.scope
        ran = await tool.run(action.arguments, replace(talk, key=action.id), case)
        try:
            if ran.status == "ok":
                await self._records.finish(scope, action.id, ran.result)
            elif ran.status in ("refused", "invalid"):
                await self._records.release(scope, action.id)
        except StoreError as error:  # it is done all the same; whoever asks again finds that out
            log.error("action.not_finished", tool=tool.name, action=action.id, error=str(error))
        status = "confirmed" if ran.status == "ok" else ran.status
        return Acted(Ran(status, ran.result), action.id)

    async def _done_by_another(self, action: Action, tool: Tool, case: Case) -> Acted:
        """What comes of an action that another request has begun, if it ends soon."""
        until = case.clock.monotonic() + tool.seconds
        while case.clock.monotonic() < until:
            await case.clock.sleep(_GLANCE)
            found = await self._records.at(case.scope, [action.talk])
            now = next((each for each in found if each.id == action.id), None)
            if now is None or now.status == "open":
                return Acted(Ran("refused", _REFUSED), action.id)
            if now.status == "done":
                return Acted(Ran("confirmed", now.result), action.id)
        return Acted(Ran("failed", _BEGUN), action.id)


def was_shown(request: ChatRequest, action: Action) -> bool:
    """Whether the answer that the customer replies to told the figures of this proposal."""
    asked = [at for at, message in enumerate(request.messages) if message.role == "user"]
    since = request.messages[asked[-2] :] if len(asked) > 1 else ()
    said = [each.text for each in since if each.role == "assistant" and each.text.strip()]
    return any(states(each, action.told) for each in said)


def _stands(done: Action, found: Sequence[Action], here: Sequence[str]) -> bool:
    """Whether what was done is still the newest of this conversation: what was cancelled since may
    be wished again in the same words. The same yes again is answered the same."""
    since = found[: found.index(done)]
    return done.talk in here[-2:-1] or all(each.status != "done" for each in since)


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
