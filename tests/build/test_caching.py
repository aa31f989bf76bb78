"""The cache as the settings want it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from teppan.build.caching import open_answers, open_cache
from teppan.config.schema import CacheSettings, ClusterSettings, Settings
from teppan.core.clock import SystemClock
from teppan.core.errors import ConfigError
from teppan.store import Store
from teppan.store.answers import MemoryAnswers


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "teppan.db", durability="process")
    yield opened
    await opened.close()


async def test_by_default_exact_answers_are_in_memory_and_meanings_are_not_compared(
    store: Store,
) -> None:
    cache = await open_cache(Settings(), store, SystemClock())
    assert cache.policy.exact
    assert cache.semantic is None
    await cache.close()


async def test_every_setting_of_the_policy_reaches_it(store: Store) -> None:
    wanted = CacheSettings(
        ttl=5.0,
        ttl_by_intent={"a": 1.0},
        max_temperature=0.1,
        semantic=True,
        intents=("a",),
        error_bound=0.3,
        min_similarity=0.9,
        verify=0.5,
    )
    cache = await open_cache(Settings(cache=wanted), store, SystemClock())
    policy = cache.policy
    assert (policy.ttl, policy.ttl_by_intent, policy.intents) == (5.0, {"a": 1.0}, {"a"})
    assert (policy.max_temperature, policy.verify) == (0.1, 0.5)
    assert (policy.error_bound, policy.min_similarity) == (0.3, 0.9)
    assert cache.semantic is not None
    await cache.close()


@pytest.mark.parametrize("embedder", ["static:/nowhere", "magic", "vendor/model"])
async def test_an_embedder_that_cannot_be_opened_is_a_wrong_setting(
    store: Store, embedder: str
) -> None:
    settings = Settings(cache=CacheSettings(semantic=True, embedder=embedder))
    with pytest.raises(ConfigError, match=r"cache\.embedder"):
        await open_cache(settings, store, SystemClock())


def test_redis_is_named_by_reference_and_must_be_an_address() -> None:
    settings = Settings(cluster=ClusterSettings(redis="env:SOME_REDIS"))
    with pytest.raises(ConfigError, match="SOME_REDIS"):
        open_answers(settings, SystemClock(), {})
    with pytest.raises(ConfigError, match=r"cluster\.redis"):
        open_answers(settings, SystemClock(), {"SOME_REDIS": "not an address"})
    assert isinstance(open_answers(Settings(), SystemClock()), MemoryAnswers)
