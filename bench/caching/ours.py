"""The shipped cache, replayed: the model behind it answers with the name of the intent.

What the dataset calls one intent is one answer, so `same` is plain equality; a live gateway
compares answers by `serve/cache/sameness.py`. Each question is looked up before anything is
learned from it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from caching.data import Asked, Pair
from teppan.core.chat import ChatRequest, Choice, Completion, say
from teppan.core.clock import SystemClock, seeded_dice
from teppan.core.ids import CountingIds, Scope
from teppan.providers.embed import Embedder
from teppan.serve.cache import Cache, CachePolicy, semantic
from teppan.serve.cache.entries import EntryShelf
from teppan.serve.cache.semantic import SemanticCache
from teppan.store import Store
from teppan.store.answers import MemoryAnswers

SCOPE = Scope(tenant="bench", key_id="bench")
ROOM = 1 << 30


class Vectors:
    """An embedder whose work was done before: every policy is given the same vectors."""

    def __init__(self, embedder: Embedder, texts: Sequence[str], rows: NDArray[np.float32]) -> None:
        self.name, self.window = embedder.name, embedder.window
        self.dimensions = rows.shape[1]
        self.rows = dict(zip(texts, rows, strict=True))

    async def embed(self, texts: Sequence[str], observe: object = None) -> NDArray[np.float32]:
        return np.stack([self.rows[text] for text in texts])


class Replayed(Struct):
    """Counts of a stream; `verified` hits were asked again, which costs a call each."""

    asked: int = 0
    right: int = 0
    wrong: int = 0
    verified: int = 0
    curve: list[tuple[int, int, int]] = []

    @property
    def right_share(self) -> float:
        return self.right / max(1, self.asked)

    @property
    def wrong_share(self) -> float:
        return self.wrong / max(1, self.right + self.wrong)


class Bench:
    """A cache over a store in a temporary folder; `close` when done."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="teppan-bench-")

    async def open(self, vectors: Vectors, **settings: float) -> Cache:
        clock = SystemClock()
        self.store = await Store.open(
            Path(self.folder.name) / "bench.db", durability="process", clock=clock
        )
        policy = CachePolicy(semantic=True, ttl=86_400.0, **settings)
        self.cache = Cache(
            policy,
            MemoryAnswers(ROOM, clock),
            self.store.cache,
            self.store.traces,
            SemanticCache(
                vectors,
                await self.store.open_vectors(),
                self.store.cache,
                by_text,
                EntryShelf(1_000_000, ROOM),
                bound=policy.error_bound,
                floor=policy.min_similarity,
                clock=clock,
            ),
            clock=clock,
            new_id=CountingIds(),
            dice=seeded_dice(7),
        )
        return self.cache

    async def close(self) -> None:
        await self.cache.close()
        await self.store.close()
        self.folder.cleanup()


async def by_text(one: Completion, other: Completion) -> bool:
    return one.text == other.text


@contextmanager
def without_guards(off: bool) -> Iterator[None]:
    """The shipped cache with its guards taken out, for comparison."""
    guard = semantic.differ
    if off:
        semantic.differ = lambda one, other: None
    try:
        yield
    finally:
        semantic.differ = guard


async def ask(cache: Cache, text: str, answer: str, place: str = "") -> tuple[str | None, bool]:
    """The remembered answer and whether it is verified; on a miss `answer` is kept."""
    messages = (say("system", place), say("user", text)) if place else (say("user", text),)
    request = ChatRequest(model="bench/model", messages=messages)
    seat = await cache.look(request, SCOPE, version="1", intent=None, deadline=1e12)
    if seat.hit is None:
        completion = Completion("model", (Choice(say("assistant", answer), "stop"),))
        seat.keep(completion, "bench/model", f"tr_{id(seat)}_{text[:40]}_{place}", 100)
        await cache.settled()
        return None, False
    if seat.verify:
        await seat.checked(seat.hit.text == answer)
    return seat.hit.text, seat.verify


async def replay(cache: Cache, stream: Sequence[Asked], place: str = "") -> Replayed:
    found = Replayed()
    for number, each in enumerate(stream, 1):
        given, verified = await ask(cache, each.text, each.intent, place)
        found.asked += 1
        found.verified += verified
        if given is not None:
            found.right += given == each.intent
            found.wrong += given != each.intent
        if number % 500 == 0:
            found.curve.append((number, found.right, found.wrong))
    return found


async def accepted(cache: Cache, some: Sequence[Pair], place: str) -> dict[str, tuple[int, int]]:
    """By kind: how many of the second texts were answered from the first, of how many."""
    counts: dict[str, tuple[int, int]] = {}
    for number, pair in enumerate(some):
        at = f"{place} {number}"
        await ask(cache, pair.one, "answer", at)
        given, _ = await ask(cache, pair.other, "answer" if pair.same else "another", at)
        kind = f"{pair.source} {pair.kind}"
        hits, asked = counts.get(kind, (0, 0))
        counts[kind] = (hits + (given is not None), asked + 1)
    return counts
