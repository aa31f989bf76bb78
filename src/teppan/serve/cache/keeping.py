"""What happens in the cache behind an answer: it is remembered, learned from, or forgotten."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from teppan.core.chat import CacheWish, ChatRequest
from teppan.core.clock import Clock
from teppan.core.ids import NewId, Scope
from teppan.serve.cache.flight import Landed
from teppan.serve.cache.policy import CachePolicy
from teppan.serve.cache.spared import spared
from teppan.store.answers import ExactAnswer, ExactAnswers
from teppan.store.cache import Kept

if TYPE_CHECKING:
    from teppan.providers.caller import Observe
    from teppan.serve.cache.semantic import Found, SemanticCache

EMBEDDING_PATIENCE = 2.0
"""Seconds a question may wait to be found by meaning."""


class Asked(Struct, frozen=True):
    """One look: everything that keeping its answer needs to know."""

    request: ChatRequest
    scope: Scope
    version: str
    intent: str | None
    wish: CacheWish
    key: str
    observe: Observe | None
    leads: bool = False
    found: Found | None = None


class Keeper:
    """Remembers behind the answers; `settled` waits for it."""

    def __init__(
        self,
        policy: CachePolicy,
        exact: ExactAnswers,
        semantic: SemanticCache | None,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._policy = policy
        self._exact = exact
        self._semantic = semantic
        self._clock = clock
        self._new_id = new_id
        self._behind: set[asyncio.Task[None]] = set()

    async def find(self, asked: Asked) -> Found | None:
        """What is known that means the same; `None` where nothing may, or it cannot be told."""
        if self._semantic is None or not self._policy.means(asked.request, asked.intent):
            return None
        finding = self._semantic.find(
            asked.request,
            asked.scope,
            asked.version,
            max_age=asked.wish.max_age,
            observe=asked.observe,
        )
        return await spared(asyncio.wait_for(finding, EMBEDDING_PATIENCE), None, "look by meaning")

    def keep(self, asked: Asked, landed: Landed) -> None:
        """Remembered soon; never waits."""
        task = asyncio.get_running_loop().create_task(self._store(asked, landed))
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    async def settled(self) -> None:
        while self._behind:
            await asyncio.gather(*self._behind, return_exceptions=True)

    async def evict(self, scope: Scope, entries: list[str], source: str) -> int:
        """Forgets entries, and whatever was first answered in the trace `source`."""
        gone = await self._exact.drop(scope, source)
        if self._semantic is not None:
            ids = [*entries, *await self._semantic.of_trace(scope, source)]
            await self._semantic.evict(scope, ids)
            gone += len(ids)
        return gone

    async def _store(self, asked: Asked, landed: Landed) -> None:
        now = self._clock.now()
        expires = now + self._policy.ttl_of(asked.request, asked.intent)
        if self._policy.exact:
            answer = ExactAnswer(
                landed.completion, landed.served, landed.trace_id, landed.cost, now, expires
            )
            await spared(self._exact.put(asked.scope, asked.key, answer), None, "keep")
        found = asked.found if asked.wish.read else await self._refreshed(asked)
        if self._semantic is None or found is None or found.serve:
            return
        kept = Kept(
            id=self._new_id("ce"),
            tenant=asked.scope.tenant,
            partition=found.partition,
            model=landed.served,
            trace_id=landed.trace_id,
            kin="",
            question=found.question,
            intent=asked.intent or "",
            embedder="",
            embedding=b"",
            answer=msgspec.json.encode(landed.completion),
            cost=landed.cost,
            created=now,
            expires=expires,
        )
        keeping = self._semantic.remember(found, asked.scope, landed.completion, kept)
        await spared(keeping, None, "keep by meaning")

    async def _refreshed(self, asked: Asked) -> Found | None:
        """A client wanted a fresh answer: what its very words had given before is replaced."""
        found = await self.find(asked)
        if found is None or self._semantic is None:
            return None
        if found.serve and found.signs is None and found.candidate is not None:
            gone = self._semantic.evict(asked.scope, [found.candidate.kept.id])
            await spared(gone, None, "replace")
            found = await self.find(asked)
        return None if found is None else msgspec.structs.replace(found, serve=False)
