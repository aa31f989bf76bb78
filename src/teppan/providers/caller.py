"""Reaches one model, whatever it takes: keys, retries, breakers and the one overall deadline.

    Caller.complete / stream / embed
      └─ loop: keys pick ─> breaker allows ─> Provider makes one attempt ─> retry decides

The loop is dumb; `keys.py`, `breaker.py` and `retry.py` hold the judgement. Every attempt, also a
failed, cut or cancelled one, is told once to `observe`, so that the ledger can bill it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from teppan.core.chat import ChatRequest, Completion, Delta, Usage
from teppan.core.clock import Clock, Dice
from teppan.core.errors import ProviderError
from teppan.core.trace import CallOutcome
from teppan.providers.base import Clocks, Embeddings, Provider


class Attempt(Struct, frozen=True, kw_only=True):
    """What happened in one attempt: a `core.trace.ModelCall` without ids, role and price.

    `usage` is what to bill: the vendor's count, or our estimate (`usage.estimated`) when it gave
    none, gave nonsense, or was cut off. `number` counts from 1 within one logical call, `key` is
    the index of the key used. `started` is since 1970, `latency` and `first_token` are seconds.
    """

    model: str
    outcome: CallOutcome
    number: int
    key: int
    usage: Usage
    started: float
    latency: float
    first_token: float | None = None
    returned_model: str = ""
    vendor_id: str = ""
    error: ProviderError | None = None
    dropped: tuple[str, ...] = ()


Observe = Callable[[Attempt], None]
"""Told once per attempt, synchronously, before the answer or the error is handed on."""


class Counting(Protocol):
    """How the caller learns what to bill; `cost.tokens.TokenCount` is the house's."""

    def usage(self, request: ChatRequest, reported: Usage | None, produced: str) -> Usage:
        """The vendor's count when it can be true, else an estimate marked as one."""

    def texts(self, texts: Sequence[str]) -> int:
        """Estimated tokens of plain texts."""


class Answered(Struct, frozen=True, kw_only=True):
    """A whole answer, how many attempts it took, and what the model would not take."""

    completion: Completion
    usage: Usage
    attempts: int
    latency: float
    first_token: float
    dropped: tuple[str, ...] = ()


class LiveCall(Protocol):
    """A stream whose first content has come (it is a `core.reply.LiveReply`).

    `deltas()` may be iterated once and raises a `ProviderError` when the rest never comes;
    `observe` has been told by the time it ends, raises or `aclose()` returns.
    """

    model: str
    attempts: int
    first_token: float
    dropped: tuple[str, ...]

    def deltas(self) -> AsyncIterator[Delta]: ...

    async def aclose(self) -> None: ...


class Caller:
    """The way to every vendor's model. One per process.

    `model` is `provider/name` (`provider:name` is understood), `deadline` a moment of
    `clock.monotonic()` shared by all attempts.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        *,
        counting: Counting,
        clock: Clock,
        dice: Dice,
        clocks: Clocks | None = None,
    ) -> None: ...

    async def complete(
        self, model: str, request: ChatRequest, *, deadline: float, observe: Observe
    ) -> Answered:
        """The whole answer. Raises a `ProviderError` when this model cannot give one in time,
        `ModelNotFound` when no such provider is configured."""
        raise NotImplementedError

    async def stream(
        self, model: str, request: ChatRequest, *, deadline: float, observe: Observe
    ) -> LiveCall:
        """An answer that has begun: returns once the first content has come, so that until
        then every retry and fallback is free."""
        raise NotImplementedError

    async def embed(
        self, model: str, texts: Sequence[str], *, deadline: float, observe: Observe
    ) -> Embeddings:
        """Vectors in the order of the texts."""
        raise NotImplementedError
