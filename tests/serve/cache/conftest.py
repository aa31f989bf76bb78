"""A cache over a real store, with an embedder whose vectors a test chooses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from teppan.core.chat import ChatRequest, Choice, Completion, Usage, say
from teppan.core.clock import FixedClock, seeded_dice
from teppan.core.ids import CountingIds, Scope
from teppan.providers.embed import HashingEmbedder
from teppan.serve.cache import Cache, CachePolicy, Seat
from teppan.serve.cache.entries import EntryShelf
from teppan.serve.cache.semantic import Same, SemanticCache
from teppan.store import Store
from teppan.store.answers import ExactAnswers, MemoryAnswers

MINE = Scope(tenant="mine", key_id="key_1")
YOURS = Scope(tenant="yours", key_id="key_2")
MEGABYTE = 1 << 20


def question(*words: str, **fields: Any) -> ChatRequest:
    """A request whose last message is the last of these texts; those before are the system's."""
    messages = (*(say("system", each) for each in words[:-1]), say("user", words[-1]))
    return ChatRequest(model="a/model", messages=messages, **fields)


def answer(text: str, finish: Any = "stop") -> Completion:
    return Completion("model-1", (Choice(say("assistant", text), finish),), Usage(10, 5), "id-1")


class Compass:
    """An embedder for tests: the vector of a text is what `at` says, else that of its spelling."""

    name = "compass"
    window = 2000

    def __init__(self) -> None:
        self.at: dict[str, Sequence[float]] = {}
        self.asked: list[str] = []
        self.broken: Exception | None = None
        self._spelling = HashingEmbedder(32)
        self.dimensions = 32

    async def embed(self, texts: Sequence[str], observe: Any = None) -> NDArray[np.float32]:
        if self.broken is not None:
            raise self.broken
        self.asked += texts
        rows = self._spelling.vectors(texts)
        for row, text in zip(rows, texts, strict=True):
            if text in self.at:
                row[:] = 0
                row[: len(self.at[text])] = self.at[text]
                row /= np.linalg.norm(row)
        return rows


async def by_text(one: Completion, other: Completion) -> bool:
    return one.text == other.text


Opening = Callable[..., Awaitable[Cache]]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FixedClock) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "teppan.db", clock=clock, durability="process")
    yield opened
    await opened.close()


@pytest.fixture
async def opening(store: Store, clock: FixedClock) -> AsyncIterator[Opening]:
    """`await opening(embedder=..., same=..., exact=..., **policy)` gives a cache."""
    opened: list[Cache] = []

    async def make(
        embedder: Any = None,
        same: Same = by_text,
        exact: ExactAnswers | None = None,
        entries: int = 1000,
        on: bool = True,
        **settings: Any,
    ) -> Cache:
        policy = CachePolicy(exact=on, **settings)
        semantic = None
        if policy.semantic:
            semantic = SemanticCache(
                embedder or Compass(),
                await store.open_vectors(),
                store.cache,
                same,
                EntryShelf(entries, MEGABYTE),
                bound=policy.error_bound,
                floor=policy.min_similarity,
                clock=clock,
            )
            await semantic.load(entries)
        cache = Cache(
            policy,
            MemoryAnswers(MEGABYTE, clock) if exact is None else exact,
            store.cache,
            store.traces,
            semantic,
            clock=clock,
            new_id=CountingIds(),
            dice=seeded_dice(1),
        )
        opened.append(cache)
        return cache

    yield make
    for cache in opened:
        await cache.close()


async def take(cache: Cache, request: ChatRequest, scope: Scope = MINE, **how: Any) -> Seat:
    """A seat; on a miss it must be given back."""
    how = {"version": "v1", "intent": None, "deadline": 2e9} | how
    return await cache.look(request, scope, **how)


async def look(cache: Cache, request: ChatRequest, scope: Scope = MINE, **how: Any) -> Seat:
    """What is remembered; a seat that nobody needs is given back."""
    seat = await take(cache, request, scope, **how)
    seat.drop()
    return seat


async def ask(
    cache: Cache,
    request: ChatRequest,
    text: str,
    scope: Scope = MINE,
    trace: str = "tr_1",
    **how: Any,
) -> Seat:
    """Looks, and on a miss keeps this answer; when it returns the answer is remembered."""
    seat = await take(cache, request, scope, **how)
    if seat.hit is None:
        seat.keep(answer(text), "a/model", trace, 100)
        await cache.settled()
    return seat
