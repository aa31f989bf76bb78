"""A `Call` that follows a script instead of asking anybody: for tests of strategies, ours or yours.

    call = ScriptedCall({
        "good": Says("42", beats=3),
        "bad": ProviderOverloaded("down"),
        "stuck": HANGS,
        "critic": lambda request: Says(my_critic(request)),
        "inner": Consensus(settings),          # a virtual model: strategies nest
    })
    outcome = await Single(SingleSettings(model="good")).run(request, call)
    assert call.asked("good")[0].outcome == "ok"

Time is counted in beats (turns of the event loop), so that order is exact and nothing waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from teppan.core.chat import ChatRequest, Choice, Completion, Delta, FinishReason, Message, Text
from teppan.core.clock import Clock, Dice, FixedClock, seeded_dice
from teppan.core.errors import ModelNotFound, TeppanError
from teppan.core.fold import unfold
from teppan.core.ids import Scope
from teppan.core.money import Micros
from teppan.core.reply import LiveReply, Reply
from teppan.core.trace import CallOutcome, CallRole, ToolRun
from teppan.serve.strategies.base import Case, Strategy

HANGS = "hangs"
"""A model that never answers."""


class Says(Struct, frozen=True):
    """An answer: its text or its whole message, after so many beats, at this price."""

    text: str = ""
    beats: int = 1
    cost: Micros = 10
    message: Message | None = None
    finish: FinishReason = "stop"


Line = Says | TeppanError | Strategy | str
Script = Mapping[str, Line | Callable[[ChatRequest], Line]]


@dataclass
class Asked:
    """One call: what was asked, and how it ended (None while it lasts)."""

    model: str
    role: CallRole
    request: ChatRequest
    outcome: CallOutcome | None = None
    cost: Micros = 0


@dataclass
class Live:
    """A scripted answer that is read as a stream; `broken` is raised instead of its end."""

    model: str
    completion: Completion
    closed: bool = False
    broken: TeppanError | None = None

    async def deltas(self) -> AsyncIterator[Delta]:
        *most, last = unfold(self.completion)
        for delta in most:
            yield delta
        if self.broken is not None:
            raise self.broken
        yield last

    async def aclose(self) -> None:
        self.closed = True


@dataclass
class ScriptedCase:
    """The request that is being answered, for agents; a test sets what it is about."""

    id: str = "tr_1"
    scope: Scope = field(default_factory=lambda: Scope("anna", "key_1"))
    request: ChatRequest = field(default_factory=lambda: ChatRequest(model="agent", messages=()))
    clock: Clock = field(default_factory=FixedClock)
    deadline: float = float("inf")
    tools: list[ToolRun] = field(default_factory=list)
    cost: Micros | None = 0


@dataclass
class ScriptedCall:
    """Answers by `script`, trusts by `trusts` (0.5 unless named), and remembers every call.

    A line that is a function is called with the request. A cancelled call costs half.
    """

    script: Script
    trusts: Mapping[str, float] = field(default_factory=dict)
    states: Mapping[str, Any] = field(default_factory=dict)
    dice: Dice = field(default_factory=lambda: seeded_dice(7))
    calls: list[Asked] = field(default_factory=list)
    case: Case = field(default_factory=ScriptedCase)

    async def ask(self, model: str, request: ChatRequest, role: CallRole) -> Reply:
        line = self._line(model, request)
        if isinstance(line, Says | TeppanError | str):
            return await self._follow(line, Asked(model, role, request))
        outcome = await line.run(request, _Whole(self))
        assert isinstance(outcome.reply, Reply)
        return Reply(
            model=model,
            completion=outcome.reply.completion,
            role=role,
            confidence=outcome.confidence,
        )

    async def serve(self, model: str, request: ChatRequest, role: CallRole) -> Reply | LiveReply:
        reply = await self.ask(model, request, role)
        return Live(reply.model, reply.completion) if request.stream else reply

    def trust(self, model: str, task_type: str | None) -> float:
        return self.trusts.get(model, 0.5)

    def state(self, name: str) -> Any:
        return self.states.get(name)

    def random(self) -> float:
        return self.dice.random()

    def asked(self, model: str) -> list[Asked]:
        """The calls to one model, in their order."""
        return [each for each in self.calls if each.model == model]

    @property
    def cost(self) -> Micros:
        """What all calls cost, cancelled ones included."""
        return sum(each.cost for each in self.calls)

    def _line(self, model: str, request: ChatRequest) -> Line:
        if model not in self.script:
            return ModelNotFound(f"no model named {model}")
        line = self.script[model]
        return line(request) if callable(line) else line

    async def _follow(self, line: Says | TeppanError | str, asked: Asked) -> Reply:
        self.calls.append(asked)
        try:
            if line == HANGS:
                await asyncio.get_running_loop().create_future()
            for _ in range(line.beats if isinstance(line, Says) else 1):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            asked.outcome = "cancelled"
            asked.cost = line.cost // 2 if isinstance(line, Says) else 1
            raise
        if isinstance(line, TeppanError):
            asked.outcome = "failed"
            raise line
        says = line if isinstance(line, Says) else Says(line)
        asked.outcome, asked.cost = "ok", says.cost
        message = says.message or Message("assistant", (Text(says.text),))
        completion = Completion(asked.model, (Choice(message, says.finish),))
        return Reply(model=asked.model, completion=completion, role=asked.role, cost=says.cost)


class _Whole:
    """The same call, for a strategy inside another one: what it serves is read whole."""

    def __init__(self, call: ScriptedCall) -> None:
        self.ask = call.ask
        self.serve = call.ask
        self.trust = call.trust
        self.state = call.state
        self.random = call.random
        self.case = call.case
