"""A logical call that streams: what is tried, what is told, what is billed."""

from __future__ import annotations

import asyncio

import pytest

from providers.caller_bench import REQUEST, STREAM, USAGE, Bench
from teppan.core.chat import (
    Started,
    TextDelta,
    Usage,
    UsageSeen,
)
from teppan.core.errors import (
    ProviderOverloaded,
    StreamIncomplete,
)
from teppan.core.reply import LiveReply
from teppan.cost.tokens import estimate, request_tokens


async def test_a_stream_returns_with_its_first_content_and_tells_everything_in_order() -> None:
    bench = Bench()
    live: LiveReply = await bench.stream()
    assert bench.seen == []
    assert [delta async for delta in live.deltas()] == STREAM
    (attempt,) = bench.seen
    assert (attempt.outcome, attempt.usage, attempt.dropped) == ("ok", USAGE, ("n",))
    assert attempt.first_token is not None


async def test_a_stream_cut_before_its_first_content_is_tried_again() -> None:
    bench = Bench([Started("a"), StreamIncomplete()], [Started("a"), UsageSeen(USAGE)])
    live = await bench.stream()
    assert [delta async for delta in live.deltas()] == STREAM
    assert bench.outcomes == ["failed", "failed", "ok"]


async def test_a_stream_cut_after_its_first_content_is_an_error_and_never_tried_again() -> None:
    bench = Bench([TextDelta("Thirty pla"), StreamIncomplete()])
    live = await bench.stream()
    deltas = aiter(live.deltas())
    assert await anext(deltas) == TextDelta("Thirty pla")
    with pytest.raises(StreamIncomplete):
        await anext(deltas)
    assert bench.provider.used == [0]
    (attempt,) = bench.seen
    assert attempt.outcome == "incomplete"
    assert attempt.usage == Usage(request_tokens(REQUEST), estimate("Thirty pla"), estimated=True)


async def test_a_stream_that_never_said_why_it_stopped_is_incomplete() -> None:
    bench = Bench([TextDelta("Thirty")])
    live = await bench.stream()
    with pytest.raises(StreamIncomplete):
        async for _ in live.deltas():
            pass
    assert bench.outcomes == ["incomplete"]


async def test_a_stream_without_a_count_ends_with_our_estimate() -> None:
    bench = Bench(STREAM[:-1])
    live = await bench.stream()
    deltas = [delta async for delta in live.deltas()]
    assert deltas[:-1] == STREAM[:-1]
    assert deltas[-1] == UsageSeen(bench.seen[0].usage)
    assert bench.seen[0].usage.estimated


async def test_a_reader_that_closes_cancels_the_vendor_and_is_billed_for_what_was_said() -> None:
    bench = Bench()
    live = await bench.stream()
    async for delta in live.deltas():
        if delta == TextDelta("ty."):
            break
    await live.aclose()
    assert bench.provider.closed == 1
    (attempt,) = bench.seen
    assert attempt.outcome == "cancelled"
    assert attempt.usage.output == estimate("Thirty.")


async def test_a_reader_that_is_cancelled_closes_the_vendors_stream() -> None:
    bench = Bench([TextDelta("Thir"), "hang"])
    live = await bench.stream()

    async def read() -> None:
        async for _ in live.deltas():
            pass

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.outcomes == ["cancelled"]
    assert bench.provider.closed == 1


async def test_a_stream_cancelled_before_its_first_content_is_observed_too() -> None:
    bench = Bench(["hang"])
    task = asyncio.create_task(bench.stream())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.outcomes == ["cancelled"]
    assert bench.provider.closed == 1


async def test_embeddings_are_tried_again_and_counted() -> None:
    bench = Bench(ProviderOverloaded())
    found = await bench.caller.embed(
        "acme/e", ["a grill"], deadline=bench.clock.monotonic() + 9, observe=bench.seen.append
    )
    assert found.vectors == ((1.0,),)
    assert bench.outcomes == ["failed", "ok"]
    assert found.usage.estimated
    assert found.usage.input > 0
