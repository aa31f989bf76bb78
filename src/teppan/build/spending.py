"""Settings -> what money is kept with: the purse, the alarm, the rate limits."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from teppan.config.load import resolve_key
from teppan.config.schema import Settings
from teppan.core.clock import Clock
from teppan.core.errors import ConfigError
from teppan.core.money import micros
from teppan.cost.bound import Output
from teppan.cost.budget import Budget, Pots
from teppan.cost.calendar import Calendar
from teppan.cost.limits import LONGEST, Limits, Rule
from teppan.cost.prices import Prices
from teppan.providers.catalogue import Catalogue
from teppan.serve.alarm import Alarm, Threshold
from teppan.serve.purse import Purse
from teppan.store.store import Store

if TYPE_CHECKING:
    from limits.aio.storage import RedisStorage
    from redis.asyncio import ConnectionPool

CONNECTIONS = 8
"""To Redis: so many questions are under way at once, the others wait their turn."""


def open_calendar(settings: Settings) -> Calendar:
    """Whose midnight ends a day. Raises `ConfigError` for a time zone that is not known."""
    return Calendar(settings.costs.time_zone)


def open_pots(settings: Settings) -> Pots:
    """The budgets of the settings. Raises `ConfigError` naming the one that cannot work."""
    budgets = [
        Budget(
            each.name,
            micros(each.dollars),
            each.whose,
            each.only,
            each.period,
            hard=each.kind == "hard",
        )
        for each in settings.budgets
    ]
    return Pots(budgets, open_calendar(settings))


def open_purse(
    settings: Settings, prices: Prices, book: Catalogue, store: Store, clock: Clock
) -> Purse | None:
    """What sets money aside; None without budgets, when no call costs a write more."""
    pots = open_pots(settings)
    if not pots.budgets:
        return None
    if not settings.costs.tracking:
        raise ConfigError(
            "costs.tracking is off, and [[budgets]] would be watched by nobody; "
            "turn it on, or remove the budgets"
        )

    def output(model: str) -> Output:
        vendor, _, name = model.partition("/")
        takes = book.capabilities(vendor, name)
        return Output(takes.max_output, "max_tokens" not in takes.drop)

    return Purse(
        pots,
        store.budgets,
        prices.rates,
        output,
        clock,
        allow_unknown=settings.costs.unknown_price == "allow",
    )


def open_alarm(settings: Settings, store: Store, clock: Clock) -> Alarm | None:
    """What tells of dear days and months; None when nothing is to be told."""
    costs = settings.costs
    thresholds = [
        Threshold("daily alert", "day", micros(costs.alert_daily)),
        Threshold("monthly alert", "month", micros(costs.alert_monthly)),
    ]
    thresholds = [each for each in thresholds if each.amount]
    if not costs.tracking or not thresholds:
        return None
    return Alarm(thresholds, open_calendar(settings), store.budgets, clock)


@asynccontextmanager
async def open_limits(
    settings: Settings, clock: Clock, environment: Mapping[str, str] = os.environ
) -> AsyncIterator[Limits | None]:
    """The rate limits, on Redis where one is set; None when nothing is limited."""
    rules = limit_rules(settings)
    if not rules:
        yield None
        return
    from limits.aio.storage import MemoryStorage

    if settings.cluster.redis is None:
        yield Limits(rules, MemoryStorage(), None, clock)
        return
    address = resolve_key(settings.cluster.redis, environment).reveal()
    if find_spec("redis") is None:
        raise ConfigError("cluster.redis needs its client: pip install 'teppan[redis]'")
    from redis.exceptions import RedisError

    patience = settings.cluster.patience
    pool = _pool(address, patience)
    shared = _on_redis(pool)
    try:
        yield Limits(rules, MemoryStorage(), shared, clock, (RedisError,), patience)
    finally:
        await pool.disconnect()


def limit_rules(settings: Settings) -> list[Rule]:
    """`[[limits]]` as rules. Raises `ConfigError` for one that limits nothing."""
    rules = []
    for number, each in enumerate(settings.limits):
        if each.requests is None and each.tokens is None:
            raise ConfigError(f"limits.{number}: set `requests`, `tokens` or both")
        if each.whose == "whole" and each.only is not None:
            raise ConfigError(f"limits.{number}: `only` needs `whose` to be tenant or key")
        if each.requests is not None:
            rules.append(Rule("requests", each.requests, each.per, each.whose, each.only))
        if each.tokens is not None:
            rules.append(Rule("tokens", each.tokens, each.per, each.whose, each.only))
    return rules


def _pool(address: str, patience: float) -> ConnectionPool:
    """Connections that never retry by themselves: `Limits` knows better what to do."""
    from redis.asyncio import BlockingConnectionPool
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    longest = max(LONGEST, patience)
    try:
        return BlockingConnectionPool.from_url(
            address,
            max_connections=CONNECTIONS,
            timeout=longest,
            socket_timeout=longest,
            socket_connect_timeout=longest,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError:
        raise ConfigError("cluster.redis: the address must look like redis://host:6379/0") from None


def _on_redis(pool: ConnectionPool) -> RedisStorage:
    from limits.aio.storage import RedisStorage

    return RedisStorage(
        "async+redis://",  # only says what it is; the pool knows where
        implementation="redispy",
        key_prefix="teppan",
        connection_pool=pool,  # type: ignore[arg-type]
    )
