"""An agent of a bicycle workshop over scripted models: its tools, its records, its people."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec.structs import replace

from teppan.core.chat import ChatRequest, Message, Text, ToolCall, say
from teppan.core.errors import StoreError
from teppan.core.ids import CountingIds, Scope
from teppan.core.tool import Talk, ToolRefused, marked, tool
from teppan.serve.agents.actions import Actions
from teppan.serve.agents.agent import AgentStrategy
from teppan.serve.agents.builtin import CallPerson
from teppan.serve.agents.tools import PackTool, Tool
from teppan.serve.agents.turn import Agent
from teppan.serve.strategies.base import Case
from teppan.serve.strategies.scripted import Line, Says, ScriptedCall, ScriptedCase
from teppan.serve.strategies.single import Single, SingleSettings
from teppan.store.actions import Action

NOW = dt.datetime(2026, 5, 4, 9, 30, tzinfo=dt.UTC)
repaired: list[tuple[str, str, str]] = []
"""What the workshop has really done: key, bicycle, day."""


@tool(stable=True)
def price(part: Literal["chain", "tyre"], many: Annotated[int, "how many"] = 1) -> dict[str, str]:
    """What parts cost."""
    return {"total": f"${ {'chain': 25, 'tyre': 30}[part] * many }"}


@tool
async def stock(part: str) -> dict[str, int]:
    """How many there are."""
    if part == "unicorn horn":
        raise ToolRefused("we never had unicorn horns; chains and tyres we have")
    if part == "fire":
        raise RuntimeError("the shelf with password hunter2 burns")
    return {part: 7}


def told(bicycle: str, day: dt.date) -> str:
    if day < NOW.date():
        raise ToolRefused("that day is over; name a later one")
    return f"Repair the {bicycle} on {day:%Y-%m-%d} for $40?"


@tool(confirm=told)
def repair(talk: Talk, bicycle: str, day: dt.date) -> dict[str, str]:
    """Takes a bicycle in."""
    repaired.append((talk.key, bicycle, day.isoformat()))
    return {"done": f"{bicycle}, {day}", "price": "$40"}


def pack_tool(function: Callable[..., Any]) -> PackTool:
    how = marked(function)
    assert how is not None
    return PackTool(function.__name__, function, how)


@dataclass
class Records:
    """Actions in memory; `broken` refuses everything, `lapsed` lets what was begun be begun again,
    `slow` is waited for before what was done is written down."""

    rows: list[Action] = field(default_factory=list)
    broken: bool = False
    lapsed: bool = False
    slow: asyncio.Event | None = None

    async def propose(self, scope: Scope, action: Action) -> Action:
        self._check()
        for row in self.rows:
            if (row.talk, row.tool, row.arguments) == (action.talk, action.tool, action.arguments):
                return row
        self.rows.append(action)
        return action

    async def at(self, scope: Scope, talks: Sequence[str]) -> list[Action]:
        self._check()
        return [row for row in reversed(self.rows) if row.talk in talks]

    async def take(self, scope: Scope, id: str, lease: float = 120.0) -> bool:
        free = self._row(id).status == "open" or self.lapsed
        if free:
            self._set(id, status="running")
        return free

    async def finish(self, scope: Scope, id: str, result: str) -> None:
        if self.slow is not None:
            await self.slow.wait()
        self._set(id, status="done", result=result)

    async def release(self, scope: Scope, id: str) -> None:
        self._set(id, status="open")

    def _row(self, id: str) -> Action:
        self._check()
        return next(row for row in self.rows if row.id == id)

    def _set(self, id: str, **change: Any) -> None:
        self.rows[self.rows.index(self._row(id))] = replace(self._row(id), **change)

    def _check(self) -> None:
        if self.broken:
            raise StoreError("the disk is full")


@dataclass
class People:
    """Notes who was called."""

    called: list[tuple[str, str]] = field(default_factory=list)
    away: bool = False

    async def hand(self, case: Case, reason: str, detail: str = "") -> str:
        if self.away:
            raise StoreError("the disk is full")
        self.called.append((reason, detail))
        return "Somebody of us will write to you."


def calls(*wanted: tuple[str, str], text: str = "", cost: int = 10) -> Says:
    """A model that calls tools: names and arguments."""
    parts = tuple(
        ToolCall(f"call_{number}", name, arguments)
        for number, (name, arguments) in enumerate(wanted)
    )
    words = (Text(text),) if text else ()
    return Says(message=Message("assistant", (*words, *parts)), finish="tool_calls", cost=cost)


class Then:
    """A model that says one line after another, and the last for ever."""

    def __init__(self, *lines: Line) -> None:
        self.lines = list(lines)
        self.asked: list[ChatRequest] = []

    def __call__(self, request: ChatRequest) -> Line:
        self.asked.append(request)
        return self.lines.pop(0) if len(self.lines) > 1 else self.lines[0]


@dataclass
class Office:
    """One agent, and everything around it a test may look at."""

    model: Then
    steps: int = 6
    cost: int | None = None
    records: Records = field(default_factory=Records)
    people: People = field(default_factory=People)
    new_id: CountingIds = field(default_factory=CountingIds)
    call: ScriptedCall = field(default_factory=lambda: ScriptedCall({}))

    def strategy(self) -> AgentStrategy:
        own: list[Tool] = [pack_tool(each) for each in (price, stock, repair)]
        agent = Agent(
            name="workshop",
            tools=(*own, CallPerson(self.people)),
            steps=self.steps,
            cost=self.cost,
            handover=frozenset({"failed", "limit"}),
        )
        inner = Single(SingleSettings(model="m"))
        return AgentStrategy(agent, inner, Actions(self.records, self.new_id), talk_of, self.people)

    def case(self, request: ChatRequest, trace: str = "tr_1") -> ScriptedCase:
        """A new request of the same office."""
        case = ScriptedCase(id=trace, request=request)
        self.call = ScriptedCall({"m": self.model}, case=case)
        return case


def talk_of(case: Case) -> Talk:
    return Talk(
        tenant=case.scope.tenant,
        now=NOW,
        key=case.id,
        tables=lambda: nullcontext(),
        folder=Path(),
        trace_id=case.id,
    )


def spoken(*said: str, **more: Any) -> ChatRequest:
    """A conversation that the customer began: their words and the agent's in turn."""
    roles = ("user", "assistant")
    messages = tuple(say(roles[place % 2], text) for place, text in enumerate(said))  # type: ignore[arg-type]
    return ChatRequest(model="agent/workshop", messages=messages, **more)
