"""Keeps account of one attempt: how long it took, what it produced, what it is billed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from teppan.core.chat import (
    ChatRequest,
    Completion,
    Delta,
    Finished,
    Message,
    Reasoning,
    ReasoningDelta,
    RefusalDelta,
    Started,
    Text,
    TextDelta,
    ToolCall,
    ToolDelta,
    Usage,
    UsageSeen,
)
from teppan.core.clock import Clock
from teppan.core.errors import ProviderBadAnswer, ProviderError, ProviderTimeout, TeppanError
from teppan.core.trace import CallOutcome


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
    """How many tokens to bill; `cost.tokens.TokenCount` is the house's."""

    def usage(
        self, request: ChatRequest, reported: Usage | None, produced: Sequence[str], whole: bool
    ) -> Usage:
        """`reported` itself when it can be true, else an estimate marked as one.

        `produced` are pieces of what the model said; `whole` is false when it was cut off.
        """


class Produced:
    """What one attempt has said so far, in pieces; fed every delta, or made of a completion."""

    __slots__ = ("finished", "id", "model", "pieces", "usage")

    def __init__(self) -> None:
        self.model = ""
        self.id = ""
        self.usage: Usage | None = None
        self.pieces: list[str] = []
        self.finished = False

    def take(self, completion: Completion) -> None:
        """The whole answer at once."""
        self.model, self.id = completion.model, completion.id
        self.usage = completion.usage
        self.finished = True
        for choice in completion.choices:
            self.pieces.extend(_words(choice.message))

    def add(self, delta: Delta) -> None:
        kind = type(delta)
        if kind is TextDelta or kind is ReasoningDelta or kind is RefusalDelta:
            self.pieces.append(delta.text)  # type: ignore[union-attr]
        elif isinstance(delta, ToolDelta):
            self.pieces.append((delta.name or "") + delta.arguments)
        elif isinstance(delta, UsageSeen):
            self.usage = delta.usage
        elif isinstance(delta, Started):
            self.model = delta.model or self.model
            self.id = delta.id or self.id
        elif isinstance(delta, Finished):
            self.finished = True


def _words(message: Message) -> list[str]:
    words = [message.refusal] if message.refusal else []
    for part in message.parts:
        if isinstance(part, Text | Reasoning):
            words.append(part.text)
        elif isinstance(part, ToolCall):
            words.append(part.name + part.arguments)
    return words


class Attempting:
    """An attempt under way. Exactly one of `succeeded`, `failed`, `cancelled` has an effect."""

    __slots__ = ("_clock", "_counting", "_observe", "_request", "began", "dropped", "first_token",
                 "key", "latency", "model", "number", "over", "produced", "started")  # fmt: skip

    def __init__(
        self,
        model: str,
        number: int,
        key: int,
        request: ChatRequest,
        observe: Observe,
        counting: Counting,
        clock: Clock,
    ) -> None:
        self.model = model
        self.number = number
        self.key = key
        self.produced = Produced()
        self.first_token: float | None = None
        self.dropped: tuple[str, ...] = ()
        self.latency = 0.0
        self.over = False
        self._request = request
        self._observe = observe
        self._counting = counting
        self._clock = clock
        self.started = clock.now()
        self.began = clock.monotonic()

    def spoke(self) -> None:
        """The first content has come."""
        self.first_token = self._clock.monotonic() - self.began

    def succeeded(self) -> Usage:
        """The answer is whole; returns what is billed."""
        usage = self._counted(whole=True)
        self._report("ok", usage)
        return usage

    def failed(self, error: TeppanError) -> None:
        """The vendor failed; what had begun is incomplete. Errors of ours cost nothing."""
        if isinstance(error, ProviderError):
            usage = self._counted(whole=False) if self._may_be_billed(error) else Usage()
            self._report("failed" if self.first_token is None else "incomplete", usage, error)

    def cancelled(self) -> None:
        """Whoever asked has left; what was produced until then is billed."""
        self._report("cancelled", self._counted(whole=False))

    def _may_be_billed(self, error: ProviderError) -> bool:
        """A vendor that took the request up has worked for us, even if in vain."""
        if self.first_token is not None or isinstance(error, ProviderBadAnswer):
            return True
        return isinstance(error, ProviderTimeout) and error.clock != "connect"

    def _counted(self, *, whole: bool) -> Usage:
        produced = self.produced
        return self._counting.usage(self._request, produced.usage, produced.pieces, whole)

    def _report(
        self, outcome: CallOutcome, usage: Usage, error: ProviderError | None = None
    ) -> None:
        if self.over:
            return
        self.over = True
        self.latency = self._clock.monotonic() - self.began
        self._observe(
            Attempt(
                model=self.model,
                outcome=outcome,
                number=self.number,
                key=self.key,
                usage=usage,
                started=self.started,
                latency=self.latency,
                first_token=self.first_token,
                returned_model=self.produced.model,
                vendor_id=self.produced.id,
                error=error,
                dropped=self.dropped,
            )
        )
