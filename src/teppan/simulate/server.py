"""The simulated vendors as a running fleet: one port per vendor, and every vendor by prefix.

    async with Fleet(Settings(speed=0)) as fleet:
        fleet.address("mistral")         # http://127.0.0.1:PORT/v1, the base URL for its clients
        fleet.faults.add("503", vendor="mistral", times=2)
        fleet.calls.select(vendor="mistral")

A path may begin with a vendor's name on any port (`/mistral/v1/chat/completions`). `/_simulate`
is the control endpoint (`control.py`). Every response carries `x-simulated: teppan`.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Self

import orjson

from teppan.core.clock import Clock, SystemClock
from teppan.simulate import control
from teppan.simulate.keys import DEFAULT_KEYS, Keys
from teppan.simulate.mind import World
from teppan.simulate.personas import Cast, load_cast
from teppan.simulate.plan import Frame, Plan, play
from teppan.simulate.questions import Bank
from teppan.simulate.record import Outcome, Recorder
from teppan.simulate.responder import SIGN, Responder
from teppan.simulate.script import DEFAULT_MIX, Desk
from teppan.simulate.studio import Memory
from teppan.simulate.wire import Exchange, Listener

_OUTCOMES: Mapping[str, Outcome] = MappingProxyType(
    {"finish": "completed", "close": "broken", "reset": "broken", "hang": "client_left"}
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the fleet plays.

    `port` 0 takes free ports, else vendors listen on `port`, `port + 1`, ... in the order of the
    cast. `speed` multiplies every latency (0: none, 1: as the personas are). `correlation` is that
    of the errors of two personas of equal skill. `fault_rate` is the share of requests hit by a
    fault drawn from `fault_mix`. `any_model` lets a vendor's first persona answer to names it does
    not have.
    """

    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 1
    speed: float = 1.0
    correlation: float = 0.3
    keys: tuple[str, ...] = DEFAULT_KEYS
    bank: Bank = field(default_factory=Bank)
    cast: Cast = field(default_factory=load_cast)
    clock: Clock = field(default_factory=SystemClock)
    fault_rate: float = 0.0
    fault_mix: tuple[str, ...] = DEFAULT_MIX
    any_model: bool = False
    keep_calls: int = 10_000


class Fleet:
    """All simulated vendors, with their faults, keys and calls within reach of a test."""

    def __init__(self, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self.settings = settings
        self.cast = settings.cast
        self.clock = settings.clock
        self.keys = Keys(settings.keys)
        self.faults = Desk(settings.seed, settings.fault_rate, settings.fault_mix)
        self.calls = Recorder(settings.keep_calls)
        self.responder = Responder(
            cast=settings.cast,
            world=World(settings.bank, settings.seed, settings.correlation),
            keys=self.keys,
            desk=self.faults,
            clock=settings.clock,
            memory=Memory(),
            speed=settings.speed,
            any_model=settings.any_model,
        )
        self._listeners: dict[str, Listener] = {}
        for offset, vendor in enumerate(self.cast.vendors):
            port = settings.port + offset if settings.port else 0
            self._listeners[vendor] = Listener(partial(self._serve, vendor), settings.host, port)

    async def __aenter__(self) -> Self:
        for listener in self._listeners.values():
            await listener.open()
        return self

    async def __aexit__(self, *error: object) -> None:
        for listener in self._listeners.values():
            await listener.close()

    def root(self, vendor: str) -> str:
        """The vendor's address without a path."""
        listener = self._listeners[vendor]
        return f"http://{listener.host}:{listener.port}"

    def address(self, vendor: str) -> str:
        """The base URL that clients of this vendor are given."""
        return self.root(vendor) + self.cast.vendors[vendor].base

    async def refuse(self, vendor: str) -> None:
        """Close the vendor's port: open connections break, new ones are refused."""
        await self._listeners[vendor].close()

    async def restore(self, vendor: str) -> None:
        """Open the vendor's port again, on the same number."""
        await self._listeners[vendor].open()

    def listening(self, vendor: str) -> bool:
        """Whether the vendor's port is open."""
        return self._listeners[vendor].listening

    def reset(self) -> None:
        """Forget faults, key states, calls, samples and cached prefixes."""
        self.faults.clear()
        self.keys.states.clear()
        self.calls.clear()
        self.responder.memory = Memory()

    async def _serve(self, listening: str, exchange: Exchange) -> None:
        request = exchange.request
        if request.path.startswith(control.PREFIX):
            await self._control(exchange)
            return
        first, _, rest = request.path.lstrip("/").partition("/")
        named = first in self.cast.vendors
        vendor = self.cast.vendors[first if named else listening]
        path = f"/{rest}" if named else request.path
        call = self.calls.start(vendor.name, request, path, self.clock.monotonic())
        try:
            plan = self.responder.plan(vendor, replace(request, path=path), call)
            call.status = plan.status
            await play(plan, exchange, self.clock)
        except (asyncio.CancelledError, ConnectionResetError):
            call.bytes_sent = exchange.bytes_sent
            self.calls.finish(call, "client_left", self.clock.monotonic())
            raise
        call.bytes_sent = exchange.bytes_sent
        self.calls.finish(call, _OUTCOMES[plan.ending], self.clock.monotonic())

    async def _control(self, exchange: Exchange) -> None:
        status, body = await control.answer(self, exchange.request)
        headers = (("content-type", "application/json"), SIGN)
        await play(Plan(status, headers, (Frame(orjson.dumps(body)),)), exchange, self.clock)


async def serve(settings: Settings, announce: Callable[[Fleet], None]) -> None:
    """Run the fleet until cancelled; `announce` is called once every port is open."""
    async with Fleet(settings) as fleet:
        announce(fleet)
        await asyncio.Event().wait()
