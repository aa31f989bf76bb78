"""Single flight: many ask the same at once, one asks the model."""

from __future__ import annotations

import asyncio

import pytest

from serve.cache.conftest import Opening, answer, question, take
from teppan.core.chat import Completion
from teppan.serve.cache import Cache, Seat
from teppan.serve.cache.flight import Flights

ASKED = question("What is the capital of France?")


class Upstream:
    """Counts its calls; the first `failures` of them fail."""

    def __init__(self, failures: int = 0, finish: str = "stop") -> None:
        self.calls = 0
        self.failures = failures
        self.finish = finish

    async def __call__(self) -> Completion:
        self.calls += 1
        number = self.calls
        await asyncio.sleep(0.01)
        if number <= self.failures:
            raise ConnectionError
        return answer("Paris", self.finish)


async def client(cache: Cache, upstream: Upstream) -> Seat:
    seat = await take(cache, ASKED)
    if seat.hit is None:
        try:
            seat.keep(await upstream(), "a/model", "tr_1", 7)
        finally:
            seat.drop()
    return seat


async def settled(cache: Cache, upstream: Upstream, clients: int = 200) -> list[Seat | None]:
    async with asyncio.timeout(20):
        found = await asyncio.gather(
            *(client(cache, upstream) for _ in range(clients)), return_exceptions=True
        )
    return [each if isinstance(each, Seat) else None for each in found]


async def test_two_hundred_at_once_are_one_call(opening: Opening) -> None:
    cache, upstream = await opening(), Upstream()
    seats = await settled(cache, upstream)
    assert upstream.calls == 1
    hits = [seat for seat in seats if seat is not None and seat.hit is not None]
    assert len(hits) == 199
    assert all(seat.hit is not None and seat.hit.text == "Paris" for seat in hits)


async def test_the_error_of_one_is_not_the_error_of_all(opening: Opening) -> None:
    cache, upstream = await opening(), Upstream(failures=3)
    seats = await settled(cache, upstream)
    assert upstream.calls == 4
    assert sum(seat is None for seat in seats) == 3


async def test_an_answer_that_may_not_be_shared_leaves_everyone_to_ask(opening: Opening) -> None:
    cache, upstream = await opening(), Upstream(finish="length")
    await settled(cache, upstream, 20)
    assert upstream.calls == 20


async def test_one_who_leaves_is_followed_by_another(opening: Opening) -> None:
    cache, upstream = await opening(), Upstream()
    leader = asyncio.create_task(client(cache, upstream))
    await asyncio.sleep(0)
    others = [asyncio.create_task(client(cache, upstream)) for _ in range(5)]
    await asyncio.sleep(0.002)
    leader.cancel()
    async with asyncio.timeout(5):
        seats = await asyncio.gather(*others)
    assert upstream.calls == 2
    assert sum(seat.hit is not None for seat in seats) == 4


async def test_one_who_is_promoted_and_leaves_at_once_is_followed_too() -> None:
    flights = Flights()
    assert await flights.board("k", 1) == "lead"
    second = asyncio.create_task(flights.board("k", 1))
    third = asyncio.create_task(flights.board("k", 1))
    await asyncio.sleep(0)
    flights.fail("k")
    second.cancel()
    assert await third == "lead"
    flights.leave("k")
    assert len(flights) == 0


async def test_nobody_waits_longer_than_its_time() -> None:
    flights = Flights()
    assert await flights.board("k", 1) == "lead"
    assert await flights.board("k", 0.01) == "alone"
    flights.fail("k")
    assert len(flights) == 0


async def test_a_seat_counts_only_its_first_word(opening: Opening) -> None:
    cache = await opening()
    seat = await take(cache, ASKED)
    seat.drop()
    seat.keep(answer("Paris"), "a/model", "tr_1", 1)
    await cache.settled()
    assert (await take(cache, ASKED)).hit is None


@pytest.mark.parametrize("times", [1, 3])
async def test_seats_that_are_given_back_leave_nothing_behind(opening: Opening, times: int) -> None:
    cache = await opening()
    for _ in range(times):
        (await take(cache, ASKED)).drop()
    assert len(cache._flights) == 0
