"""Where a retry is decided: one table of what helps, and waits that never hurry or outlast."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.clock import seeded_dice
from teppan.core.errors import (
    AllFailed,
    BadRequest,
    CircuitOpen,
    ContentFiltered,
    ContextTooLong,
    ProviderBadAnswer,
    ProviderBadRequest,
    ProviderContextTooLong,
    ProviderModelNotFound,
    ProviderOutOfCredit,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderUnauthenticated,
    ProviderUnreachable,
    StreamIncomplete,
    TeppanError,
    UnsupportedRequest,
)
from teppan.providers.retry import (
    RetryBudget,
    RetryPolicy,
    Situation,
    another_model_may_help,
    decide,
    retry_after,
)

POLICY = RetryPolicy()
NOW = 1_763_700_000.0


class Loaded:
    """Dice that always show the same."""

    def __init__(self, value: float) -> None:
        self.value = value

    def random(self) -> float:
        return self.value


TABLE: list[tuple[TeppanError, str, str]] = [
    # error, with another fresh key, with none
    (ProviderBadRequest(), "fail", "fail"),
    (BadRequest(), "fail", "fail"),
    (ProviderContextTooLong(), "next_model", "next_model"),
    (ContentFiltered(), "next_model", "next_model"),
    (ProviderModelNotFound(), "next_model", "next_model"),
    (ProviderOutOfCredit(), "next_model", "next_model"),
    (CircuitOpen(), "next_model", "next_model"),
    (ProviderUnauthenticated(), "next_key", "next_model"),
    (ProviderRateLimited(), "next_key", "retry"),
    (ProviderRateLimited(retry_after=2), "next_key", "retry"),
    (ProviderRateLimited(retry_after=0), "next_key", "retry"),
    (ProviderRateLimited(retry_after=-5), "next_key", "retry"),
    (ProviderRateLimited(retry_after=21), "next_key", "next_model"),
    (ProviderRateLimited(retry_after=1e9), "next_key", "next_model"),
    (ProviderRateLimited(retry_after=float("inf")), "next_key", "next_model"),
    (ProviderRateLimited(retry_after=float("nan")), "next_key", "next_model"),
    (ProviderOverloaded(), "retry", "retry"),
    (ProviderOverloaded(retry_after=300), "next_model", "next_model"),
    (ProviderUnreachable(), "retry", "retry"),
    (ProviderBadAnswer(), "retry", "retry"),
    (StreamIncomplete(), "retry", "retry"),
    (ProviderTimeout(clock="connect"), "retry", "retry"),
    (ProviderTimeout(clock="first_token"), "next_model", "next_model"),
    (ProviderTimeout(clock="idle"), "next_model", "next_model"),
    (ProviderTimeout(clock="total"), "next_model", "next_model"),
]


@pytest.mark.parametrize(("error", "with_key", "without"), TABLE, ids=lambda each: str(each)[:40])
def test_every_error_has_its_remedy(error: TeppanError, with_key: str, without: str) -> None:
    def action(fresh_key: bool) -> str:
        return decide(error, Situation(1, 100.0, fresh_key), POLICY, Loaded(0.5)).action

    assert (action(True), action(False)) == (with_key, without)


@pytest.mark.parametrize("error", [ProviderOverloaded(), ProviderRateLimited(), StreamIncomplete()])
def test_the_last_attempt_is_the_last(error: TeppanError) -> None:
    decision = decide(error, Situation(POLICY.attempts, 100.0), POLICY, Loaded(0.5))
    assert decision.action == "next_model"


def test_waits_grow_by_doubling_and_are_drawn_from_the_whole_interval() -> None:
    patient = RetryPolicy(attempts=20)

    def wait(number: int, dice: float) -> float:
        return decide(ProviderOverloaded(), Situation(number, 1e6), patient, Loaded(dice)).wait

    assert [wait(number, 1.0) for number in range(1, 8)] == [0.5, 1, 2, 4, 8, 8, 8]
    assert wait(3, 0.5) == 1.0
    assert wait(3, 0.0) == patient.shortest_wait


@given(
    asked=st.none() | st.floats(allow_nan=True, allow_infinity=True),
    number=st.integers(1, 50),
    left=st.floats(0, 1e4),
    seed=st.integers(0, 1000),
)
def test_a_wait_fits_the_deadline_is_never_nothing_and_never_less_than_asked(
    asked: float | None, number: int, left: float, seed: int
) -> None:
    error = ProviderRateLimited(retry_after=asked)
    decision = decide(error, Situation(number, left), POLICY, seeded_dice(seed))
    if decision.action == "retry":
        assert POLICY.shortest_wait <= decision.wait < left
        assert decision.wait >= (asked or 0)
        assert number < POLICY.attempts
    else:
        assert decision.action == "next_model"


def test_extra_calls_stay_below_a_fifth_of_all_calls() -> None:
    budget = RetryBudget(RetryPolicy(extra_share=0.2, reserve=10, refill=0))
    extra = 0
    for _ in range(1_000):
        budget.called()
        extra += sum(budget.take(0.0) for _ in range(2))  # a vendor that is down
    assert extra <= 0.2 * 1_000 + 10


def test_the_reserve_fills_up_again_in_quiet_times() -> None:
    budget = RetryBudget(RetryPolicy(reserve=2, refill=1))
    assert [budget.take(0.0) for _ in range(3)] == [True, True, False]
    assert [budget.take(1.5) for _ in range(2)] == [True, False]
    assert [budget.take(100.0) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "1000000000"}, 1e9),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30.0),
        ({"retry-after": formatdate(NOW - 30, usegmt=True)}, 0.0),
        ({"retry-after": "Wed, 99 Foo 2026 07:28:00 GMT"}, None),
    ],
)
def test_every_form_of_retry_after_is_understood(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers, NOW) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_breaks_the_reader(text: str) -> None:
    seconds = retry_after({"retry-after": text}, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("error", "helps"),
    [
        (ProviderBadRequest(), False),
        (BadRequest(), False),
        (ContextTooLong(), True),
        (UnsupportedRequest(), True),
        (ProviderContextTooLong(), True),
        (ContentFiltered(), True),
        (ProviderOverloaded(), True),
        (ProviderUnauthenticated(), True),
        (ProviderTimeout(), True),
        (AllFailed(), True),
    ],
)
def test_a_fallback_chain_goes_on_where_another_model_may_help(
    error: TeppanError, helps: bool
) -> None:
    assert another_model_may_help(error) == helps
