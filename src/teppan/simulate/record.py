"""What the simulated vendors saw, so that a test can assert it: one `Call` per request."""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from teppan.simulate.faults import Fault
from teppan.simulate.wire import Request

_SECRET = frozenset({"authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie"})
Outcome = Literal["running", "completed", "broken", "client_left"]


@dataclass(slots=True, eq=False)
class Call:
    """One request as the vendor saw it.

    Times are seconds on the fleet's monotonic clock. `key` is the index of the API key (-1: none
    or unknown); its value is never kept. `outcome` is `completed` when the whole answer was sent,
    `broken` when a fault ended it, `client_left` when the client did.
    """

    number: int
    vendor: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    started: float
    operation: str = ""
    model: str = ""
    stream: bool = False
    key: int = -1
    status: int = 0
    faults: tuple[Fault, ...] = ()
    bytes_sent: int = 0
    outcome: Outcome = "running"
    ended: float | None = None

    @property
    def json(self) -> Any:
        """The body of the request, parsed."""
        return orjson.loads(self.body)

    @property
    def seconds(self) -> float:
        """How long the request was open; 0 while it still is."""
        return 0.0 if self.ended is None else self.ended - self.started


@dataclass(slots=True)
class Recorder:
    """Keeps the latest calls, and counts all of them."""

    keep: int = 10_000
    total: int = 0
    calls: deque[Call] = field(default_factory=deque)
    running: set[Call] = field(default_factory=set)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self, vendor: str, request: Request, path: str, now: float) -> Call:
        """Begin the record of one request."""
        self.total += 1
        shown = {
            name: "(hidden)" if name in _SECRET else value
            for name, value in request.headers.items()
        }
        call = Call(self.total, vendor, request.method, path, shown, request.body, now)
        self.calls.append(call)
        while len(self.calls) > self.keep:
            self.calls.popleft()
        self.running.add(call)
        return call

    def finish(self, call: Call, outcome: Outcome, now: float) -> None:
        """End the record of one request."""
        call.outcome = outcome
        call.ended = now
        self.running.discard(call)
        self._changed.set()

    def select(self, **wanted: object) -> list[Call]:
        """The calls whose attributes have the given values: `select(vendor=..., model=...)`."""
        return [
            call
            for call in self.calls
            if all(getattr(call, name) == value for name, value in wanted.items())
        ]

    def __iter__(self) -> Iterator[Call]:
        return iter(self.calls)

    async def settled(self) -> None:
        """Wait until no request is open."""
        while self.running:
            self._changed.clear()
            await self._changed.wait()

    def clear(self) -> None:
        """Forget the calls that have ended."""
        self.calls = deque(self.running)
        self.total = 0
