"""Whether, when and where to try again: the only place that decides it.

    what went wrong                      what helps
    ----------------------------------   ------------------------------------------------------
    the request is invalid               nothing: fail
    too long, filtered, no such model    another model
    the account is empty                 another vendor (the key rests)
    the key is refused                   another key, at once (the key is dead)
    throttled                            another key at once, else waiting as long as was asked
    overloaded, unreachable, cut short   the same model again, after a random wait
    no connection in time                the same model again
    no answer in time                    another model: the time is gone

A decision is a value; `caller.py` obeys it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from msgspec import Struct

from teppan.core.clock import Dice
from teppan.core.errors import (
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
    ShuttingDown,
    TeppanError,
    UnsupportedRequest,
)
from teppan.core.verdict import RetryDecision


class RetryPolicy(Struct, frozen=True):
    """How often and how patiently. Times are seconds.

    The wait before try n + 1 is drawn evenly from [0, `first_wait` x 2^(n-1)], at most
    `longest_wait` (full jitter). A vendor that asks for more than `longest_asked` is left for
    another one. Extra calls are at most `extra_share` of all calls, beyond a reserve of `reserve`
    that refills by `refill` a second.
    """

    attempts: int = 3
    first_wait: float = 0.5
    longest_wait: float = 8.0
    shortest_wait: float = 0.05
    longest_asked: float = 20.0
    extra_share: float = 0.2
    reserve: float = 10.0
    refill: float = 1.0


class Situation(Struct, frozen=True):
    """What a decision may look at besides the error.

    `number` counts the attempts made, `time_left` is the rest of the deadline in seconds,
    `fresh_key` says that another key of the vendor is healthy.
    """

    number: int
    time_left: float
    fresh_key: bool = False


def decide(
    error: TeppanError, situation: Situation, policy: RetryPolicy, dice: Dice
) -> RetryDecision:
    """What helps against this error now."""
    if isinstance(error, _OTHER_MODEL):
        return RetryDecision("next_model", 0.0, f"{error.code}: the same model cannot do better")
    if isinstance(error, ProviderUnauthenticated):
        return _another_key(situation, "the key is refused")
    if isinstance(error, ProviderRateLimited):
        if situation.fresh_key:
            return _another_key(situation, "the key is throttled")
        return _again(error, situation, policy, dice)
    if isinstance(error, ProviderTimeout) and error.clock != "connect":
        return RetryDecision("next_model", 0.0, f"the {error.clock} clock ran out")
    if isinstance(error, _PASSING):
        return _again(error, situation, policy, dice)
    return RetryDecision("fail", 0.0, f"{error.code}: trying again cannot help")


_OTHER_MODEL = (
    ProviderContextTooLong,
    ContentFiltered,
    ProviderModelNotFound,
    ProviderOutOfCredit,
    CircuitOpen,
)

_PASSING = (ProviderOverloaded, ProviderUnreachable, ProviderTimeout, ProviderBadAnswer)


def another_model_may_help(error: TeppanError) -> bool:
    """Whether a fallback chain should go on after this error.

    An invalid request stays invalid everywhere, unless it is only this model that is too small
    or cannot do it, or this vendor's filter that refuses.
    """
    if isinstance(error, (*_OTHER_MODEL, ContextTooLong, UnsupportedRequest)):
        return True
    return not isinstance(error, (ProviderBadRequest, BadRequest, ShuttingDown))


def _another_key(situation: Situation, reason: str) -> RetryDecision:
    if situation.fresh_key:
        return RetryDecision("next_key", 0.0, f"{reason}: another one is fresh")
    return RetryDecision("next_model", 0.0, f"{reason}, and it is the last one")


def _again(
    error: TeppanError, situation: Situation, policy: RetryPolicy, dice: Dice
) -> RetryDecision:
    if situation.number >= policy.attempts:
        return RetryDecision("next_model", 0.0, f"{error.code} after {situation.number} attempts")
    wait = _wait(error.retry_after, situation.number, policy, dice)
    if wait is None:
        return RetryDecision("next_model", 0.0, f"{error.code}: the vendor asks for a longer rest")
    if wait >= situation.time_left:
        return RetryDecision("next_model", 0.0, f"{error.code}: no time left to wait")
    return RetryDecision("retry", wait, error.code)


def _wait(asked: float | None, number: int, policy: RetryPolicy, dice: Dice) -> float | None:
    """Seconds until the next try; None when the vendor asks for more than we are ready to wait.

    What the vendor asked for is a minimum; a little chance on top keeps those who were told the
    same from coming back together.
    """
    jitter = dice.random() * backoff(number, policy)
    if asked is None:
        return max(policy.shortest_wait, jitter)
    if not asked <= policy.longest_asked:
        return None
    return max(policy.shortest_wait, asked) + min(jitter, policy.first_wait)


def backoff(number: int, policy: RetryPolicy) -> float:
    """The longest wait after `number` attempts."""
    return min(policy.longest_wait, policy.first_wait * 2.0 ** (min(number, 32) - 1))


class RetryBudget:
    """Keeps retries from multiplying a vendor's trouble: a token bucket shared by all calls.

    Every call puts in a share of a token, every extra call takes a whole one.
    """

    __slots__ = ("_last", "_policy", "_tokens")

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._tokens = policy.reserve
        self._last: float | None = None

    def called(self) -> None:
        """A call began."""
        self._tokens = min(self._policy.reserve, self._tokens + self._policy.extra_share)

    def take(self, now: float) -> bool:
        """Whether an extra call may be made at `now` (monotonic seconds)."""
        policy = self._policy
        if self._last is not None:
            self._tokens = min(policy.reserve, self._tokens + (now - self._last) * policy.refill)
        self._last = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds a vendor asks us to wait; None when it does not say, or says nonsense.

    `retry-after-ms` (milliseconds) is finer and goes first; `retry-after` is a number of seconds
    or an HTTP date (RFC 9110, section 10.2.3). `now` is seconds since 1970. Header names are
    lower case. A time in the past is 0.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return max(0.0, milliseconds / 1000.0)
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None:
        return max(0.0, seconds)
    if not text:
        return None
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, date.timestamp() - now)


def _number(text: str | None) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number
