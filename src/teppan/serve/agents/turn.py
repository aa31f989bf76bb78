"""One turn of an agent: the model calls tools until it has words for the customer.

    ask the model ── words ──────────────────────────> the answer
       ^   └── tool calls ── run, each noted ── results ─┐
       └─────────────────────────────────────────────────┘   at most `steps` times

On the last step, and when the turn's money is spent, the model may call nothing any more and must
answer with what it knows.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from teppan.config.agents import PREFIX
from teppan.core.chat import (
    ChatRequest,
    Completion,
    Message,
    Text,
    ToolCall,
    ToolChoice,
    ToolResult,
    Usage,
)
from teppan.core.money import Micros
from teppan.core.reply import LiveReply, Outcome, Reply
from teppan.core.tool import Talk
from teppan.core.trace import ToolRun
from teppan.serve.agents.actions import Acted, Actions
from teppan.serve.agents.builtin import PASS
from teppan.serve.agents.signature import BadArguments
from teppan.serve.agents.tools import Ran, Tool
from teppan.serve.strategies.base import Call, Case, Strategy

log = structlog.get_logger(__name__)

AT_ONCE = 8
"""Tool calls of one step that are made; a model that wants more is told so."""
_FAILURES = 2
"""Tools that failed in one turn before a person is called."""
_BROKEN = ("failed", "timed_out")
_LONGEST = 8_000
"""Characters of arguments that are looked at; longer ones are refused."""
_LEFT = "the request ended before the tool did"
_STRANGE = re.compile(r"[^0-9A-Za-z_-]")
_LONGEST_NAME = 64
"""What vendors take for a tool's name: a made-up one goes back to them, and into headers."""


class Agent(Struct, frozen=True, kw_only=True):
    """Who works here. `cost` is in micro-dollars for one turn, `handover` as in its file;
    `outside` are tools of MCP servers, looked up when they are needed."""

    name: str
    tools: tuple[Tool, ...] = ()
    outside: tuple[str, ...] = ()
    steps: int = 6
    cost: Micros | None = None
    handover: frozenset[str] = frozenset()

    def tool(self, name: str) -> Tool | None:
        return next((each for each in self.tools if each.name == name), None)


Talker = Callable[[Case], Talk]
"""What tools are told of the request they work for."""


class Turn:
    """What happens for one request. `step` counts the model's calls, `usage` are the tokens of
    those before the last, `forced` says that the last could call nothing any more, `passed` names
    the agent to whom the conversation went."""

    def __init__(
        self, agent: Agent, inner: Strategy, request: ChatRequest, call: Call, actions: Actions
    ) -> None:
        self.agent = agent
        self.step = 0
        self.forced = False
        self.passed = ""
        self.usage = Usage()
        self._inner = inner
        self.case = call.case
        self._call = call
        self._actions = actions
        self._request = replace(
            request,
            tools=tuple(tool.offered() for tool in agent.tools),
            parallel_tool_calls=None,
        )

    @property
    def over(self) -> bool:
        """Whether the model has nothing left to call tools with."""
        cost, spent = self.agent.cost, self.case.cost
        poor = self.step > 0 and cost is not None and spent is not None and spent >= cost
        return poor or self.step >= self.agent.steps - 1

    @property
    def failing(self) -> bool:
        """Whether tools failed so often that somebody should look."""
        return sum(each.status in _BROKEN for each in self.case.tools) >= _FAILURES

    async def ask(self) -> Outcome:
        """The model's next words or wishes."""
        request = self._request
        if request.tools and self.over:
            self.forced = self.step > 0
            request = replace(request, tool_choice=ToolChoice("none"))
        self.step += 1
        return await self._inner.run(request, self._call)

    async def use(self, completion: Completion, talk: Talk) -> None:
        """Runs the tools the model called; their results are its next reading. Of more than can be
        made at once it reads one that was refused, and the rest are forgotten."""
        self.usage += completion.usage or Usage()
        message = completion.message
        calls = [_fit(each) for each in message.tool_calls[: AT_ONCE + 1]]
        results = await self._run(calls, talk)
        passing = (each for each in results if each.tool == PASS and not each.is_error)
        self.passed = next((_colleague(each) for each in passing), "")
        told = [
            Message("tool", (ToolResult(each.id, (Text(run.result),), run.is_error, each.name),))
            for each, run in zip(calls, results, strict=True)
        ]
        words = [each for each in message.parts if not isinstance(each, ToolCall)]
        spoken = replace(message, role="assistant", refusal=None, parts=(*words, *calls))
        messages = (*self._request.messages, spoken, *told)
        self._request = replace(self._request, messages=messages, asked=self._request.question)

    async def pass_on(self) -> Reply | LiveReply:
        """The answer of the agent to whom the conversation was passed: it reads what the client
        sent, under its own prompt."""
        model = f"{PREFIX}{self.passed}"
        request = replace(self.case.request, model=model, stream=self._request.stream)
        return await self._call.serve(model, request, "single")

    async def _run(self, calls: Sequence[ToolCall], talk: Talk) -> list[ToolRun]:
        """Those that only read run together; those that change something one after another."""
        changing = asyncio.Lock()
        runs = [self._one(place, call, talk, changing) for place, call in enumerate(calls)]
        return list(await asyncio.gather(*runs))

    async def _one(self, place: int, call: ToolCall, talk: Talk, changing: asyncio.Lock) -> ToolRun:
        clock, tool = self.case.clock, self.agent.tool(call.name)
        started, begun = clock.now(), clock.monotonic()
        arguments, wrong = self._checked(place, call, tool)
        if wrong is not None:
            return self._noted(call.name, arguments, Acted(wrong), started)
        assert tool is not None
        before = self._before(tool.name, arguments)
        if before is not None:
            return before
        try:
            acted = await self._acted(tool, arguments, talk, changing)
        except asyncio.CancelledError:
            left = Acted(Ran("timed_out", _LEFT))
            self._noted(tool.name, arguments, left, started, clock.monotonic() - begun)
            raise
        latency = clock.monotonic() - begun
        return self._noted(tool.name, arguments, acted, started, latency, stable=tool.stable)

    def _checked(self, place: int, call: ToolCall, tool: Tool | None) -> tuple[str, Ran | None]:
        """The arguments in one spelling, or what is wrong with the call."""
        if tool is None:
            there = ", ".join(each.name for each in self.agent.tools) or "none"
            told = f"there is no tool `{call.name}`; there are: {there}"
            return call.arguments, Ran("unknown", told)
        if place >= AT_ONCE:
            told = f"at most {AT_ONCE} tools at once; call it again alone"
            return call.arguments, Ran("refused", told)
        if len(call.arguments) >= _LONGEST:
            return call.arguments, Ran("invalid", f"at most {_LONGEST} characters of arguments")
        try:
            return tool.same(call.arguments), None
        except BadArguments as error:
            return call.arguments, Ran("invalid", f"the arguments are not usable: {error}")

    def _noted(
        self,
        tool: str,
        arguments: str,
        acted: Acted,
        started: float,
        latency: float = 0.0,
        *,
        stable: bool = False,
    ) -> ToolRun:
        run = ToolRun(
            agent=self.agent.name,
            tool=tool,
            arguments=arguments,
            status=acted.ran.status,
            result=acted.ran.result,
            step=self.step,
            action=acted.action,
            stable=stable and acted.ran.status == "ok",
            started=started,
            latency=latency,
        )
        self.case.tools.append(run)
        return run

    async def _acted(self, tool: Tool, arguments: str, talk: Talk, changing: asyncio.Lock) -> Acted:
        if not tool.changes:
            return Acted(await tool.run(arguments, talk, self.case))
        async with changing:
            return await self._actions.call(self.agent.name, tool, arguments, talk, self.case)

    def _before(self, tool: str, arguments: str) -> ToolRun | None:
        """The same call earlier in this request: an answer that is written again does nothing
        again."""
        for run in self.case.tools:
            if (run.agent, run.tool, run.arguments) == (self.agent.name, tool, arguments):
                return run if not run.is_error else None
        return None


def _fit(call: ToolCall) -> ToolCall:
    """The call as it may be kept and sent back, whatever the model made up. A name that cannot be
    one never becomes that of a tool."""
    name = call.name
    if not 0 < len(name) <= _LONGEST_NAME or _STRANGE.search(name):
        name = f"unknown_{_STRANGE.sub('_', name)}"[:_LONGEST_NAME]
    return replace(call, name=name, arguments=call.arguments[:_LONGEST])


def _colleague(run: ToolRun) -> str:
    """Whom a conversation was passed to; the arguments were checked."""
    name: str = msgspec.json.decode(run.arguments)["agent"]
    return name
