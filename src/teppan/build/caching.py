"""The cache, wired: where exact answers are kept, and what finds answers by meaning."""

from __future__ import annotations

import os
from collections.abc import Mapping

from teppan.config.load import resolve_key
from teppan.config.schema import Settings
from teppan.core.clock import Clock, Dice, system_dice
from teppan.core.ids import Scope, new_id
from teppan.knowledge.known import Known
from teppan.providers.embed import Embedder, open_embedder
from teppan.providers.embed.base import Ask
from teppan.routing.intent import Intents
from teppan.serve.cache import Cache, CachePolicy
from teppan.serve.cache.front import CacheFront
from teppan.store.answers import ExactAnswers, MemoryAnswers
from teppan.store.store import Store

MEGABYTE = 1 << 20


def in_front(
    cache: Cache, settings: Settings, clock: Clock, known: Known, intents: Intents | None
) -> CacheFront:
    """The cache as the gateway meets it."""
    return CacheFront(
        cache,
        clock,
        knowledge=known.version,
        patience=settings.clocks.deadline,
        intent_of=intents.of if intents else None,
    )


async def open_cache(
    settings: Settings,
    store: Store,
    clock: Clock,
    *,
    ask: Ask | None = None,
    dice: Dice | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Cache:
    """Close it before the store. `ask` reaches an upstream embedding model; see `open_embedder`.

    Raises `ConfigError` for an embedder or an address that cannot be used.
    """
    wanted = settings.cache
    policy = CachePolicy(
        exact=wanted.exact,
        ttl=wanted.ttl,
        ttl_by_intent=wanted.ttl_by_intent,
        max_temperature=wanted.max_temperature,
        semantic=wanted.semantic,
        intents=frozenset(wanted.intents),
        error_bound=wanted.error_bound,
        min_similarity=wanted.min_similarity,
        verify=wanted.verify,
    )
    exact = open_answers(settings, clock, environment)
    semantic = None
    if wanted.semantic:
        from teppan.serve.cache.entries import EntryShelf
        from teppan.serve.cache.sameness import Sameness
        from teppan.serve.cache.semantic import SemanticCache

        embedder: Embedder = open_embedder(wanted.embedder, ask)
        semantic = SemanticCache(
            embedder,
            await store.open_vectors(),
            store.cache,
            Sameness(embedder, wanted.alike),
            EntryShelf(wanted.entries, wanted.megabytes * MEGABYTE),
            bound=wanted.error_bound,
            floor=wanted.min_similarity,
            clock=clock,
        )
        await semantic.load(wanted.entries)
    return Cache(
        policy,
        exact,
        store.cache,
        store.traces,
        semantic,
        clock=clock,
        new_id=new_id,
        dice=dice or system_dice(),
    )


async def clear_cache(settings: Settings, store: Store, scope: Scope, clock: Clock) -> None:
    """Forgets a tenant's answers wherever other processes find them. Raises `StoreError`."""
    await store.cache.erase(scope)
    vectors = await store.open_vectors()
    if vectors.shared:
        await vectors.erase(scope)
    answers = open_answers(settings, clock)
    try:
        await answers.erase(scope)
    finally:
        await answers.close()


def open_answers(
    settings: Settings, clock: Clock, environment: Mapping[str, str] = os.environ
) -> ExactAnswers:
    """Exact answers: on Redis where one is set, else in memory."""
    room = settings.cache.megabytes * MEGABYTE
    if settings.cluster.redis is None:
        return MemoryAnswers(room, clock)
    from teppan.store.answers_redis import RedisAnswers

    address = resolve_key(settings.cluster.redis, environment)
    return RedisAnswers(address, room, clock, settings.cluster.patience)
