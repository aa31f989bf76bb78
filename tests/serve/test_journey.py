"""Overhead is the time in which no vendor was being waited for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.chat import ChatRequest, say
from teppan.core.clock import FixedClock
from teppan.core.ids import LOCAL, CountingIds
from teppan.core.trace import ModelCall
from teppan.serve.journey import Journey


def journey(clock: FixedClock) -> Journey:
    request = ChatRequest(model="a/x", messages=(say("user", "hi"),))
    return Journey(request, LOCAL, "chat", clock=clock, new_id=CountingIds(), allowed=60)


def call(latency: float, dropped: tuple[str, ...] = ()) -> ModelCall:
    return ModelCall(
        id="c",
        trace_id="t",
        model="a/x",
        role="member",
        outcome="ok",
        latency=latency,
        dropped=dropped,
    )


def test_calls_side_by_side_are_waited_for_once() -> None:
    clock = FixedClock()
    trip = journey(clock)
    start = clock.monotonic()
    clock.advance(10.0)
    trip.called(call(4.0), start + 5.0)
    trip.called(call(4.0), start + 7.0)
    assert trip.overhead() == pytest.approx(4.0)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=8))
def test_overhead_is_never_negative_nor_more_than_the_whole(spans: list[tuple[int, int]]) -> None:
    clock = FixedClock(0.0)
    trip = journey(clock)
    clock.advance(100.0)
    for begin, length in spans:
        trip.called(call(float(length)), float(begin + length))
    covered = {second for begin, length in spans for second in range(begin, begin + length)}
    assert trip.overhead() == pytest.approx(100 - len(covered))


def test_what_was_dropped_is_said_once_in_order() -> None:
    trip = journey(FixedClock())
    trip.called(call(0, ("seed", "top_k")), 0)
    trip.called(call(0, ("top_k", "n")), 0)
    assert trip.dropped == ("seed", "top_k", "n")


def test_a_trace_without_content_keeps_no_words() -> None:
    trace = journey(FixedClock()).trace("ok", content=False)
    assert trace.request is None
    assert trace.answer is None
