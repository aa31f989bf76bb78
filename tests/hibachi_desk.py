"""My Hibachi with its agents, asked as a customer's program asks: the real gateway over HTTP.

Behind it answer the simulated vendors, or a `Brain`: a vendor of the test's own, which says and
calls whatever a test wants, also what no good model would.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import openai
from aiohttp import web
from sqlalchemy import Table, delete, select

from teppan.build import House
from teppan.config.schema import Settings
from teppan.core.clock import SystemClock
from teppan.core.ids import LOCAL, Scope
from teppan.core.trace import ToolRun, Trace
from teppan.serve.agents.loading import load, tables_of
from teppan.server.process import running
from teppan.simulate.keys import DEFAULT_KEYS
from teppan.simulate.questions import load_bank
from teppan.simulate.server import Fleet
from teppan.simulate.server import Settings as FleetSettings
from teppan.store.pack_tables import PackTables

PACK = Path(__file__).parents[1] / "packs" / "myhibachi"
METADATA = tables_of(PACK / "tables.py")
BOOKINGS = load(PACK / "tables.py").bookings
LEADS = load(PACK / "tables.py").leads
NOW = 1_788_544_800.0
"""Friday, 4 September 2026, 10 am in California."""
KEY = "SIMULATED_KEY"
FINE = "All is well. Shall I go on?"
BOOK = (
    "Please book a chef for 10 adults on 2026-10-10 at 6 pm. My name is Ana Lopez, "
    "ana@example.com, 12 Oak Street, Sacramento, 5 miles."
)
BOOKING = {
    "date": "2026-10-10",
    "start": "18:00",
    "adults": 10,
    "name": "Ana Lopez",
    "email": "ana@example.com",
    "address": "12 Oak Street, Sacramento",
    "miles": 5,
}


class Shifted(SystemClock):
    """The machine's clock, set to a day on which the tests' dates lie ahead; `ahead` moves it."""

    def __init__(self, start: float = NOW) -> None:
        self.ahead = start - SystemClock.now()

    def now(self) -> float:
        return SystemClock.now() + self.ahead


class Talk:
    """One conversation of a customer with one model."""

    def __init__(self, client: openai.AsyncOpenAI, model: str, **more: Any) -> None:
        self.client = client
        self.model = model
        self.more = more
        self.messages: list[Any] = []
        self.headers: Mapping[str, str] = {}
        self.tools: list[dict[str, Any]] = []

    async def say(self, text: str, **more: Any) -> str:
        """What the agent answers."""
        self.messages.append({"role": "user", "content": text})
        answer = await self.again(**more)
        self.messages.append({"role": "assistant", "content": answer})
        return answer

    async def again(self, **more: Any) -> str:
        """The answer to the conversation as it is now; it is not added."""
        body: dict[str, Any] = {"teppan": {"include": ["tools"]}}
        raw = await self.client.chat.completions.with_raw_response.create(
            model=self.model, messages=self.messages, extra_body=body, **{**self.more, **more}
        )
        self.headers = raw.headers
        self.tools = json.loads(raw.text)["teppan"]["tools"]
        return raw.parse().choices[0].message.content or ""

    async def stream(self, text: str) -> tuple[str, str]:
        """The words of a streamed answer, and all that came over the wire."""
        self.messages.append({"role": "user", "content": text})
        stream = await self.client.chat.completions.create(
            model=self.model, messages=self.messages, stream=True, **self.more
        )
        words = [each.choices[0].delta.content or "" async for each in stream if each.choices]
        self.messages.append({"role": "assistant", "content": "".join(words)})
        return "".join(words), stream.response.headers["x-teppan-trace-id"]

    @property
    def used(self) -> list[tuple[str, str]]:
        """The tools of the last answer, and how each ended."""
        return [(each["tool"], each["status"]) for each in self.tools]


@dataclass
class Desk:
    """A gateway that serves the pack, and everything a test may look at."""

    house: House
    address: str
    client: openai.AsyncOpenAI
    clock: Shifted
    tables: PackTables
    guests: Iterator[int] = field(default_factory=count)

    def talk(self, model: str = "agent/auto", **more: Any) -> Talk:
        """A conversation of somebody new; the same words of others are none of theirs."""
        return Talk(self.client, model, **{"user": f"guest-{next(self.guests)}", **more})

    async def rows(self, table: Table = BOOKINGS) -> list[Any]:
        """What stands in a table of the pack now."""

        def read() -> list[Any]:
            with self.tables.tables() as db:
                return list(db.execute(select(table)).all())

        return await asyncio.to_thread(read)

    async def clear(self) -> None:
        """Nothing is booked any more."""

        def work() -> None:
            with self.tables.tables() as db:
                for table in reversed(METADATA.sorted_tables):
                    db.execute(delete(table))

        await asyncio.to_thread(work)

    async def trace(self, talk: Talk, scope: Scope = LOCAL) -> Trace:
        return await self.traced(talk.headers["x-teppan-trace-id"], scope)

    async def traced(self, trace_id: str, scope: Scope = LOCAL) -> Trace:
        """A trace; it is written soon after its answer."""
        async with asyncio.timeout(60):
            while (found := await self.house.store.traces.get(scope, trace_id)) is None:
                await asyncio.sleep(0.02)
        return found

    async def ran(self, talk: Talk) -> list[ToolRun]:
        return list((await self.trace(talk)).tools)

    async def called(self, scope: Scope = LOCAL) -> list[Any]:
        return list(await self.house.store.escalations.list(scope))


@asynccontextmanager
async def simulated(folder: Path, url: str = "", **sections: Any) -> AsyncIterator[Desk]:
    """A desk in front of simulated vendors that know the pack's questions."""
    async with Fleet(FleetSettings(speed=0.0, bank=load_bank(PACK))) as fleet:
        vendors = {"openai": (fleet.address("openai"), ("sim-gpt-large", "sim-gpt-small"))}
        async with desk(folder, vendors, url, **sections) as opened:
            yield opened


@asynccontextmanager
async def obeying(
    folder: Path, brain: Brain, second: Brain | None = None, url: str = "", **sections: Any
) -> AsyncIterator[Desk]:
    """A desk in front of a vendor of the test's own, and of `second`, which is asked where it
    fails."""
    async with brain.serving() as address, (second or brain).serving() as other:
        vendors = {"mistral": (address, (brain.model,))}
        if second is not None:
            vendors["deepseek"] = (other, (second.model,))
        async with desk(folder, vendors, url, **sections) as opened:
            yield opened


@asynccontextmanager
async def desk(
    folder: Path,
    vendors: Mapping[str, tuple[str, tuple[str, ...]]],
    url: str = "",
    **sections: Any,
) -> AsyncIterator[Desk]:
    clock, url = Shifted(), url or f"sqlite:///{folder / 'teppan.db'}"
    settings = Settings(
        **{
            "server": {"port": 0},
            "store": {"url": url, "durability": "process"},
            "gateway": {"pack": str(PACK)},
            "providers": {
                name: {"url": address, "keys": (f"env:{KEY}",), "models": models}
                for name, (address, models) in vendors.items()
            },
            **sections,
        }
    )
    async with (
        running(settings, clock, {KEY: DEFAULT_KEYS[0]}) as (house, address),
        openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="sk-any", max_retries=0) as client,
    ):
        tables = PackTables(url, "myhibachi", METADATA, durability="process")
        try:
            yield Desk(house, address, client, clock, tables)
        finally:
            tables.close()


# --- a vendor of the test's own -----------------------------------------------------------------

Call = tuple[str, Any]
"""A tool's name and its arguments: a value, or a text that is sent as it is."""
Mind = Callable[[dict[str, Any]], "str | list[Call] | web.Response"]
"""What a vendor says to a request: words, or calls of tools."""


@dataclass
class Brain:
    """Speaks the chat format on a port of its own, whole answers only."""

    mind: Mind
    model: str = "mind"
    bodies: list[dict[str, Any]] = field(default_factory=list)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        app = web.Application(client_max_size=100_000_000)
        app.router.add_post("/{tail:.*}", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        said = self.mind(body)
        if asyncio.iscoroutine(said):
            said = await said
        if isinstance(said, web.Response):
            return said
        message: dict[str, Any] = {"role": "assistant", "content": said}
        if not isinstance(said, str):
            calls = [_call(each, f"call_{len(self.bodies)}_{at}") for at, each in enumerate(said)]
            message = {"role": "assistant", "content": None, "tool_calls": calls}
        end = "stop" if isinstance(said, str) else "tool_calls"
        return web.json_response(
            {
                "id": f"up-{len(self.bodies)}",
                "object": "chat.completion",
                "created": 1,
                "model": self.model,
                "choices": [{"index": 0, "message": message, "finish_reason": end}],
                "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18},
            }
        )


def _call(wanted: Call, id: str) -> dict[str, Any]:
    name, arguments = wanted
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": id, "type": "function", "function": {"name": name, "arguments": text}}


def results(body: dict[str, Any]) -> list[str]:
    """What the tools answered since the customer last spoke."""
    found: list[str] = []
    for message in body["messages"]:
        if message["role"] == "user":
            found.clear()
        elif message["role"] == "tool":
            found.append(message["content"])
    return found


def newest(body: dict[str, Any]) -> str:
    """The customer's newest words as the vendor reads them."""
    return [text_of(each) for each in body["messages"] if each["role"] == "user"][-1]


def text_of(message: dict[str, Any]) -> str:
    """The words of a message on the wire."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(each["text"] for each in content)


def calling(*wanted: Call, then: str = FINE) -> Mind:
    """Calls these in the first step of every turn, whatever is said, and then says `then`."""
    return lambda body: then if results(body) else list(wanted)
