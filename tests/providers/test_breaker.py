"""A breaker opens after failures, rests, and lets one probe at a time find out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from teppan.core.clock import FixedClock
from teppan.providers.breaker import Breaker, BreakerPolicy

POLICY = BreakerPolicy(consecutive=3, least_calls=10, window=30.0, rest=5.0, longest_rest=60.0)


def opened() -> tuple[Breaker, FixedClock]:
    clock = FixedClock()
    breaker = Breaker(clock, POLICY)
    for _ in range(3):
        assert breaker.allow()
        breaker.failed()
    return breaker, clock


def test_it_opens_after_failures_in_a_row_and_rests() -> None:
    breaker, clock = opened()
    assert breaker.state == "open"
    assert not breaker.allow()
    assert breaker.rest_left() == 5.0
    clock.advance(4.9)
    assert not breaker.allow()


def test_a_success_between_failures_starts_the_count_again() -> None:
    breaker = Breaker(FixedClock(), POLICY)
    for _ in range(3):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.closed


def test_it_opens_when_half_of_enough_calls_fail() -> None:
    breaker = Breaker(FixedClock(), POLICY)
    for _ in range(4):
        breaker.failed()
        breaker.succeeded()
    breaker.succeeded()
    assert breaker.closed
    breaker.failed()
    assert breaker.state == "open"


def test_failures_that_are_long_ago_do_not_count() -> None:
    clock = FixedClock()
    breaker = Breaker(clock, POLICY)
    for _ in range(4):
        breaker.failed()
        breaker.succeeded()
    clock.advance(40)
    breaker.succeeded()
    breaker.failed()
    assert breaker.closed


def test_after_the_rest_one_probe_at_a_time_may_pass() -> None:
    breaker, clock = opened()
    clock.advance(5)
    assert breaker.would_allow()
    assert breaker.allow()
    assert [breaker.allow() for _ in range(5)] == [False] * 5
    breaker.released()  # the probe was cancelled: it told nothing
    assert breaker.allow()
    breaker.succeeded()
    assert breaker.closed
    assert all(breaker.allow() for _ in range(5))


def test_a_failed_probe_rests_longer_each_time_up_to_a_limit() -> None:
    breaker, clock = opened()
    rests = []
    for _ in range(6):
        clock.advance(breaker.rest_left())
        assert breaker.allow()
        breaker.failed()
        rests.append(breaker.rest_left())
    assert rests == [10, 20, 40, 60, 60, 60]


def test_a_probe_that_never_reports_is_forgotten() -> None:
    breaker, clock = opened()
    clock.advance(5)
    assert breaker.allow()
    clock.advance(POLICY.probe_patience)
    assert breaker.allow()


@given(st.lists(st.sampled_from(["ok", "fail", "release", "wait"]), max_size=60))
def test_whatever_happens_at_most_one_probe_is_out_and_it_recovers(steps: list[str]) -> None:
    clock = FixedClock()
    breaker = Breaker(clock, POLICY)
    for step in steps:
        if step == "wait":
            clock.advance(2.5)
        elif breaker.allow():
            if breaker.state == "half_open":
                assert not breaker.allow()
            {"ok": breaker.succeeded, "fail": breaker.failed, "release": breaker.released}[step]()
    clock.advance(POLICY.longest_rest)
    assert breaker.allow()
    breaker.succeeded()
    assert breaker.closed
