"""When a vendor fails another key or model answers, and the bill is what was really used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from fault_arena import CALM, MODELS, REQUEST, Arena, open_arena
from teppan.core.chat import Usage
from teppan.core.errors import (
    ProviderError,
    ProviderOutOfCredit,
    ProviderRateLimited,
    ProviderUnauthenticated,
    StreamIncomplete,
)
from teppan.providers.attempt import Attempt

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED = -1
"""How the simulated vendors record a key they did not let in."""

EVERY = pytest.mark.parametrize("dialect", MODELS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def arena() -> AsyncIterator[Arena]:
    async with open_arena() as opened:
        yield opened


@EVERY
async def test_a_revoked_key_is_replaced_and_never_used_again(arena: Arena, dialect: str) -> None:
    model = MODELS[dialect]
    vendor = model.partition("/")[0]
    arena.fleet.reset()
    arena.fleet.keys.set(vendor, 0, "revoked")
    caller, clock = arena.caller(keys=2)
    for _ in range(3):
        await caller.complete(
            model, REQUEST, deadline=clock.monotonic() + 100, observe=lambda _: None
        )
    assert [call.key for call in arena.fleet.calls] == [REFUSED, 1, 1, 1]
    assert clock.slept == []


@EVERY
async def test_a_throttled_key_rests_while_another_one_works(arena: Arena, dialect: str) -> None:
    model = MODELS[dialect]
    vendor = model.partition("/")[0]
    arena.fleet.reset()
    arena.fleet.keys.set(vendor, 0, "throttled:30")
    caller, clock = arena.caller(keys=2)
    for _ in range(3):
        await caller.complete(
            model, REQUEST, deadline=clock.monotonic() + 100, observe=lambda _: None
        )
    assert [call.key for call in arena.fleet.calls] == [REFUSED, 1, 1, 1]
    clock.advance(31)
    arena.fleet.keys.set(vendor, 0, "ok")
    await asyncio.gather(
        *(
            caller.complete(
                model, REQUEST, deadline=clock.monotonic() + 100, observe=lambda _: None
            )
            for _ in range(2)
        )
    )
    assert {call.key for call in list(arena.fleet.calls)[-2:]} == {0, 1}


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("revoked", ProviderUnauthenticated),
        ("forbidden", ProviderUnauthenticated),
        ("exhausted", ProviderOutOfCredit),
        ("throttled:60", ProviderRateLimited),
    ],
)
async def test_a_vendor_without_a_healthy_key_is_not_asked_again(
    arena: Arena, state: str, error: type[ProviderError]
) -> None:
    model = MODELS["chat"]
    arena.fleet.reset()
    arena.fleet.keys.set(model.partition("/")[0], 0, state)
    caller, clock = arena.caller(keys=1)
    raised: list[type[Exception]] = []
    for _ in range(3):
        try:
            await caller.complete(
                model, REQUEST, deadline=clock.monotonic() + 100, observe=lambda _: None
            )
        except ProviderError as refusal:
            raised.append(type(refusal))
    assert raised[0] is error
    assert len(raised) == 3
    assert len(arena.fleet.calls.calls) == 1


@EVERY
@pytest.mark.parametrize("stream", [False, True])
async def test_the_bill_after_a_failover_is_the_answer_that_came(
    arena: Arena, dialect: str, stream: bool
) -> None:
    """Two refusals cost nothing; the third attempt costs its tokens at the price of its model."""
    told = await arena.ask(MODELS[dialect], "503;times=2", stream=stream)
    assert told.error is None
    assert told.completion is not None
    assert told.outcomes == ["failed", "failed", "ok"]
    assert [attempt.usage for attempt in told.attempts[:2]] == [Usage(), Usage()]
    usage = told.completion.usage
    assert usage is not None
    assert usage == told.attempts[-1].usage
    assert not usage.estimated
    _, clock = arena.caller()
    meter = arena.meter(clock)
    bills = [
        meter.price(attempt.model, attempt.returned_model, attempt.usage)[0] or 0
        for attempt in told.attempts
    ]
    plain = usage.input - usage.cached
    exact = 3 * plain + 0.3 * usage.cached + 15 * usage.output
    assert bills[:2] == [0, 0]
    assert abs(bills[2] - exact) <= 0.5


@EVERY
async def test_a_client_that_leaves_before_the_answer_cancels_the_vendors_work(
    arena: Arena, dialect: str
) -> None:
    model = MODELS[dialect]
    arena.fleet.reset()
    arena.fleet.faults.add("silence")
    caller, clock = arena.caller(CALM)
    seen: list[Attempt] = []
    task = asyncio.create_task(
        caller.complete(model, REQUEST, deadline=clock.monotonic() + 100, observe=seen.append)
    )
    while not arena.fleet.calls.running:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await arena.fleet.calls.settled()
    assert [call.outcome for call in arena.fleet.calls] == ["client_left"]
    assert [attempt.outcome for attempt in seen] == ["cancelled"]
    assert seen[0].usage.estimated
    assert seen[0].usage.input > 0


@EVERY
async def test_a_client_that_leaves_in_the_middle_pays_for_what_was_written(
    arena: Arena, dialect: str
) -> None:
    model = MODELS[dialect]
    arena.fleet.reset()
    arena.fleet.faults.add("stall:8")
    caller, clock = arena.caller(CALM)
    seen: list[Attempt] = []
    live = await caller.stream(
        model, REQUEST, deadline=clock.monotonic() + 100, observe=seen.append
    )
    await anext(aiter(live.deltas()))
    await live.aclose()
    await arena.fleet.calls.settled()
    assert [call.outcome for call in arena.fleet.calls] == ["client_left"]
    assert [attempt.outcome for attempt in seen] == ["cancelled"]
    assert seen[0].usage.output > 0


@EVERY
async def test_a_stream_cut_at_any_byte_is_never_taken_for_an_answer(
    arena: Arena, dialect: str
) -> None:
    """Steps of 97 bytes through a recorded stream; only a cut after the end may pass as whole."""
    model = MODELS[dialect]
    whole = await arena.ask(model, "ok", stream=True)
    assert whole.completion is not None
    size = whole.upstream[0].bytes_sent
    step = max(1, size // 24)
    cuts = 0
    for count in range(1, size, step):
        told = await arena.ask(model, f"end_bytes:{count}", stream=True)
        if told.error is None:
            assert told.completion is not None
            assert told.completion.message == whole.completion.message
        else:
            cuts += 1
            assert isinstance(told.error, StreamIncomplete)
            assert told.completion is None
    assert cuts > 12
