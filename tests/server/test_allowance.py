"""What is left of the limits is told as official clients read it."""

from __future__ import annotations

import pytest

from teppan.core.allowance import Allowance, Room
from teppan.core.errors import BudgetExceeded, RateLimited
from teppan.server.allowance import allowance_headers, duration
from teppan.server.errors import error_headers


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "0s"),
        (-1.0, "0s"),
        (0.02, "20ms"),
        (0.0001, "1ms"),
        (1.0, "1s"),
        (8.64, "8.64s"),
        (360.0, "6m0s"),
        (172.8, "2m52.8s"),
        (3602.5, "1h0m2.5s"),
    ],
)
def test_a_duration_is_written_as_openai_writes_it(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_only_the_limits_there_are_have_headers() -> None:
    assert allowance_headers(None) == allowance_headers(Allowance()) == []
    told = dict(allowance_headers(Allowance(tokens=Room(1000, 400, 30.0))))
    assert told == {
        b"x-ratelimit-limit-tokens": b"1000",
        b"x-ratelimit-remaining-tokens": b"400",
        b"x-ratelimit-reset-tokens": b"30s",
    }


def test_a_refusal_says_when_to_come_again_and_what_is_left() -> None:
    allowance = Allowance(Room(10, 0, 1.2))
    told = dict(error_headers(RateLimited("slowly", allowance=allowance, retry_after=1.2)))
    assert told[b"retry-after"] == b"2"
    assert told[b"retry-after-ms"] == b"1200"
    assert told[b"x-ratelimit-remaining-requests"] == b"0"
    assert b"x-should-retry" not in told


def test_who_can_never_be_served_is_told_not_to_try_again() -> None:
    told = dict(error_headers(RateLimited("too large", allowance=Allowance())))
    assert told[b"x-should-retry"] == b"false"
    assert b"retry-after" not in told


@pytest.mark.parametrize(("wait", "retries"), [(1.0, True), (86_400.0, False)])
def test_a_client_tries_again_by_itself_only_where_that_is_soon(wait: float, retries: bool) -> None:
    told = dict(error_headers(BudgetExceeded("spent", retry_after=wait)))
    assert told[b"retry-after"] == str(int(wait)).encode()
    assert (b"x-should-retry" not in told) is retries
