"""Rate limits: what they must do in memory and on Redis, and when Redis is gone."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits.aio.storage import MemoryStorage
from structlog.testing import capture_logs

from redis_server import running_redis
from teppan.build.spending import limit_rules, open_limits
from teppan.config.schema import Settings
from teppan.core.chat import ChatRequest, say
from teppan.core.clock import FixedClock
from teppan.core.errors import ConfigError, RateLimited
from teppan.core.ids import Scope
from teppan.cost.limits import REST, Limits, Rule, Seen
from teppan.cost.tokens import request_tokens

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")
ASKED = ChatRequest(model="a/x", messages=(say("user", "What is 6 times 7?"),))
TOKENS = request_tokens(ASKED)


@pytest.fixture(scope="module")
def redis_address() -> Iterator[str]:
    with running_redis() as address:
        yield address


@pytest.fixture(params=["memory", "redis"])
def where(request: pytest.FixtureRequest) -> str | None:
    """The address of an empty Redis, or None for memory."""
    if request.param == "memory":
        return None
    address: str = request.getfixturevalue("redis_address")
    import redis

    with redis.Redis.from_url(address) as client:
        client.flushall()
    return address


@pytest.fixture
async def limited(where: str | None) -> AsyncIterator[Any]:
    """`await limited({...}, ...)` opens limits; each call is like one more gateway."""
    opened = []

    async def limits(*rules: dict[str, object]) -> Limits:
        cluster = {"redis": "env:REDIS_URL"} if where else {}
        settings = Settings.model_validate({"limits": rules, "cluster": cluster})
        manager = open_limits(settings, FixedClock(), {"REDIS_URL": where or ""})
        made = await manager.__aenter__()
        opened.append(manager)
        assert made is not None
        return made

    yield limits
    for manager in opened:
        await manager.__aexit__(None, None, None)


async def admitted(limits: Limits, times: int, scope: Scope = ANNA) -> int:
    outcomes = await asyncio.gather(
        *(limits.take(scope, ASKED) for _ in range(times)), return_exceptions=True
    )
    refused = [each for each in outcomes if isinstance(each, RateLimited)]
    assert len(refused) + sum(each is not None for each in outcomes) >= times
    return times - len(refused)


async def test_exactly_so_many_requests_are_admitted(limited: Any) -> None:
    limits = await limited({"requests": 20, "per": "hour"})
    assert await admitted(limits, 50) == 20
    assert await admitted(limits, 1, BEN) == 1


async def test_gateways_share_a_limit_only_where_they_share_redis(
    limited: Any, where: str | None
) -> None:
    first = await limited({"requests": 20, "per": "hour"})
    second = await limited({"requests": 20, "per": "hour"})
    both = await asyncio.gather(admitted(first, 25), admitted(second, 25))
    assert sum(both) == (20 if where else 40)


async def test_what_is_left_is_told_and_grows_less(limited: Any) -> None:
    limits = await limited({"requests": 3, "tokens": 1000, "per": "hour"})
    first, second = await limits.take(ANNA, ASKED), await limits.take(ANNA, ASKED)
    assert [each.requests.remaining for each in (first, second)] == [2, 1]
    assert [each.tokens.remaining for each in (first, second)] == [1000 - TOKENS, 1000 - 2 * TOKENS]
    assert first.taken == TOKENS
    assert 0 < first.requests.reset <= 7200


async def test_the_tokens_of_the_answer_are_counted_afterwards(limited: Any) -> None:
    limits = await limited({"tokens": 1000, "per": "hour"})
    await limits.take(ANNA, ASKED)
    await limits.spend(ANNA, 5000)
    with pytest.raises(RateLimited) as refused:
        await limits.take(ANNA, ASKED)
    assert refused.value.allowance.tokens.remaining == 0
    assert 0 < refused.value.retry_after <= 7200
    await limits.take(BEN, ASKED)


async def test_a_refused_request_is_counted_nowhere(limited: Any) -> None:
    wide = {"requests": 10, "per": "hour", "whose": "whole"}
    limits = await limited(wide, {"requests": 1, "per": "hour", "whose": "tenant"})
    assert await admitted(limits, 5) == 1
    others = [Scope(f"t{n}", "k") for n in range(12)]
    assert sum([await admitted(limits, 1, scope) for scope in others]) == 9


async def test_a_limit_for_one_key_leaves_the_others_alone(limited: Any) -> None:
    limits = await limited({"requests": 1, "per": "hour", "only": "key-a"})
    assert await admitted(limits, 3) == 1
    assert await limits.take(BEN, ASKED) is None


async def test_a_request_larger_than_the_limit_is_told_that_waiting_does_not_help(
    limited: Any,
) -> None:
    limits = await limited({"tokens": 5, "per": "hour"})
    with pytest.raises(RateLimited, match="this request alone") as refused:
        await limits.take(ANNA, ASKED)
    assert refused.value.retry_after is None


async def test_a_short_limit_opens_again_by_itself(limited: Any) -> None:
    limits = await limited({"requests": 5, "per": "second"})
    admitted_in_all = await admitted(limits, 50)
    while await admitted(limits, 1) == 0:
        await asyncio.sleep(0.05)
    assert 5 <= admitted_in_all <= 10  # a window may end while they come


# --- when Redis is gone ----------------------------------------------------------------------


async def opened(address: str, clock: FixedClock, requests: int = 20) -> Any:
    settings = Settings.model_validate(
        {"limits": [{"requests": requests, "per": "hour"}], "cluster": {"redis": "env:REDIS_URL"}}
    )
    return open_limits(settings, clock, {"REDIS_URL": address})


async def test_a_redis_that_never_answers_delays_one_request_a_little_and_no_other() -> None:
    hole = socket.create_server(("127.0.0.1", 0))  # accepts, and says nothing for ever
    clock, loop = FixedClock(), asyncio.get_running_loop()
    address = f"redis://127.0.0.1:{hole.getsockname()[1]}/0"
    with hole, capture_logs() as logs:
        async with await opened(address, clock) as limits:
            began = loop.time()
            counted = await limits.take(ANNA, ASKED)
            assert counted.requests.remaining == 19
            assert loop.time() - began < 5.0  # 0.1 s and a busy machine
            assert await admitted(limits, 30) == 19
            await limits.spend(ANNA, 10)
            clock.advance(REST + 1)
            with pytest.raises(RateLimited):
                await limits.take(ANNA, ASKED)
    assert [log["event"] for log in logs] == ["limits.redis_away"]


async def test_a_redis_that_is_not_there_is_said_once_and_never_an_error() -> None:
    with capture_logs() as logs:
        async with await opened("redis://127.0.0.1:1/0", FixedClock()) as limits:
            assert await admitted(limits, 30) == 20
    assert [log["event"] for log in logs] == ["limits.redis_away"]


async def test_a_gateway_that_is_busy_itself_does_not_blame_redis() -> None:
    class Quick:
        """Answers as soon as anybody reads it."""

        async def acquire_sliding_window_entry(self, *given: object) -> bool:
            await asyncio.sleep(0.001)
            return True

        async def get_sliding_window(self, *given: object) -> tuple[int, float, int, float]:
            await asyncio.sleep(0.001)
            return 0, 0.0, 1, 5000.0

    clock, rule = FixedClock(), Rule("requests", 5, "hour")
    limits = Limits([rule], MemoryStorage(), Quick(), clock)
    with capture_logs() as logs:
        asking = [asyncio.create_task(limits.take(ANNA, ASKED)) for _ in range(8)]
        for _ in range(3):
            await asyncio.sleep(0)
            time.sleep(0.15)  # noqa: ASYNC251 - the loop is busy for longer than the patience
        assert all(await asyncio.gather(*asking))
    assert logs == []


async def test_a_redis_that_comes_back_is_used_again(
    redis_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FixedClock()
    with capture_logs() as logs:
        async with await opened(redis_address, clock) as limits:
            shared = limits._shared

            async def broken(*args: object) -> bool:
                raise ConnectionError

            with monkeypatch.context() as patched:
                patched.setattr(shared, "acquire_sliding_window_entry", broken)
                await limits.take(Scope("carl", "back"), ASKED)
            clock.advance(REST + 1)
            counted = await limits.take(Scope("carl", "back"), ASKED)
            assert counted.requests.remaining == 19
    assert [log["event"] for log in logs] == ["limits.redis_away", "limits.redis_back"]


# --- the settings, and the arithmetic of the window ------------------------------------------


async def test_without_limits_there_is_nothing_to_open() -> None:
    async with open_limits(Settings(), FixedClock()) as limits:
        assert limits is None


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({}, "set `requests`, `tokens` or both"),
        ({"requests": 1, "whose": "whole", "only": "x"}, "`only` needs `whose`"),
    ],
)
def test_a_limit_that_limits_nothing_is_refused(rule: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        limit_rules(Settings.model_validate({"limits": [rule]}))


@pytest.mark.parametrize(
    ("address", "told"), [("", "REDIS_URL is not set"), ("localhost", "redis://")]
)
async def test_an_address_that_is_none_is_refused_at_the_start(address: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        async with await opened(address, FixedClock()):
            pass


@given(
    st.integers(0, 200),
    st.integers(0, 200),
    st.floats(0, 60),
    st.integers(1, 100),
    st.integers(1, 100),
)
def test_after_the_wait_there_is_room_and_just_before_there_is_none(
    last: int, now: int, left: float, most: int, cost: int
) -> None:
    seen = Seen(last, now, left, 60)
    if cost > most:
        return
    wait = seen.wait(most, cost)
    assert 0 <= wait <= left + 60

    def count(after: float) -> float:
        if after <= left:
            return Seen(last, now, left - after, 60).count
        return Seen(now, 0, left + 60 - after, 60).count

    assert count(wait) <= most - cost + 1e-6
    if wait > 0.01:
        assert count(wait - 0.01) > most - cost - 1e-6
