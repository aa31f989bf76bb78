"""The keys of one vendor: whose turn it is, which one rests, which one is dead.

A key the vendor throttles (429) rests for that model until the vendor said; a key it refuses
(401, 403) is dead, and one whose account is empty rests for long. Dead and empty keys are probed
again later, one request at a time, so that a vendor's own mistake does not last until a restart.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from teppan.core.clock import Clock
from teppan.providers.breaker import Breaker


class KeyPolicy(Struct, frozen=True):
    """Seconds a key stays away after the vendor refused it, or wanted money for it."""

    dead: float = 600.0
    out_of_credit: float = 300.0


class KeyRing:
    """Round robin among the healthy keys. Report once for every key picked."""

    def __init__(self, count: int, clock: Clock, policy: KeyPolicy | None = None) -> None:
        self._clock = clock
        self._policy = policy or KeyPolicy()
        self._breakers = [Breaker(clock) for _ in range(count)]
        self._resting: dict[tuple[int, str], float] = {}
        self._next = 0

    def pick(self, model: str) -> int | None:
        """The next healthy key for this model, or None when none is."""
        count = len(self._breakers)
        for step in range(count):
            key = (self._next + step) % count
            if not self._rests(key, model) and self._breakers[key].allow():
                self._next = key + 1
                return key
        return None

    def any_fresh(self, model: str, tried: Collection[int] = ()) -> bool:
        """Whether `pick` would find a key that was not tried yet."""
        return any(
            key not in tried and breaker.would_allow() and not self._rests(key, model)
            for key, breaker in enumerate(self._breakers)
        )

    def wait(self, model: str) -> float | None:
        """Seconds until a throttled key is fresh again; None when all are dead or empty."""
        now = self._clock.monotonic()
        waits = [
            self._resting.get((key, model), now) - now
            for key, breaker in enumerate(self._breakers)
            if breaker.closed
        ]
        return max(0.0, min(waits)) if waits else None

    def succeeded(self, key: int) -> None:
        self._breakers[key].succeeded()

    def released(self, key: int) -> None:
        """The call told nothing about the key."""
        self._breakers[key].released()

    def throttled(self, key: int, model: str, seconds: float) -> None:
        """The vendor answered 429: this key rests for this model."""
        until = self._clock.monotonic() + seconds
        self._resting[key, model] = max(until, self._resting.get((key, model), 0.0))
        self._breakers[key].released()

    def refused(self, key: int) -> None:
        """The vendor answered 401 or 403: the key is dead."""
        self._breakers[key].trip(self._policy.dead)

    def out_of_credit(self, key: int) -> None:
        self._breakers[key].trip(self._policy.out_of_credit)

    def _rests(self, key: int, model: str) -> bool:
        if not self._resting:
            return False
        until = self._resting.get((key, model))
        if until is None:
            return False
        if self._clock.monotonic() < until:
            return True
        del self._resting[key, model]
        return False
