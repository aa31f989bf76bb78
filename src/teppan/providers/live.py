"""An answer that is still being written, and the account that is kept of it meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from teppan.core.chat import (
    Delta,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    UsageSeen,
)
from teppan.core.errors import StreamIncomplete, TeppanError
from teppan.providers.attempt import Attempting
from teppan.providers.base import Deltas

Learn = Callable[[TeppanError], None]


class LiveCall:
    """A stream whose first content has come (it is a `core.reply.LiveReply`).

    Nothing is retried any more: an error is raised to whoever reads. The attempt is observed by
    the time `deltas()` ends or raises, or `aclose()` returns. One task reads and closes.
    """

    def __init__(self, source: AsyncIterator[Delta], attempting: Attempting, learn: Learn) -> None:
        self.model = attempting.model
        self.attempts = attempting.number
        self.dropped = source.dropped if isinstance(source, Deltas) else ()
        self._source = source
        self._attempting = attempting
        self._learn = learn
        self._held: list[Delta] = []
        attempting.dropped = self.dropped

    @property
    def first_token(self) -> float | None:
        """Seconds from the start of the attempt to its first content."""
        return self._attempting.first_token

    async def begin(self) -> None:
        """Reads until the first content, and holds what came."""
        produced = self._attempting.produced
        async for delta in self._source:
            produced.add(delta)
            self._held.append(delta)
            if _is_content(delta):
                self._attempting.spoke()
                return
        raise StreamIncomplete("the stream ended without an answer")

    async def deltas(self) -> AsyncIterator[Delta]:
        attempting = self._attempting
        produced = attempting.produced
        try:
            for delta in self._held:
                yield delta
            async for delta in self._source:
                produced.add(delta)
                yield delta
            if not produced.finished:
                raise StreamIncomplete("the stream ended before the model said why it stopped")
        except TeppanError as error:
            attempting.failed(error)
            self._learn(error)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            await self.aclose()
            raise
        usage = attempting.succeeded()
        if usage is not produced.usage:
            yield UsageSeen(usage)

    async def aclose(self) -> None:
        """Give up the rest: the upstream call is cancelled, what was produced is billed."""
        if self._attempting.produced.finished:
            self._attempting.succeeded()
        else:
            self._attempting.cancelled()
        close = getattr(self._source, "aclose", None)
        if close is not None:
            await close()


def _is_content(delta: Delta) -> bool:
    """Whether a client sees anything of it."""
    if isinstance(delta, TextDelta | RefusalDelta):
        return bool(delta.text)
    if isinstance(delta, ReasoningDelta):
        return bool(delta.text or delta.encrypted)
    return not isinstance(delta, Started | UsageSeen)
