"""A virtual model that acts: a strategy around another one, whose model may call tools."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import msgspec
import structlog
from msgspec.structs import asdict, replace

from teppan.core.chat import (
    ChatRequest,
    Completion,
    Delta,
    Finished,
    Message,
    Text,
    TextDelta,
    ToolDelta,
    Usage,
    UsageSeen,
)
from teppan.core.errors import StoreError, UnsupportedRequest
from teppan.core.fold import Fold
from teppan.core.reply import LiveReply, Outcome, Reply
from teppan.core.tool import Talk
from teppan.serve.agents.actions import Actions, proposal
from teppan.serve.agents.builtin import BY_AGENT, ESCALATE, People
from teppan.serve.agents.outside import Outside
from teppan.serve.agents.stating import tells
from teppan.serve.agents.turn import Agent, Talker, Turn
from teppan.serve.answer import as_deltas
from teppan.serve.context.blocks import before
from teppan.serve.strategies.base import Call, Case, Strategy
from teppan.store.actions import Action

log = structlog.get_logger(__name__)

_BREAK = TextDelta("\n\n")


class AgentStrategy:
    """One agent. Built once; `inner` answers each step."""

    name = "agent"

    def __init__(
        self,
        agent: Agent,
        inner: Strategy,
        actions: Actions,
        talker: Talker,
        people: People,
        outside: Outside | None = None,
    ) -> None:
        self.agent = agent
        self._inner = inner
        self._actions = actions
        self._talker = talker
        self._people = people
        self._outside = outside

    async def run(self, request: ChatRequest, call: Call) -> Outcome:
        """The customer's answer, after whatever tools it took.

        Raises `UnsupportedRequest` for tools of the client's own, and what `inner` raises.
        """
        if request.tools:
            raise UnsupportedRequest(
                "an agent uses the tools of its pack; leave `tools` out, or ask a model that is "
                "no agent",
                param="tools",
            )
        case = call.case
        talk = self._talker(case)
        agent = self.agent
        if self._outside is not None and agent.outside:
            found = await self._outside.tools(agent.outside)
            agent = replace(agent, tools=(*agent.tools, *found))
        told = await self._told(request, case, talk)
        turn = Turn(agent, self._inner, told, call, self._actions)
        while True:
            outcome = await turn.ask()
            reply = outcome.reply
            if not isinstance(reply, Reply):
                live = await Begun.of(reply)
                if live.speaks:
                    # what happens after these words can hand nothing over any more
                    begun = self._outcome(outcome, LiveTurn(turn, talk, live), case)
                    return Unfinished(**asdict(begun), case=case)
                reply = Reply(model=reply.model, completion=live.completion)
            if not reply.completion.message.tool_calls or turn.forced:
                return await self._end(turn, replace(outcome, reply=reply), case)
            await turn.use(reply.completion, talk)
            if turn.passed:
                answered = replace(outcome, reply=await turn.pass_on())
                return self._outcome(answered, answered.reply, case)

    async def _told(self, request: ChatRequest, case: Case, talk: Talk) -> ChatRequest:
        """The request with what the agent must know of this moment, before the newest words."""
        try:
            waiting = await self._actions.open(case.scope, case.request)
        except StoreError as error:
            log.warning("agent.without_open_actions", reason=error.message)
            waiting = []
        block = moment(talk.now, [each for each in waiting if each.agent == self.agent.name])
        messages = list(request.messages)
        for place in range(len(messages) - 1, -1, -1):
            if messages[place].role == "user":
                messages[place] = before(messages[place], Text(block))
                break
        return replace(request, messages=tuple(messages), asked=request.question)

    async def _end(self, turn: Turn, outcome: Outcome, case: Case) -> Outcome:
        """The last reply, with the tokens of all steps; a person is called where one must be."""
        assert isinstance(outcome.reply, Reply)
        completion = _worded(outcome.reply.completion)
        usage = turn.usage + (completion.usage or Usage())
        reasons = []
        if turn.forced or not completion.text.strip():
            reasons.append("limit")
        if turn.failing:
            reasons.append("failed")
        reasons = [each for each in reasons if each in self.agent.handover]
        words = [await self._people.hand(case, reason, self.agent.name) for reason in reasons]
        if not completion.text.strip() and words:
            completion = with_words(completion, words[0])
        unsaid = unstated(completion.text, case)
        if unsaid:
            completion = with_words(completion, f"{completion.text}\n\n{unsaid}".strip())
        reply = replace(outcome.reply, completion=replace(completion, usage=usage))
        made = self._outcome(outcome, reply, case)
        return replace(made, escalated=tuple(dict.fromkeys((*made.escalated, *reasons))))

    def _outcome(self, outcome: Outcome, reply: Reply | LiveReply, case: Case) -> Outcome:
        tools = tuple(case.tools)
        handed = any(each.tool == ESCALATE and not each.is_error for each in tools)
        called = (BY_AGENT,) if handed else ()
        used = ", ".join(dict.fromkeys(each.tool for each in tools)) or "no tool"
        return replace(
            outcome,
            reply=reply,
            reason=f"{self.agent.name} used {used}; {outcome.reason}",
            tools=tools,
            escalated=(*outcome.escalated, *called),
        )


class Unfinished(Outcome, frozen=True, kw_only=True):
    """An outcome whose words have begun: the model may use more tools before they end."""

    case: Case

    @property
    def lasting(self) -> bool:
        return super().lasting and all(each.stable for each in self.case.tools)


class Begun:
    """A live reply, read until it is known whether words come."""

    def __init__(self, reply: LiveReply) -> None:
        self.model = reply.model
        self.speaks = False
        self._reply = reply
        self._read: list[Delta] = []
        self._rest = reply.deltas()
        self._fold = Fold()

    @classmethod
    async def of(cls, reply: LiveReply) -> Begun:
        """Raises what reading the reply raises."""
        self = cls(reply)
        async for delta in self._rest:
            self._read.append(delta)
            self._fold.add(delta)
            if isinstance(delta, TextDelta) and delta.text.strip():
                self.speaks = True
                break
        return self

    @property
    def completion(self) -> Completion:
        """The whole reply, where no words came."""
        return self._fold.completion()

    async def deltas(self) -> AsyncIterator[Delta]:
        for delta in self._read:
            yield delta
        async for delta in self._rest:
            yield delta

    async def aclose(self) -> None:
        await self._reply.aclose()


class LiveTurn:
    """Words as they come. A model that says something and then calls a tool is heard to its end,
    and goes on after the tool."""

    def __init__(self, turn: Turn, talk: Talk, first: LiveReply) -> None:
        self.model = first.model
        self._turn = turn
        self._talk = talk
        self._now = first

    async def deltas(self) -> AsyncIterator[Delta]:
        turn = self._turn
        while True:
            fold, kept = Fold(), list[Delta]()
            async for delta in self._now.deltas():
                fold.add(delta)
                if isinstance(delta, UsageSeen | ToolDelta | Finished):
                    kept.append(delta)
                else:
                    yield delta
            completion = fold.completion()
            if not completion.message.tool_calls or turn.forced:
                for delta in kept:
                    if isinstance(delta, Finished):
                        yield replace(delta, reason="stop") if _calls(delta) else delta
                unsaid = unstated(fold.text_so_far, turn.case)
                if unsaid:
                    yield TextDelta(f"\n\n{unsaid}")
                yield UsageSeen(turn.usage + (completion.usage or Usage()))
                return
            await turn.use(completion, self._talk)
            reply = await turn.pass_on() if turn.passed else (await turn.ask()).reply
            self._now = Told(reply) if isinstance(reply, Reply) else reply
            yield _BREAK

    async def aclose(self) -> None:
        await self._now.aclose()


class Told:
    """A whole reply, read as a live one."""

    def __init__(self, reply: Reply) -> None:
        self.model = reply.model
        self._reply = reply

    def deltas(self) -> AsyncIterator[Delta]:
        return as_deltas(self._reply.completion)

    async def aclose(self) -> None:
        return None


def unstated(answer: str, case: Case) -> str:
    """What was proposed in this turn and the answer does not tell with all its figures: it is added
    as the tool worded it, so that the customer agrees to what will be done."""
    proposals = dict.fromkeys(filter(None, map(proposal, case.tools)))
    return "\n".join(each for each in proposals if not tells(answer, each))


def moment(now: dt.datetime, waiting: list[Action]) -> str:
    """What an agent is told of the moment: the time where the business is, and what the customer
    was asked to agree to. It is data, fenced; the customer's words in it cannot close the fence."""
    told = f"<now>{now:%A, %Y-%m-%d %H:%M} ({now.tzname()})</now>\n"
    for each in waiting[:3]:
        what = {
            "tool": each.tool,
            "arguments": msgspec.json.decode(each.arguments),
            "asked": each.told,
        }
        text = msgspec.json.encode(what).decode().replace("<", "\\u003c")
        told += f"<open_action>{text}</open_action>\n"
    return f"{told}\n"


def _calls(finished: Finished) -> bool:
    return finished.reason == "tool_calls"


def _worded(completion: Completion) -> Completion:
    """The completion without tool calls that nobody will answer any more."""
    message = completion.message
    if not message.tool_calls:
        return completion
    return with_words(completion, message.text)


def with_words(completion: Completion, text: str) -> Completion:
    """The completion, saying this and calling nothing."""
    first = completion.choices[0]
    message = Message("assistant", (Text(text),))
    return replace(completion, choices=(replace(first, message=message, finish_reason="stop"),))
