"""What becomes of a routed answer's worth: the adaptive router's records.

A verdict or a confidence that rests on evidence counts at once, what a person says replaces it.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from teppan.core.errors import StoreError
from teppan.core.trace import Trace
from teppan.routing.book import Book, Reward, Source
from teppan.routing.quality import quality_of

_log = structlog.get_logger(__name__)

STRATEGY = "auto"


class Rewards:
    """Hands rewards to the record of the virtual model that was asked."""

    def __init__(self, books: Mapping[str, Book]) -> None:
        self._books = books

    async def rated(self, trace: Trace, quality: float) -> None:
        """A person rated the answer, in [0, 1]. Raises `StoreError`."""
        await self._give(trace, quality, "feedback")

    async def settled(self, trace: Trace) -> None:
        """The answer has left: what its own verdict says of it counts. Never raises a `StoreError`:
        a reward that cannot be kept is lost, and said so.
        """
        route = trace.route
        if route is None or not route.features or route.features.get("kind") != "adaptive":
            return
        quality = quality_of(trace)
        if quality is None:
            return
        try:
            await self._give(trace, quality, "verdict")
        except StoreError as error:
            _log.warning("router.reward_lost", trace=trace.id, error=error.message)

    async def _give(self, trace: Trace, quality: float, source: Source) -> None:
        route = trace.route
        book = self._books.get(trace.asked)
        if book is None or route is None or route.strategy != STRATEGY or not route.features:
            return
        served = str(route.features.get("served") or route.chosen)
        category = str(route.features.get("category") or "any")
        await book.reward(Reward(category, served, quality, trace.cost or 0, trace.id, source))
