"""The cache where the gateway meets it: what it asks of a request comes from the release."""

from __future__ import annotations

from collections.abc import Callable

from teppan.core.chat import ChatRequest, Completion
from teppan.core.clock import Clock
from teppan.core.ids import Scope
from teppan.core.release import Release
from teppan.providers.caller import Observe
from teppan.serve.cache.cache import Cache
from teppan.serve.cache.seat import Seat

IntentOf = Callable[[str], tuple[str, float]]
"""The intent of a text, and how probable it is."""

KnowledgeVersion = Callable[[Scope], str]
"""The version of what is known for a tenant at this moment."""

SURE = 0.5
"""An intent less probable than this is none."""


class CacheFront:
    """`knowledge` names the version of what is known, at each look; `patience` is how many seconds
    one may wait for another who asks the same.
    """

    def __init__(
        self,
        cache: Cache,
        clock: Clock,
        *,
        knowledge: KnowledgeVersion = lambda scope: "",
        patience: float = 600.0,
        intent_of: IntentOf | None = None,
    ) -> None:
        self.cache = cache
        self._clock = clock
        self._knowledge = knowledge
        self._patience = patience
        self._intent_of = intent_of

    async def look(
        self, request: ChatRequest, scope: Scope, release: Release, observe: Observe | None = None
    ) -> Seat:
        """Raises `NotCached`, nothing else."""
        return await self.cache.look(
            request,
            scope,
            version=f"{release.id}/{self._knowledge(scope)}",
            intent=self._intent(request.question),
            deadline=self._clock.monotonic() + self._patience,
            observe=observe,
        )

    async def same(self, one: Completion, other: Completion) -> bool | None:
        return await self.cache.same(one, other)

    async def wrong(self, scope: Scope, trace_id: str) -> bool:
        return await self.cache.wrong(scope, trace_id)

    def _intent(self, text: str) -> str | None:
        if self._intent_of is None or not text or not self.cache.policy.uses_intents:
            return None
        intent, probability = self._intent_of(text)
        return intent if probability >= SURE else None
