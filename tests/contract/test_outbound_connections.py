"""How an outbound client's connections begin and end: refused, stale, left, held back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from raw_vendor import LIMITS, PATIENT, Vendor, answering, chunked, fetch, post, whole
from teppan.core.errors import ProviderUnreachable
from teppan.providers.http.aiohttp import AiohttpOutbound
from teppan.providers.http.base import HttpRequest, Outbound
from teppan.providers.http.pooled import PooledOutbound


@pytest.fixture(params=[PooledOutbound, AiohttpOutbound])
async def outbound(request: pytest.FixtureRequest) -> AsyncIterator[Outbound]:
    made: Outbound = request.param(LIMITS)
    yield made
    await made.close()


async def test_a_closed_port_is_unreachable(outbound: Outbound) -> None:
    async with answering(b"").listening() as vendor:
        pass
    with pytest.raises(ProviderUnreachable):
        await fetch(outbound, post(vendor))


async def test_an_unknown_host_is_unreachable(outbound: Outbound) -> None:
    with pytest.raises(ProviderUnreachable):
        await fetch(outbound, HttpRequest("POST", "http://no-such-host.invalid/", clocks=PATIENT))


async def test_a_connection_closed_without_an_answer_is_unreachable(outbound: Outbound) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await vendor.request(reader)

    vendor = Vendor(script)
    async with vendor.listening():
        with pytest.raises(ProviderUnreachable):
            await fetch(outbound, post(vendor))
        assert len(vendor.requests) == 1


async def test_a_connection_the_vendor_closed_while_idle_is_not_used_again(
    outbound: Outbound,
) -> None:
    async with answering(whole(b"x"), then="close").listening() as vendor:
        for _ in range(5):
            assert await fetch(outbound, post(vendor)) == (200, b"x")
            await asyncio.sleep(0.02)
        assert len(vendor.requests) == 5


async def test_a_request_that_may_have_arrived_is_not_sent_twice(outbound: Outbound) -> None:
    """The vendor takes the second question of a kept connection and dies: it may have worked."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await vendor.request(reader)
        writer.write(whole(b"x"))
        await vendor.request(reader)

    vendor = Vendor(script)
    async with vendor.listening():
        assert await fetch(outbound, post(vendor)) == (200, b"x")
        with pytest.raises(ProviderUnreachable):
            await fetch(outbound, post(vendor))
        assert len(vendor.requests) == 2


async def test_cancelling_the_wait_closes_the_connection(outbound: Outbound) -> None:
    asked = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await vendor.request(reader)
        asked.set()
        await vendor.request(reader)

    vendor = Vendor(script)
    async with vendor.listening():
        task = asyncio.create_task(fetch(outbound, post(vendor)))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(vendor.hung_up.wait(), 30)


@pytest.mark.parametrize("leave", ["cancel", "break", "close"])
async def test_leaving_a_stream_closes_the_connection(outbound: Outbound, leave: str) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await vendor.request(reader)
        writer.write(chunked(b"x", end=b""))
        await vendor.request(reader)

    async def read_all() -> None:
        response = await outbound.send(post(vendor))
        if leave == "close":
            await response.close()
            return
        chunks = response.chunks()
        async for _ in chunks:
            begun.set()
            if leave == "break":
                break
        await chunks.aclose()  # type: ignore[attr-defined]

    begun = asyncio.Event()
    vendor = Vendor(script)
    async with vendor.listening():
        task = asyncio.create_task(read_all())
        if leave == "cancel":
            await begun.wait()
            await asyncio.sleep(0.02)
            task.cancel()
        await asyncio.wait([task])
        await asyncio.wait_for(vendor.hung_up.wait(), 30)


async def test_a_slow_reader_holds_the_vendor_back(outbound: Outbound) -> None:
    sent = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await vendor.request(reader)
        writer.write(chunked(end=b""))
        for _ in range(400):
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await writer.drain()
            sent += 65536
        writer.write(b"0\r\n\r\n")

    vendor = Vendor(script)
    async with vendor.listening():
        response = await outbound.send(post(vendor))
        await asyncio.sleep(0.3)
        assert sent < 13_000_000  # what the kernel's buffers took, not all of it
        got = 0
        async for chunk in response.chunks():
            got += len(chunk)
        assert got == 400 * 65536
