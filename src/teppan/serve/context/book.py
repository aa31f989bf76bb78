"""The summaries that are known, and the making of new ones: each once, whoever asks.

Those of the last conversations are in memory, all are in the store. Two requests that need the same
summary at once share one making; when whoever makes it is cancelled, another takes over. What the
store cannot keep or find is made again: that costs, but it stops nobody.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

from teppan.core.clock import Clock
from teppan.core.errors import StoreError
from teppan.core.ids import Scope
from teppan.store.summaries import Summary

_log = structlog.get_logger(__name__)

REMEMBERED = 2000
"""Summaries in memory; one is about one or two kilobytes."""

Making = Callable[[], Awaitable[tuple[str, str]]]
"""Makes a summary: its text, and the model that wrote it or an empty name."""


class Kept(Protocol):
    """The store's summaries."""

    async def find(self, scope: Scope, prefixes: Sequence[str]) -> dict[str, Summary]: ...

    async def keep(self, scope: Scope, summary: Summary) -> Summary: ...


class SummaryBook:
    """`kept` is `None` where no words of a conversation may be stored. `made` counts the summaries
    that were made here."""

    def __init__(self, kept: Kept | None, clock: Clock) -> None:
        self.made = 0
        self._kept = kept
        self._clock = clock
        self._near: OrderedDict[tuple[str, str], Summary] = OrderedDict()
        self._making: dict[tuple[str, str], asyncio.Future[Summary | None]] = {}

    def remembered(self, scope: Scope, names: Sequence[str]) -> Summary | None:
        """The last of these names whose summary is in memory."""
        for name in reversed(names):
            found = self._near.get((scope.tenant, name))
            if found is not None:
                self._near.move_to_end((scope.tenant, name))
                return found
        return None

    async def longest(self, scope: Scope, names: Sequence[str]) -> Summary | None:
        """The last of these names whose summary is known at all; they are of growing prefixes."""
        near = self.remembered(scope, names)
        unknown = names[names.index(near.prefix) + 1 :] if near else names
        if self._kept is None or not unknown:
            return near
        try:
            found = await self._kept.find(scope, unknown)
        except StoreError as error:
            _log.warning("context.summaries_not_read", reason=error.message)
            return near
        if not found:
            return near
        longest = max(found.values(), key=lambda each: each.messages)
        self._remember(scope, longest)
        return longest

    async def make(self, scope: Scope, name: str, messages: int, making: Making) -> Summary:
        """The summary of this name: known, being made by somebody else, or made now."""
        place = (scope.tenant, name)
        while True:
            known = self._near.get(place)
            if known is not None:
                return known
            running = self._making.get(place)
            if running is None:
                return await self._lead(scope, name, messages, making)
            shared = await asyncio.shield(running)
            if shared is not None:
                return shared

    async def _lead(self, scope: Scope, name: str, messages: int, making: Making) -> Summary:
        place = (scope.tenant, name)
        running: asyncio.Future[Summary | None] = asyncio.get_running_loop().create_future()
        self._making[place] = running
        made: Summary | None = None
        try:
            text, model = await making()
            self.made += 1
            made = await self._keep(scope, Summary(name, messages, text, model, self._clock.now()))
            self._remember(scope, made)
        finally:
            del self._making[place]
            running.set_result(made)
        return made

    async def _keep(self, scope: Scope, summary: Summary) -> Summary:
        if self._kept is None:
            return summary
        try:
            return await self._kept.keep(scope, summary)
        except StoreError as error:
            _log.warning("context.summary_not_kept", reason=error.message)
            return summary

    def _remember(self, scope: Scope, summary: Summary) -> None:
        self._near[(scope.tenant, summary.prefix)] = summary
        while len(self._near) > REMEMBERED:
            self._near.popitem(last=False)
