"""A breaker: after too many failures it lets nothing through, then one probe at a time.

    closed ──too many failures──> open ──rest is over──> half open ──probe succeeds──> closed
                                    ^────────────── probe fails ──────┘   (and rests longer)

A state machine over a clock, without I/O: whoever calls says how it went.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from teppan.core.clock import Clock

State = Literal["closed", "open", "half_open"]


class BreakerPolicy(Struct, frozen=True):
    """When a breaker opens, and how long it rests.

    It opens after `consecutive` failures in a row, or when at least `least_calls` calls of the
    last `window` seconds were made and the share `failure_rate` of them failed. The first rest
    is `rest` seconds; every failed probe doubles it, up to `longest_rest`.
    """

    consecutive: int = 5
    failure_rate: float = 0.5
    least_calls: int = 20
    window: float = 30.0
    rest: float = 5.0
    longest_rest: float = 60.0
    probe_patience: float = 300.0


class Breaker:
    """Guards one model, or one key. Ask `allow()` before a call, then report exactly once."""

    __slots__ = ("_clock", "_in_a_row", "_policy", "_probe_since", "_rests", "_state", "_until",
                 "_window")  # fmt: skip

    def __init__(self, clock: Clock, policy: BreakerPolicy | None = None) -> None:
        self._clock = clock
        self._policy = policy or BreakerPolicy()
        self._state: State = "closed"
        self._window = _Window(self._policy.window)
        self._in_a_row = 0
        self._rests = 0
        self._until = 0.0
        self._probe_since: float | None = None

    @property
    def state(self) -> State:
        return self._state

    @property
    def closed(self) -> bool:
        return self._state == "closed"

    def allow(self) -> bool:
        """Whether a call may be made now; when half open, the permit of the one probe."""
        if self._state == "closed":
            return True
        now = self._clock.monotonic()
        if now < self._until or self._probing(now):
            return False
        self._state = "half_open"
        self._probe_since = now
        return True

    def would_allow(self) -> bool:
        """What `allow` would say, without taking the probe."""
        if self._state == "closed":
            return True
        now = self._clock.monotonic()
        return now >= self._until and not self._probing(now)

    def succeeded(self) -> None:
        """The call was answered."""
        if self._state == "closed":
            self._in_a_row = 0
            self._window.add(self._clock.monotonic(), failed=False)
        elif self._state == "half_open":
            self._close()

    def failed(self) -> None:
        """The call failed, and whom this breaker guards is to blame."""
        if self._state == "half_open":
            self.trip()
        elif self._state == "closed":
            self._in_a_row += 1
            self._window.add(self._clock.monotonic(), failed=True)
            if self._too_many():
                self.trip()

    def released(self) -> None:
        """The call told nothing about health (cancelled, or a fault of the request)."""
        self._probe_since = None

    def trip(self, rest: float | None = None) -> None:
        """Open now, for `rest` seconds or the policy's next rest."""
        policy = self._policy
        if rest is None:
            rest = min(policy.longest_rest, policy.rest * 2.0**self._rests)
            self._rests = min(self._rests + 1, 16)
        self._state = "open"
        self._until = self._clock.monotonic() + rest
        self._probe_since = None

    def rest_left(self) -> float:
        """Seconds until the next probe may be made; 0 when calls may be made."""
        if self._state == "closed":
            return 0.0
        return max(0.0, self._until - self._clock.monotonic())

    def _probing(self, now: float) -> bool:
        """Whether a probe is out. One that never reported is forgotten after a while."""
        return (
            self._probe_since is not None and now - self._probe_since < self._policy.probe_patience
        )

    def _too_many(self) -> bool:
        policy = self._policy
        if self._in_a_row >= policy.consecutive:
            return True
        calls, failures = self._window.counts(self._clock.monotonic())
        return calls >= policy.least_calls and failures >= policy.failure_rate * calls

    def _close(self) -> None:
        self._state = "closed"
        self._window = _Window(self._policy.window)
        self._in_a_row = self._rests = 0
        self._probe_since = None


_SLOTS = 10


class _Window:
    """Calls and failures of the last seconds, in ten slots of time."""

    __slots__ = ("_calls", "_failures", "_slot", "_width")

    def __init__(self, seconds: float) -> None:
        self._width = seconds / _SLOTS
        self._slot = 0
        self._calls = [0] * _SLOTS
        self._failures = [0] * _SLOTS

    def add(self, now: float, *, failed: bool) -> None:
        self._advance(now)
        place = self._slot % _SLOTS
        self._calls[place] += 1
        self._failures[place] += failed

    def counts(self, now: float) -> tuple[int, int]:
        self._advance(now)
        return sum(self._calls), sum(self._failures)

    def _advance(self, now: float) -> None:
        slot = int(now / self._width)
        if slot == self._slot:
            return
        for passed in range(max(self._slot + 1, slot - _SLOTS + 1), slot + 1):
            self._calls[passed % _SLOTS] = self._failures[passed % _SLOTS] = 0
        self._slot = slot
