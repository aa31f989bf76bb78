"""Answers by the exact request on Redis, shared by several gateways.

No answer waits for Redis longer than `patience`. While it is away or slow, this process remembers
by itself, which is said once; what it remembers then is forgotten when Redis is back, because
another gateway may have taken an answer out meanwhile.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import structlog

from teppan.core.clock import Clock
from teppan.core.errors import ConfigError, StoreError
from teppan.core.ids import Scope
from teppan.core.secret import Secret
from teppan.store.answers import ExactAnswer, MemoryAnswers

if TYPE_CHECKING:
    from redis.asyncio import Redis

PATIENCE = 0.1
ERASING = 10.0
REST = 5.0
"""Seconds: for one look or one write, for forgetting a tenant, and before Redis is tried again."""
SPACE = "teppan:answer"

T = TypeVar("T")

log = structlog.get_logger(__name__)


class RedisAnswers:
    """`url` as redis-py reads it (`redis://host:6379/0`)."""

    def __init__(self, url: Secret, room: int, clock: Clock, patience: float = PATIENCE) -> None:
        self._redis = _client(url, patience)
        self._patience = patience
        self._clock = clock
        self._room = room
        self._memory = MemoryAnswers(room, clock)
        self._away_until: float | None = None

    @property
    def away(self) -> bool:
        """Whether this process remembers by itself just now."""
        return self._away_until is not None

    async def get(self, scope: Scope, key: str) -> ExactAnswer | None:
        async def ask() -> ExactAnswer | None:
            raw = await self._redis.get(_name(scope, "key", key))
            if raw is None:
                return None
            answer = msgspec.json.decode(raw, type=ExactAnswer)
            return answer if answer.expires > self._clock.now() else None

        return await self._tried(ask, lambda: self._memory.get(scope, key))

    async def put(self, scope: Scope, key: str, answer: ExactAnswer) -> None:
        left = max(1, round((answer.expires - self._clock.now()) * 1000))
        raw = msgspec.json.encode(answer)

        async def ask() -> None:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(_name(scope, "key", key), raw, px=left)
                traced = _name(scope, "trace", answer.trace_id)
                pipe.sadd(traced, key)
                pipe.pexpire(traced, left)
                await pipe.execute()

        await self._tried(ask, lambda: self._memory.put(scope, key, answer))

    async def drop(self, scope: Scope, trace_id: str) -> int:
        async def ask() -> int:
            traced = _name(scope, "trace", trace_id)
            found = await self._redis.smembers(traced)
            keys = [key if isinstance(key, str) else key.decode() for key in found]
            if keys:
                await self._redis.delete(traced, *(_name(scope, "key", key) for key in keys))
            return len(keys)

        return await self._tried(ask, lambda: self._memory.drop(scope, trace_id))

    async def erase(self, scope: Scope) -> None:
        """Raises `StoreError` when Redis is away: what is still there must not seem erased."""
        from redis.exceptions import RedisError

        await self._memory.erase(scope)
        try:
            async with asyncio.timeout(ERASING):
                async for name in self._redis.scan_iter(match=_name(scope, "*", ""), count=1000):
                    await self._redis.delete(name)
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreError(f"redis could not erase the answers: {_reason(error)}") from error

    async def close(self) -> None:
        await self._redis.aclose()

    async def _tried(self, ask: Callable[[], Awaitable[T]], else_: Callable[[], Awaitable[T]]) -> T:
        """What Redis says; while it is away, what this process remembers."""
        from redis.exceptions import RedisError

        now = self._clock.monotonic()
        if self._away_until is not None and now < self._away_until:
            return await else_()
        try:
            async with asyncio.timeout(self._patience):
                found = await ask()
        except (RedisError, OSError, TimeoutError, msgspec.DecodeError) as error:
            if self._away_until is None:
                log.warning("redis is away, answers are remembered here", reason=_reason(error))
            self._away_until = now + REST
            return await else_()
        if self._away_until is not None:
            log.warning("redis is back, answers are shared again")
            self._away_until = None
            self._memory = MemoryAnswers(self._room, self._clock)
        return found


def _client(url: Secret, patience: float) -> Redis:
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError:
        raise ConfigError(
            "cluster.redis: the driver is not installed; run `pip install 'teppan[redis]'`"
        ) from None
    try:
        client: Redis = Redis.from_url(
            url.reveal(),
            socket_timeout=patience,
            socket_connect_timeout=patience,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError as error:
        raise ConfigError(f"cluster.redis: not an address of Redis: {error}") from None
    return client


def _name(scope: Scope, kind: str, rest: str) -> str:
    """Names begin with the tenant, hashed: it may hold any sign."""
    owner = hashlib.sha256(scope.tenant.encode()).hexdigest()[:32]
    return f"{SPACE}:{owner}:{kind}:{rest}" if kind != "*" else f"{SPACE}:{owner}:*"


def _reason(error: Any) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
