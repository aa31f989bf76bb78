"""Answers by the exact request: in memory, and the protocol that Redis keeps too."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

from msgspec import Struct

from teppan.core.chat import Completion
from teppan.core.clock import Clock
from teppan.core.ids import Scope
from teppan.core.money import Micros

OVERHEAD = 600
"""Bytes of an answer in memory beside its JSON."""


class ExactAnswer(Struct, frozen=True):
    """An answer that the model `served` gave in `trace_id`; instants are seconds since 1970."""

    completion: Completion
    served: str
    trace_id: str
    cost: Micros | None
    created: float
    expires: float


class ExactAnswers(Protocol):
    """By tenant and key. May raise `StoreError`; an answer that has expired is not there."""

    async def get(self, scope: Scope, key: str) -> ExactAnswer | None: ...

    async def put(self, scope: Scope, key: str, answer: ExactAnswer) -> None: ...

    async def drop(self, scope: Scope, trace_id: str) -> int:
        """Forgets what was first given in this trace; returns how many answers that were."""

    async def erase(self, scope: Scope) -> None:
        """Forgets everything of this tenant."""

    async def close(self) -> None: ...


class MemoryAnswers:
    """At most `room` bytes; the answer unused for longest goes first."""

    def __init__(self, room: int, clock: Clock) -> None:
        self.used = 0
        self._room = room
        self._clock = clock
        self._answers: OrderedDict[tuple[str, str], tuple[ExactAnswer, int]] = OrderedDict()
        self._by_trace: dict[tuple[str, str], set[str]] = {}

    def __len__(self) -> int:
        return len(self._answers)

    async def get(self, scope: Scope, key: str) -> ExactAnswer | None:
        at = (scope.tenant, key)
        found = self._answers.get(at)
        if found is None:
            return None
        if found[0].expires <= self._clock.now():
            self._forget(at)
            return None
        self._answers.move_to_end(at)
        return found[0]

    async def put(self, scope: Scope, key: str, answer: ExactAnswer) -> None:
        at = (scope.tenant, key)
        self._forget(at)
        size = OVERHEAD + _weight(answer.completion)
        if size > self._room:
            return
        self._answers[at] = (answer, size)
        self._by_trace.setdefault((scope.tenant, answer.trace_id), set()).add(key)
        self.used += size
        while self.used > self._room:
            self._forget(next(iter(self._answers)))

    async def drop(self, scope: Scope, trace_id: str) -> int:
        keys = list(self._by_trace.get((scope.tenant, trace_id), ()))
        for key in keys:
            self._forget((scope.tenant, key))
        return len(keys)

    async def erase(self, scope: Scope) -> None:
        for at in [at for at in self._answers if at[0] == scope.tenant]:
            self._forget(at)

    async def close(self) -> None:
        """Nothing to let go of."""

    def _forget(self, at: tuple[str, str]) -> None:
        found = self._answers.pop(at, None)
        if found is None:
            return
        answer, size = found
        self.used -= size
        traced = self._by_trace[at[0], answer.trace_id]
        traced.discard(at[1])
        if not traced:
            del self._by_trace[at[0], answer.trace_id]


def _weight(completion: Completion) -> int:
    """About how many bytes an answer takes: its words, and what hangs on it."""
    size = 0
    for choice in completion.choices:
        size += sum(len(getattr(part, "text", "")) or 200 for part in choice.message.parts)
        size += len(repr(choice.logprobs)) if choice.logprobs else 0
    return 2 * size + (len(repr(completion.extra)) if completion.extra else 0)
