"""A gateway that says what a test told it to, and a server around it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from teppan.core.chat import ChatRequest, Completion, Delta, Embeddings, Usage
from teppan.core.clock import SystemClock
from teppan.core.errors import ModelNotFound, TeppanError
from teppan.core.fold import fold, unfold
from teppan.core.ids import CountingIds, Scope, new_id
from teppan.core.reply import Outcome
from teppan.serve.answer import Facts
from teppan.server.answering import Limits
from teppan.server.app import assemble
from teppan.server.auth import Door, NoKeys
from teppan.server.edge import Edge
from teppan.server.run import Bind, Server, listen

Script = Callable[[ChatRequest], Sequence[Any]]
"""request -> deltas, numbers (seconds to sleep) and errors (raised), in order."""


class ScriptedAnswer:
    def __init__(self, gateway: ScriptedGateway, trace_id: str, told: Sequence[Any]) -> None:
        self.trace_id = trace_id
        self.completion: Completion | None = None
        self.outcome: Outcome | None = None
        self.told = told
        self.gateway = gateway
        self.done = False

    @property
    def facts(self) -> Facts:
        return Facts(
            trace_id=self.trace_id,
            model="sim/one",
            strategy="single",
            attempts=1,
            cost=1234,
            overhead=0.0005,
            release="rel_1",
            dropped=("seed",),
        )

    async def deltas(self) -> AsyncIterator[Delta]:
        for each in self.told:
            if isinstance(each, int | float):
                await asyncio.sleep(each)
            elif isinstance(each, Exception):
                raise each
            else:
                self.gateway.said += 1
                self.gateway.moved()
                yield each
        self.done = True

    async def aclose(self) -> None:
        if not self.done:
            self.gateway.cancelled.append(self.trace_id)
            self.gateway.moved()


class ScriptedModels:
    def names(self) -> list[str]:
        return ["support", "sim/one", "sim/org/two"]

    def about(self, name: str) -> str:
        return "answers customers" if name == "support" else ""


class ScriptedGateway:
    """`requests` is what came in; `cancelled` names the traces whose client left."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.models = ScriptedModels()
        self.requests: list[ChatRequest] = []
        self.scopes: list[Scope] = []
        self.cancelled: list[str] = []
        self.said = 0
        self.ids = CountingIds()
        self._moved = asyncio.Event()

    def moved(self) -> None:
        """Something was said or cancelled."""
        self._moved.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Waits until the gateway has come so far."""
        async with asyncio.timeout(30):
            while not true():
                self._moved.clear()
                await self._moved.wait()

    async def answer(self, request: ChatRequest, scope: Scope, endpoint: str) -> ScriptedAnswer:
        self.requests.append(request)
        self.scopes.append(scope)
        trace_id = self.ids("tr")
        if request.model == "nowhere":
            raise ModelNotFound(f"there is no model `{request.model}` here", param="model")
        told = list(self.script(request))
        answer = ScriptedAnswer(self, trace_id, told)
        if told and isinstance(told[0], TeppanError):
            raise told[0]
        if not request.stream:
            try:
                answer.completion = fold([each async for each in answer.deltas()])
            except asyncio.CancelledError:
                self.cancelled.append(trace_id)
                self.moved()
                raise
        return answer

    async def embed(
        self, texts: Sequence[str], request: ChatRequest, scope: Scope
    ) -> tuple[Embeddings, ScriptedAnswer]:
        self.requests.append(request)
        vectors = tuple((float(len(text)), 0.5, -1.0) for text in texts)
        found = Embeddings("sim/embed", vectors, Usage(input=len(texts)))
        return found, ScriptedAnswer(self, self.ids("tr"), [])


def telling(completion: Completion) -> Script:
    """The same answer to everything."""
    return lambda request: list(unfold(completion))


def make_edge(gateway: Any, keys: Any = None, **limits: Any) -> Edge:
    clock = SystemClock()
    return assemble(
        gateway,
        Door(keys or NoKeys()),
        clock=clock,
        new_id=new_id,
        limits=Limits(**limits),
        checks={},
    )


@contextlib.asynccontextmanager
async def serving(edge: Edge, drain: float = 1.0) -> AsyncIterator[str]:
    """A real server on a free port; gives its address."""
    listening = listen(Bind(port=0))
    port = listening.getsockname()[1]
    ready = asyncio.Event()
    server = Server(edge, Bind(port=port, drain=drain), ready.set)
    task = asyncio.create_task(server.serve([listening]))
    await ready.wait()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.leave()
        await task
        listening.close()
