"""What every outbound client must do, asked of each implementation over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from raw_vendor import LIMITS, Vendor, answering, chunked, fetch, post, whole
from teppan.core.errors import (
    BadRequest,
    ProviderBadAnswer,
    ProviderError,
    ProviderTimeout,
    StreamIncomplete,
)
from teppan.providers.base import Clocks
from teppan.providers.http.aiohttp import AiohttpOutbound
from teppan.providers.http.base import HttpRequest, Outbound
from teppan.providers.http.pooled import PooledOutbound


@pytest.fixture(params=[PooledOutbound, AiohttpOutbound])
async def outbound(request: pytest.FixtureRequest) -> AsyncIterator[Outbound]:
    made: Outbound = request.param(LIMITS)
    yield made
    await made.close()


async def test_a_whole_answer_arrives_with_status_headers_and_body(outbound: Outbound) -> None:
    async with answering(whole(b"hello", "X-Two: a", "X-Two: b")).listening() as vendor:
        response = await outbound.send(post(vendor, b'{"a":1}'))
        assert (response.status, response.headers["x-two"]) == (200, "a, b")
        assert await response.read() == b"hello"
    head, _, body = vendor.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/chat HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer k" in head
    assert body == b'{"a":1}'


async def test_a_connection_serves_many_requests(outbound: Outbound) -> None:
    async with answering(whole(b"x")).listening() as vendor:
        for _ in range(20):
            assert await fetch(outbound, post(vendor)) == (200, b"x")
        assert vendor.connections == 1


async def test_a_hundred_callers_share_eight_connections(outbound: Outbound) -> None:
    async with answering(whole(b"x")).listening() as vendor:
        answers = await asyncio.gather(*(fetch(outbound, post(vendor)) for _ in range(100)))
        assert answers == [(200, b"x")] * 100
        assert vendor.connections <= LIMITS.connections_per_host


async def test_a_chunked_body_is_put_together_and_its_trailers_are_dropped(
    outbound: Outbound,
) -> None:
    end = b"0\r\nX-Checksum: 1\r\n\r\n"
    async with answering(chunked(b"one ", b"two", end=end)).listening() as vendor:
        for _ in range(2):  # the connection is still in step
            response = await outbound.send(post(vendor))
            assert "x-checksum" not in response.headers
            assert await response.read() == b"one two"
        assert vendor.connections == 1


async def test_interim_answers_are_skipped(outbound: Outbound) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    async with answering(interim + whole(b"x")).listening() as vendor:
        response = await outbound.send(post(vendor))
        assert response.status == 200
        assert "link" not in response.headers
        assert await response.read() == b"x"


async def test_an_answer_without_body_ends_at_its_head(outbound: Outbound) -> None:
    async with answering(b"HTTP/1.1 204 No Content\r\n\r\n").listening() as vendor:
        assert await fetch(outbound, post(vendor)) == (204, b"")


async def test_a_body_without_length_ends_with_the_connection(outbound: Outbound) -> None:
    async with answering(b"HTTP/1.1 200 OK\r\n\r\nall of it", then="close").listening() as vendor:
        assert await fetch(outbound, post(vendor)) == (200, b"all of it")


async def test_a_redirect_is_an_answer_like_any_other(outbound: Outbound) -> None:
    moved = b"HTTP/1.1 307 Temporary\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
    async with answering(moved).listening() as vendor:
        assert await fetch(outbound, post(vendor)) == (307, b"")
        assert len(vendor.requests) == 1


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(cuts=st.lists(st.integers(1, 120), max_size=6), plain=st.booleans())
async def test_how_the_bytes_are_split_changes_nothing(
    outbound: Outbound, cuts: list[int], plain: bool
) -> None:
    answer = whole(b"0123456789") if plain else chunked(b"01234", b"5", b"6789")

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await vendor.request(reader)
        last = 0
        for cut in [*sorted(cuts), len(answer)]:
            writer.write(answer[last:cut])
            await writer.drain()
            await asyncio.sleep(0.001)
            last = max(last, cut)

    vendor = Vendor(script)
    async with vendor.listening():
        request = post(vendor)
        assert await fetch(outbound, request) == (200, b"0123456789")


async def test_chunks_come_as_they_are_sent(outbound: Outbound) -> None:
    go_on = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await vendor.request(reader)
        writer.write(chunked(b"first", end=b""))
        await go_on.wait()
        writer.write(b"6\r\nsecond\r\n0\r\n\r\n")

    vendor = Vendor(script)
    async with vendor.listening():
        response = await outbound.send(post(vendor))
        seen = []
        async for chunk in response.chunks():
            seen.append(chunk)
            go_on.set()
        assert seen == [b"first", b"second"]


CUT = {
    "inside a body of known length": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
    "inside a chunk": chunked(end=b"a\r\n12345"),
    "between chunks": chunked(b"12345", end=b""),
    "before the last empty line": chunked(b"12345", end=b"0\r\n"),
}


@pytest.mark.parametrize("answer", CUT.values(), ids=CUT.keys())
async def test_a_cut_answer_is_an_error_and_never_an_answer(
    outbound: Outbound, answer: bytes
) -> None:
    async with answering(answer, then="close").listening() as vendor:
        with pytest.raises(StreamIncomplete):
            await fetch(outbound, post(vendor))


NOT_HTTP = {
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "a broken status": b"HTTP/1.1 OK\r\n\r\n",
    "a broken chunk size": chunked(end=b"zz\r\nabc\r\n0\r\n\r\n"),
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "headers without end": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 40_000,
    "too many headers": b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 20_000 + b"\r\n",
}


@pytest.mark.parametrize("answer", NOT_HTTP.values(), ids=NOT_HTTP.keys())
async def test_what_is_not_http_or_too_large_is_a_bad_answer(
    outbound: Outbound, answer: bytes
) -> None:
    async with answering(answer).listening() as vendor:
        with pytest.raises(ProviderBadAnswer):
            await fetch(outbound, post(vendor))


async def test_bytes_after_an_answer_never_become_the_next_one(outbound: Outbound) -> None:
    """An answer to nobody must not be taken for the answer to the next question."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await vendor.request(reader)
        writer.write(whole(b"mine") + whole(b"smuggled"))
        while await vendor.request(reader):
            writer.write(whole(b"mine"))

    vendor = Vendor(script)
    async with vendor.listening():
        for _ in range(3):
            assert await fetch(outbound, post(vendor)) == (200, b"mine")


async def test_silence_before_the_first_byte_is_the_first_token_clock(outbound: Outbound) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await vendor.request(reader)
        await vendor.request(reader)

    vendor = Vendor(script)
    async with vendor.listening():
        with pytest.raises(ProviderTimeout) as caught:
            await fetch(outbound, post(vendor, clocks=Clocks(first_token=1.0)))
        assert caught.value.clock == "first_token"
        await asyncio.wait_for(vendor.hung_up.wait(), 30)


async def test_headers_alone_do_not_stop_the_first_token_clock(outbound: Outbound) -> None:
    async with answering(chunked(end=b"")).listening() as vendor:
        with pytest.raises(ProviderTimeout) as caught:
            await fetch(outbound, post(vendor, clocks=Clocks(first_token=0.1)))
        assert caught.value.clock == "first_token"


async def test_silence_between_chunks_is_the_idle_clock(outbound: Outbound) -> None:
    async with answering(chunked(b"x", end=b"")).listening() as vendor:
        with pytest.raises(ProviderTimeout) as caught:
            await fetch(outbound, post(vendor, clocks=Clocks(idle=0.1)))
        assert caught.value.clock == "idle"
        await asyncio.wait_for(vendor.hung_up.wait(), 30)


async def test_an_answer_that_drips_for_ever_is_the_total_clock(outbound: Outbound) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await vendor.request(reader)
        writer.write(chunked(end=b""))
        while True:
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    vendor = Vendor(script)
    async with vendor.listening():
        with pytest.raises(ProviderTimeout) as caught:
            await fetch(outbound, post(vendor, clocks=Clocks(total=0.2)))
        assert caught.value.clock == "total"


async def test_a_body_over_the_limit_is_refused_while_it_comes(outbound: Outbound) -> None:
    async with answering(whole(b"x" * 100_000)).listening() as vendor:
        response = await outbound.send(post(vendor))
        with pytest.raises(ProviderBadAnswer):
            await response.read(limit=1000)


CODED = {
    "gzip": ("gzip", gzip.compress(b"hello " * 100)),
    "two gzip members": ("gzip", gzip.compress(b"hello " * 50) + gzip.compress(b"hello " * 50)),
    "deflate": ("deflate", zlib.compress(b"hello " * 100)),
    "raw deflate": ("deflate", zlib.compress(b"hello " * 100, wbits=-15)),
}


@pytest.mark.parametrize(("coding", "body"), CODED.values(), ids=CODED.keys())
async def test_a_compressed_body_is_decoded(outbound: Outbound, coding: str, body: bytes) -> None:
    answer = whole(body, f"Content-Encoding: {coding}")
    async with answering(answer).listening() as vendor:
        assert await fetch(outbound, post(vendor)) == (200, b"hello " * 100)


async def test_a_small_body_cannot_become_a_huge_one(outbound: Outbound) -> None:
    bomb = gzip.compress(b"\0" * 5_000_000)
    async with answering(whole(bomb, "Content-Encoding: gzip")).listening() as vendor:
        response = await outbound.send(post(vendor))
        with pytest.raises(ProviderBadAnswer):
            await response.read(limit=1_000_000)


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("ftp://127.0.0.1/", ()),
        ("//127.0.0.1/", ()),
        ("http://user:password@127.0.0.1/", ()),
        ("http://127.0.0.1/a b", ()),
        ("http://127.0.0.1/a\r\nX: y", ()),
        ("http://127.0.0.1:99999/", ()),
        ("http://127.0.0.1/", (("X-A", "b\r\nX-Evil: c"),)),
        ("http://127.0.0.1/", (("X-A: b\r\nX-Evil", "c"),)),
        ("http://127.0.0.1/", (("X-A", "b\0"),)),
        ("http://127.0.0.1/", (("Host", "elsewhere"),)),
        ("http://127.0.0.1/", (("Transfer-Encoding", "chunked"),)),
        ("http://127.0.0.1/", (("X-A", "日本"),)),
    ],
)
async def test_a_request_that_could_smuggle_is_refused(
    outbound: Outbound, url: str, headers: tuple[tuple[str, str], ...]
) -> None:
    with pytest.raises(BadRequest):
        await outbound.send(HttpRequest("POST", url, headers))


async def test_no_error_repeats_a_key(outbound: Outbound) -> None:
    async with answering(b"nonsense\r\n\r\n").listening() as vendor:
        request = HttpRequest("POST", vendor.url, (("Authorization", "Bearer sk-secret"),))
        with pytest.raises(ProviderError) as caught:
            await fetch(outbound, request)
        assert "sk-secret" not in repr(caught.value) + str(caught.value)
