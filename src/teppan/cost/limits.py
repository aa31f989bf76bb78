"""How many requests and tokens may be asked in a time, by a sliding window.

    take    when a request comes: one request, and the tokens its question is estimated at
    spend   when it is answered: the tokens that nobody knew before

Counted in memory, or on Redis for several gateways. A Redis that fails, or says nothing to anybody
for `PATIENCE`, is left alone for a while and each gateway counts for itself: that is said once, and
never an error. The window is the weighted one of the `limits` library: the part of the last window
that still overlaps the time, and all of the current one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from math import floor
from typing import Any, Literal, Protocol, TypeVar

import structlog
from msgspec import Struct

from teppan.core.allowance import Allowance, Room
from teppan.core.chat import ChatRequest
from teppan.core.clock import Clock
from teppan.core.errors import RateLimited
from teppan.core.ids import Scope
from teppan.cost.tokens import request_tokens

__all__ = ["Allowance", "Counter", "Limits", "Room", "Rule", "Seen"]

T = TypeVar("T")

PATIENCE = 0.1
"""Seconds without a word from Redis after which nobody waits for it any more."""

LATE = 0.02
"""Seconds by which a timer of ours is late when this process is too busy to listen."""

LONGEST = 1.0
"""Seconds that one request waits for a Redis that is busy with others, or whose gateway is."""

REST = 5.0
"""Seconds that a failing Redis is left alone."""

NO_LIMIT = 1 << 53
"""For counting what was used already, and for taking back what was not."""

PER = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}

_log = structlog.get_logger(__name__)


class Rule(Struct, frozen=True):
    """`most` requests or tokens in so many `seconds`, of the whole or of each tenant or key."""

    kind: Literal["requests", "tokens"]
    most: int
    per: Literal["second", "minute", "hour", "day"]
    whose: Literal["whole", "tenant", "key"] = "key"
    only: str | None = None

    @property
    def seconds(self) -> int:
        return PER[self.per]

    def key(self, scope: Scope) -> str | None:
        """Under which name this scope is counted, or None when the rule is not for it."""
        if self.whose == "whole":
            return f"{self.kind}/{self.per}/whole"
        whom = scope.tenant if self.whose == "tenant" else scope.key_id
        if self.only is not None and self.only != whom:
            return None
        return f"{self.kind}/{self.per}/{self.whose}/{whom}"


class Counter(Protocol):
    """Sliding windows by name; the storages of the `limits` library are such."""

    async def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Counts `amount` if that keeps within the limit."""

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """The last window's count and seconds left, and this one's."""


class Seen(Struct, frozen=True):
    """The counts of a sliding window: of the last one, of this one, and this one's time left."""

    last: int
    now: int
    left: float
    seconds: int

    @property
    def count(self) -> float:
        return self.last * self.left / self.seconds + self.now

    def wait(self, most: int, cost: int) -> float:
        """Seconds until `cost` more are within `most`, if nobody else asks meanwhile."""
        room = most - cost
        if self.count <= room:
            return 0.0
        if self.now <= room:
            return self.left - (room - self.now) * self.seconds / self.last
        return self.left + self.seconds * (1 - max(room, 0) / self.now)

    def room(self, most: int) -> Room:
        until = self.left + self.seconds if self.now else self.left if self.last else 0.0
        return Room(most, max(0, most - floor(self.count)), until)


class Heard:
    """A counter elsewhere; `at` is when it last answered anybody, on the loop's clock."""

    def __init__(self, counter: Counter) -> None:
        self.at = float("-inf")
        self._counter = counter

    async def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        counted = await self._counter.acquire_sliding_window_entry(key, limit, expiry, amount)
        self.at = asyncio.get_running_loop().time()
        return counted

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        window = await self._counter.get_sliding_window(key, expiry)
        self.at = asyncio.get_running_loop().time()
        return window


class Limits:
    """`shared` counts on Redis, raising `failures` of its own, and may be silent for `patience`
    seconds; `own` counts in memory.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        own: Counter,
        shared: Counter | None,
        clock: Clock,
        failures: tuple[type[Exception], ...] = (),
        patience: float = PATIENCE,
    ) -> None:
        self._patience = patience
        self._rules = tuple(rules)
        self._own = own
        self._shared = None if shared is None else Heard(shared)
        self._clock = clock
        self._failures: tuple[type[Exception], ...] = (OSError, TimeoutError, *failures)
        self._rests_until: float | None = None

    async def take(self, scope: Scope, request: ChatRequest) -> Allowance | None:
        """Counts a request, or raises `RateLimited` and counts nothing; None without limits."""
        asked = self._asked(scope)
        if not asked:
            return None
        counts_tokens = any(rule.kind == "tokens" for rule, _ in asked)
        tokens = request_tokens(request) if counts_tokens else 0
        if self._shared is not None and not self._resting():
            try:
                allowance = await self._patiently(_take(self._shared, asked, tokens), self._shared)
                self._back()
                return allowance
            except self._failures as error:
                self._away(error)
        return await _take(self._own, asked, tokens)

    async def spend(self, scope: Scope, tokens: int) -> None:
        """Counts tokens that were used beyond those taken; never refuses, never raises."""
        asked = [each for each in self._asked(scope) if each[0].kind == "tokens"]
        if tokens <= 0 or not asked:
            return
        if self._shared is not None and not self._resting():
            try:
                await self._patiently(_count(self._shared, asked, tokens), self._shared)
                return
            except self._failures as error:
                self._away(error)
        await _count(self._own, asked, tokens)

    async def _patiently(self, work: Coroutine[Any, Any, T], heard: Heard) -> T:
        """The work's result; `TimeoutError` when nobody hears anything any more.

        Not simply a timeout: where many ask at once, or this process is busy, an answer may have
        come long before anybody gets to read it.
        """
        loop, patience = asyncio.get_running_loop(), self._patience
        began, task = loop.time(), loop.create_task(work)
        try:
            while True:
                since = loop.time()
                done, _ = await asyncio.wait((task,), timeout=patience)
                if done:
                    return task.result()
                now = loop.time()
                busy = now - since > patience + LATE  # whoever does not listen hears nothing
                over = now - began >= max(LONGEST, patience)
                if over or (heard.at < since and not busy):
                    raise TimeoutError
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def _asked(self, scope: Scope) -> list[tuple[Rule, str]]:
        found = ((rule, rule.key(scope)) for rule in self._rules)
        return [(rule, key) for rule, key in found if key is not None]

    def _resting(self) -> bool:
        return self._rests_until is not None and self._clock.monotonic() < self._rests_until

    def _away(self, error: Exception) -> None:
        if self._rests_until is None:
            reason = type(error).__name__
            _log.warning("limits.redis_away", reason=reason, until_then="each gateway for itself")
        self._rests_until = self._clock.monotonic() + REST

    def _back(self) -> None:
        if self._rests_until is not None:
            self._rests_until = None
            _log.warning("limits.redis_back")


async def _take(counter: Counter, asked: Sequence[tuple[Rule, str]], tokens: int) -> Allowance:
    """All of it or nothing."""
    for done, (rule, key) in enumerate(asked):
        cost = 1 if rule.kind == "requests" else tokens
        if await counter.acquire_sliding_window_entry(key, rule.most, rule.seconds, cost):
            continue
        for other, taken in asked[:done]:
            cost_there = 1 if other.kind == "requests" else tokens
            await counter.acquire_sliding_window_entry(taken, NO_LIMIT, other.seconds, -cost_there)
        raise await _refusal(counter, asked, rule, key, cost)
    return await _allowance(counter, asked, tokens)


async def _refusal(
    counter: Counter, asked: Sequence[tuple[Rule, str]], rule: Rule, key: str, cost: int
) -> RateLimited:
    allowance = await _allowance(counter, asked, 0)
    limit = f"{rule.most:,} {rule.kind} a {rule.per}"
    if cost > rule.most:
        return RateLimited(
            f"this request alone has about {cost:,} tokens, more than the limit of {limit}; "
            "shorten it",
            allowance=allowance,
        )
    wait = max(0.001, (await _seen(counter, rule, key)).wait(rule.most, cost))
    whose = "of all clients together" if rule.whose == "whole" else f"of this {rule.whose}"
    return RateLimited(
        f"the limit {whose}, {limit}, is reached; try again in {wait:.3g} s",
        retry_after=wait,
        allowance=allowance,
    )


async def _allowance(counter: Counter, asked: Sequence[tuple[Rule, str]], taken: int) -> Allowance:
    """The tightest room of either kind."""
    rooms: dict[str, Room] = {}
    for rule, key in asked:
        room = (await _seen(counter, rule, key)).room(rule.most)
        best = rooms.get(rule.kind)
        if best is None or room.remaining / room.limit < best.remaining / best.limit:
            rooms[rule.kind] = room
    return Allowance(rooms.get("requests"), rooms.get("tokens"), taken)


async def _seen(counter: Counter, rule: Rule, key: str) -> Seen:
    last, _, now, ends = await counter.get_sliding_window(key, rule.seconds)
    # the current window is kept twice its time, the second half as the last one
    return Seen(max(0, last), max(0, now), max(0.0, ends - rule.seconds), rule.seconds)


async def _count(counter: Counter, asked: Sequence[tuple[Rule, str]], tokens: int) -> None:
    for rule, key in asked:
        await counter.acquire_sliding_window_entry(key, NO_LIMIT, rule.seconds, tokens)
