"""Reaches one model, whatever it takes: keys, retries, breakers and the one overall deadline.

    Caller.complete / stream / embed
      └─ loop: route picks a key ─> Provider makes one attempt ─> retry decides what is next

The loop is dumb; `keys.py`, `breaker.py` and `retry.py` hold the judgement, `attempt.py` keeps
account. Every attempt, also a failed, cut or cancelled one, is told once to `observe`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import msgspec
from msgspec import Struct

from teppan.core.chat import ChatRequest, Completion, Embeddings, say
from teppan.core.clock import Clock, Dice
from teppan.core.errors import (
    CircuitOpen,
    ModelNotFound,
    ProviderBadAnswer,
    ProviderOutOfCredit,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderUnauthenticated,
    ProviderUnreachable,
    TeppanError,
)
from teppan.providers.attempt import Attempt, Attempting, Counting, Observe
from teppan.providers.base import Clocks, Provider
from teppan.providers.breaker import Breaker, BreakerPolicy
from teppan.providers.keys import KeyPolicy, KeyRing
from teppan.providers.live import LiveCall
from teppan.providers.retry import RetryBudget, RetryPolicy, Situation, decide

__all__ = ["Answered", "Attempt", "Caller", "CallerPolicy", "Counting", "LiveCall", "Observe"]

Got = TypeVar("Got")

Again = Callable[[], Awaitable[bool]]
"""Asked before a further attempt; False gives the model up."""

_MOST_ROUTES = 4096
"""Names of models remembered at once; clients may ask for any name."""

_LONGEST_REST = 3600.0
"""Seconds; a vendor that asks for more than an hour is asked again after one."""

_SICK = (ProviderOverloaded, ProviderUnreachable, ProviderTimeout, ProviderBadAnswer)
"""Failures that tell of a model's health, not of the request or the key."""


class CallerPolicy(Struct, frozen=True):
    """All the patience of the caller in one place."""

    clocks: Clocks = Clocks()
    retry: RetryPolicy = RetryPolicy()
    breaker: BreakerPolicy = BreakerPolicy()
    keys: KeyPolicy = KeyPolicy()


class Answered(Struct, frozen=True, kw_only=True):
    """A whole answer, how many attempts it took, and what the model would not take.

    `completion.usage` is what is billed: the vendor's count or our estimate. Times are seconds.
    """

    completion: Completion
    attempts: int
    latency: float
    first_token: float
    dropped: tuple[str, ...] = ()


class _Route:
    """One model and its way out: the vendor, its keys, the model's own breaker."""

    __slots__ = ("breaker", "keys", "model", "name", "provider")

    def __init__(
        self, model: str, name: str, provider: Provider, keys: KeyRing, breaker: Breaker
    ) -> None:
        self.model = model
        self.name = name
        self.provider = provider
        self.keys = keys
        self.breaker = breaker


class Caller:
    """The way to every vendor's model. One per process.

    `model` is `provider/name` (`provider:name` is understood), `deadline` a moment of
    `clock.monotonic()` shared by all attempts.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        *,
        counting: Counting,
        clock: Clock,
        dice: Dice,
        policy: CallerPolicy | None = None,
    ) -> None:
        self._providers = providers
        self._counting = counting
        self._clock = clock
        self._dice = dice
        self._policy = policy or CallerPolicy()
        self._budget = RetryBudget(self._policy.retry)
        self._keys = {
            name: KeyRing(provider.keys, clock, self._policy.keys)
            for name, provider in providers.items()
        }
        self._routes: dict[str, _Route] = {}

    async def complete(
        self,
        model: str,
        request: ChatRequest,
        *,
        deadline: float,
        observe: Observe,
        again: Again | None = None,
    ) -> Answered:
        """The whole answer.

        Raises the last `ProviderError` when this model cannot give one in time, and
        `ModelNotFound` when no such provider is configured.
        """
        route = self._route(model)

        async def once(attempting: Attempting) -> Answered:
            got = await route.provider.complete(
                request, route.name, attempting.key, self._clocks(deadline)
            )
            completion = got.completion
            attempting.produced.take(completion)
            attempting.first_token, attempting.dropped = got.first_token, got.dropped
            usage = attempting.succeeded()
            if usage is not completion.usage:
                completion = msgspec.structs.replace(completion, usage=usage)
            return Answered(
                completion=completion,
                attempts=attempting.number,
                latency=attempting.latency,
                first_token=got.first_token,
                dropped=got.dropped,
            )

        return await self._tried(route, request, deadline, observe, once, again)

    async def stream(
        self,
        model: str,
        request: ChatRequest,
        *,
        deadline: float,
        observe: Observe,
        again: Again | None = None,
    ) -> LiveCall:
        """An answer that has begun: returns once the first content has come.

        Until then every retry and fallback is free; errors are those of `complete`.
        """
        route = self._route(model)

        async def once(attempting: Attempting) -> LiveCall:
            source = route.provider.stream(
                request, route.name, attempting.key, self._clocks(deadline)
            )
            live = LiveCall(source, attempting, partial(self._learn, route, attempting.key))
            await live.begin()
            return live

        return await self._tried(route, request, deadline, observe, once, again)

    async def embed(
        self, model: str, texts: Sequence[str], *, deadline: float, observe: Observe
    ) -> Embeddings:
        """Vectors in the order of the texts."""
        route = self._route(model)
        request = ChatRequest(model=model, messages=tuple(say("user", text) for text in texts))

        async def once(attempting: Attempting) -> Embeddings:
            got = await route.provider.embed(
                texts, route.name, attempting.key, self._clocks(deadline)
            )
            attempting.produced.model, attempting.produced.usage = got.model, got.usage
            return Embeddings(got.model, got.vectors, attempting.succeeded())

        return await self._tried(route, request, deadline, observe, once)

    async def _tried(
        self,
        route: _Route,
        request: ChatRequest,
        deadline: float,
        observe: Observe,
        once: Callable[[Attempting], Awaitable[Got]],
        again: Again | None = None,
    ) -> Got:
        """One logical call: attempts until one succeeds or `retry.decide` gives up."""
        self._budget.called()
        tried: list[int] = []
        while True:
            key = await self._key(route, deadline)
            tried.append(key)
            attempting = Attempting(
                route.model, len(tried), key, request, observe, self._counting, self._clock
            )
            try:
                got = await once(attempting)
            except asyncio.CancelledError:
                attempting.cancelled()
                self._learn(route, key, None)
                raise
            except TeppanError as error:
                attempting.failed(error)
                self._learn(route, key, error)
                wait = self._wait_after(error, route, tried, deadline)
                if wait is None or (again is not None and not await again()):
                    raise
            else:
                route.breaker.succeeded()
                route.keys.succeeded(key)
                return got
            if wait:
                await self._clock.sleep(wait)

    def _wait_after(
        self, error: TeppanError, route: _Route, tried: Sequence[int], deadline: float
    ) -> float | None:
        """Seconds until the next attempt at this model, or None to give it up."""
        now = self._clock.monotonic()
        situation = Situation(len(tried), deadline - now, route.keys.any_fresh(route.name, tried))
        decision = decide(error, situation, self._policy.retry, self._dice)
        if decision.action == "next_key":
            return 0.0
        if decision.action != "retry" or not route.breaker.would_allow():
            return None
        return decision.wait if self._budget.take(now) else None

    def _learn(self, route: _Route, key: int, error: TeppanError | None) -> None:
        """Tells breaker and keys what an attempt that did not succeed says about them."""
        if isinstance(error, _SICK):
            route.breaker.failed()
        else:
            route.breaker.released()
        if isinstance(error, ProviderRateLimited):
            asked = (
                self._policy.retry.first_wait if error.retry_after is None else error.retry_after
            )
            route.keys.throttled(key, route.name, min(max(0.0, asked), _LONGEST_REST))
        elif isinstance(error, ProviderUnauthenticated):
            route.keys.refused(key)
        elif isinstance(error, ProviderOutOfCredit):
            route.keys.out_of_credit(key)
        else:
            route.keys.released(key)

    async def _key(self, route: _Route, deadline: float) -> int:
        """The key to use now; waits when all rest, if not for long."""
        while (key := self._permit(route, deadline)) is None:
            await self._clock.sleep(self._rest(route, deadline))
        return key

    def _permit(self, route: _Route, deadline: float) -> int | None:
        if self._clock.monotonic() >= deadline:
            raise ProviderTimeout(
                "the deadline of the request is over", provider=route.provider.name,
                model=route.name,
            )  # fmt: skip
        key = route.keys.pick(route.name)
        if key is not None and not route.breaker.allow():
            route.keys.released(key)
            raise CircuitOpen(
                provider=route.provider.name,
                model=route.name,
                retry_after=route.breaker.rest_left(),
            )
        return key

    def _rest(self, route: _Route, deadline: float) -> float:
        """Seconds until a key is fresh again; raises when waiting for it makes no sense."""
        wait = route.keys.wait(route.name)
        if wait is None:
            raise ProviderUnauthenticated(
                "every key of the vendor is refused or out of credit",
                provider=route.provider.name,
                model=route.name,
            )
        if wait > self._policy.retry.longest_asked or wait >= deadline - self._clock.monotonic():
            raise ProviderRateLimited(
                provider=route.provider.name, model=route.name, retry_after=wait
            )
        return wait + self._dice.random() * self._policy.retry.shortest_wait

    def _clocks(self, deadline: float) -> Clocks:
        """The four clocks of an attempt that begins now."""
        clocks = self._policy.clocks
        left = deadline - self._clock.monotonic()
        if left >= clocks.total:
            return clocks
        return Clocks(clocks.connect, clocks.first_token, clocks.idle, left)

    def _route(self, model: str) -> _Route:
        route = self._routes.get(model)
        if route is None:
            route = self._new_route(model)
            if len(self._routes) >= _MOST_ROUTES:
                del self._routes[next(iter(self._routes))]
            self._routes[model] = route
        return route

    def _new_route(self, model: str) -> _Route:
        """Splits at the first `/`, or at the first `:` when no vendor stands before the `/`."""
        vendor, _, name = model.partition("/")
        if vendor not in self._providers:
            vendor, _, name = model.partition(":")
        if vendor not in self._providers or not name:
            raise ModelNotFound(f"there is no model {model!r} here", param="model")
        canonical = f"{vendor}/{name}"
        if canonical != model:
            return self._route(canonical)
        breaker = Breaker(self._clock, self._policy.breaker)
        return _Route(canonical, name, self._providers[vendor], self._keys[vendor], breaker)
