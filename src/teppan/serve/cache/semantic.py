"""Answers by meaning: near questions that no guard keeps apart, served when that was learned to be
right.

Everything is found inside one partition of one tenant. Whether two answers say the same is decided
by whoever is handed in as `same`; questions whose answers do are *kin*.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from msgspec import Struct

from teppan.core.chat import ChatRequest, Completion
from teppan.core.clock import Clock
from teppan.core.ids import Scope
from teppan.core.trace import Remembered
from teppan.serve.cache.entries import Entry, EntryShelf
from teppan.serve.cache.guards import differ
from teppan.serve.cache.key import partition_of
from teppan.serve.cache.learner import KEPT, Learner, Signs
from teppan.serve.cache.reading import Reading, Readings
from teppan.store.cache import CacheRecords, Check, How, Kept
from teppan.store.vectors.base import Vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from teppan.providers.caller import Observe
    from teppan.providers.embed import Embedder

NEIGHBOURS = 16
CANDIDATES = 8
"""How many near questions are looked at, and among how many the one that may answer is sought."""
STEEP = 12.0
"""How fast a neighbour's vote fades with its distance: to a third over 0.09 of similarity."""
FAR = 0.3
"""The similarity of whatever is not among the neighbours."""
FEWEST = 2
"""Words of content that a question needs: `yes` means nothing without what was said before."""
PERSONAL_DIGITS = 6
"""A number this long is somebody's, unless it is round: an order, an account, a phone."""
SAME_WORDS = Signs(1.0, 1.0, 1.0, 0)
"""Stands where nothing was judged: the question was the remembered one in other clothes."""
TENANTS = 1000

Same = Callable[[Completion, Completion], Awaitable[bool]]
"""Whether two answers say the same."""


class Found(Struct, frozen=True):
    """What was found for one question.

    `candidate` might answer it: judged by `signs`, or (`signs` is None) the very same words in
    other clothes. `serve` says that it may. `near` are the neighbours, the nearest first.
    """

    reading: Reading
    question: str
    partition: str
    candidate: Entry | None = None
    signs: Signs | None = None
    serve: bool = False
    vector: NDArray[np.float32] | None = None
    near: tuple[Entry, ...] = ()


class SemanticCache:
    """`load` reads what an earlier process kept. Times are seconds, shares in [0, 1]."""

    def __init__(
        self,
        embedder: Embedder,
        vectors: Vectors,
        records: CacheRecords,
        same: Same,
        shelf: EntryShelf,
        *,
        bound: float,
        floor: float,
        clock: Clock,
    ) -> None:
        self._embedder = embedder
        self._vectors = vectors
        self._records = records
        self.same = same
        self._shelf = shelf
        self._bound = bound
        self._floor = floor
        self._clock = clock
        self._read = Readings().of
        self._learners: OrderedDict[str, Learner] = OrderedDict()

    async def load(self, limit: int) -> int:
        """Reads the newest answers from the store; returns how many."""
        rows = await self._records.load(self._embedder.name, self._clock.now(), limit)
        for kept in rows:
            if kept.embedding and not self._vectors.shared:
                vector = np.frombuffer(kept.embedding, "<f4")
                await self._vectors.add(_scope(kept.tenant), kept.partition, kept.id, vector)
            await self._shelve(self._entry(kept))
        return len(rows)

    async def find(
        self,
        request: ChatRequest,
        scope: Scope,
        version: str,
        *,
        max_age: float | None,
        observe: Observe | None,
    ) -> Found | None:
        """What is known that might answer; `None` when the question cannot be asked by meaning."""
        question = request.question
        reading = self._read(question)
        if len(set(reading.content)) < FEWEST or personal(reading):
            return None
        partition = partition_of(scope, request, version)
        twin = self._shelf.by_words(scope.tenant, partition, reading.key)
        if twin is not None and await self._holds(scope, twin, reading, max_age):
            self._shelf.touch(twin)
            return Found(reading, question, partition, twin, serve=True)
        if len(question) > self._embedder.window:
            return Found(reading, question, partition)
        vector = (await self._embedder.embed([question], observe))[0]
        near = await self._neighbours(scope, partition, vector, max_age)
        found = Found(reading, question, partition, vector=vector, near=tuple(e for e, _ in near))
        return await self._judged(scope, found, near)

    async def remember(
        self,
        found: Found,
        scope: Scope,
        completion: Completion,
        kept: Kept,
    ) -> None:
        """Learns from a fresh answer whether the candidate would have done, then keeps it.

        `kept` is the row to be, without kin and embedding. A question too long to be embedded
        whole is found by its very words alone.
        """
        kin = await self._kin(completion, found.near)
        if found.candidate is not None and found.signs is not None:
            same = found.candidate.kept.kin == kin
            entry = found.candidate.kept
            await self._learn(
                scope, entry.id, entry.kin, found.signs, same, "explored", kept.trace_id
            )
        kept = msgspec.structs.replace(
            kept,
            kin=kin or kept.id,
            embedder=self._embedder.name,
            embedding=b"" if found.vector is None else found.vector.astype("<f4").tobytes(),
        )
        written = self._records.put(kept)
        if written is not None:
            await asyncio.wait((written,))
        if found.vector is not None:
            await self._vectors.add(scope, kept.partition, kept.id, found.vector)
        await self._shelve(Entry(_light(kept), completion, found.reading.key))

    async def learn(
        self, scope: Scope, hit: Remembered, same: bool, how: How, trace_id: str
    ) -> None:
        """What became known of a hit that was served."""
        signs = Signs(*hit.signs[:3], int(hit.signs[3])) if len(hit.signs) == 4 else SAME_WORDS
        await self._learn(scope, hit.entry, hit.kin, signs, same, how, trace_id)

    async def evict(self, scope: Scope, ids: Sequence[str]) -> None:
        """Gone everywhere when this returns."""
        for id in ids:
            self._shelf.drop(scope.tenant, id)
        await self._vectors.remove(scope, ids)
        await self._records.remove(scope, ids)

    async def of_trace(self, scope: Scope, trace_id: str) -> list[str]:
        """The entries whose answer was first given in this trace."""
        here = self._shelf.of_trace(scope.tenant, trace_id)
        return sorted({*here, *await self._records.of_trace(scope, trace_id)})

    async def erase(self, scope: Scope) -> None:
        """Everything of this tenant."""
        self._shelf.drop_all(scope.tenant)
        self._learners.pop(scope.tenant, None)
        await self._vectors.erase(scope)
        await self._records.erase(scope)

    async def learner(self, scope: Scope) -> Learner:
        """This tenant's; reads what it had learned before."""
        known = self._learners.get(scope.tenant)
        if known is not None:
            self._learners.move_to_end(scope.tenant)
            return known
        checks = await self._records.checks(scope, KEPT)
        known = self._learners.get(scope.tenant)  # another may have read meanwhile
        if known is None:
            known = self._learners[scope.tenant] = Learner(self._bound)
            known.relearn(
                (_signs_of(each), each.kin, each.same, each.how == "verified")
                for each in checks
                if _signs_of(each) != SAME_WORDS
            )
            while len(self._learners) > TENANTS:
                self._learners.popitem(last=False)
        return known

    # --- the parts ---------------------------------------------------------------------------

    async def _neighbours(
        self, scope: Scope, partition: str, vector: NDArray[np.float32], max_age: float | None
    ) -> list[tuple[Entry, float]]:
        """Entries with their similarities, the nearest first; none that has expired."""
        near = await self._vectors.nearest(scope, partition, vector, NEIGHBOURS)
        entries: dict[str, Entry | None] = {
            each.id: self._shelf.get(scope.tenant, each.id) for each in near
        }
        missing = [id for id, entry in entries.items() if entry is None]
        if missing and self._vectors.shared:
            for kept in await self._records.get(scope, missing):
                if kept.embedder == self._embedder.name:
                    loaded = entries[kept.id] = self._entry(kept)
                    await self._shelve(loaded)
        found = []
        for each in near:
            entry = entries[each.id]
            if entry is not None and self._fresh(entry, max_age):
                found.append((entry, each.similarity))
        return found

    async def _judged(
        self, scope: Scope, found: Found, near: Sequence[tuple[Entry, float]]
    ) -> Found:
        """The same with the nearest that no guard keeps apart, and whether to serve it."""
        for entry, similarity in near[:CANDIDATES]:
            if similarity < self._floor:
                break
            if differ(self._read(entry.kept.question), found.reading) is not None:
                continue
            if entry.words == found.reading.key:
                serve, signs = True, None
            else:
                signs = signs_of(entry, similarity, near)
                serve = (await self.learner(scope)).serves(signs, entry.kept.kin)
            if serve and await self._alive(scope, entry):
                self._shelf.touch(entry)
                return msgspec.structs.replace(found, candidate=entry, signs=signs, serve=True)
            return msgspec.structs.replace(found, candidate=entry, signs=signs)
        return found

    async def _holds(
        self, scope: Scope, twin: Entry, reading: Reading, max_age: float | None
    ) -> bool:
        if not self._fresh(twin, max_age) or differ(self._read(twin.kept.question), reading):
            return False
        return await self._alive(scope, twin)

    async def _alive(self, scope: Scope, entry: Entry) -> bool:
        """Whether nobody has taken it out meanwhile: another gateway, `teppan cache clear`."""
        alive = await self._records.alive(scope, entry.kept.id)
        if not alive:
            self._shelf.drop(scope.tenant, entry.kept.id)
            await self._vectors.remove(scope, [entry.kept.id])
        return alive

    def _fresh(self, entry: Entry, max_age: float | None) -> bool:
        now = self._clock.now()
        young = max_age is None or now - entry.kept.created <= max_age
        return young and entry.kept.expires > now

    async def _kin(self, completion: Completion, near: Sequence[Entry]) -> str | None:
        """Whose answer the fresh one repeats."""
        compared = set()
        for entry in near:
            if entry.kept.kin not in compared:
                compared.add(entry.kept.kin)
                if await self.same(entry.completion, completion):
                    return entry.kept.kin
        return None

    async def _learn(
        self, scope: Scope, entry: str, kin: str, signs: Signs, same: bool, how: How, trace_id: str
    ) -> None:
        if signs != SAME_WORDS:
            learner = await self.learner(scope)
            learner.learn(signs, kin, same, verified=how == "verified")
        self._records.learn(
            Check(
                id=f"chk_{trace_id}_{how}",
                tenant=scope.tenant,
                entry=entry,
                kin=kin,
                trace_id=trace_id,
                similarity=signs.similarity,
                lead=signs.lead,
                share=signs.share,
                votes=signs.votes,
                same=same,
                how=how,
                at=self._clock.now(),
            )
        )

    async def _shelve(self, entry: Entry) -> None:
        gone = self._shelf.add(entry)
        if gone and not self._vectors.shared:
            for each in gone:
                await self._vectors.remove(_scope(each.kept.tenant), [each.kept.id])

    def _entry(self, kept: Kept) -> Entry:
        completion = msgspec.json.decode(kept.answer, type=Completion)
        return Entry(_light(kept), completion, self._read(kept.question).key)


def signs_of(entry: Entry, similarity: float, near: Sequence[tuple[Entry, float]]) -> Signs:
    """What speaks for this entry among its neighbours."""
    kin = entry.kept.kin
    nearest = near[0][1]
    rival = max((each for other, each in near if other.kept.kin != kin), default=FAR)
    votes = [math.exp(STEEP * (each - nearest)) for _, each in near]
    own = [vote for vote, (other, _) in zip(votes, near, strict=True) if other.kept.kin == kin]
    return Signs(similarity, similarity - max(rival, FAR), sum(own) / sum(votes), len(own))


def personal(reading: Reading) -> bool:
    """Whether the question is about somebody's own: an address, an order, an account."""
    return any("@" in code for code in reading.codes) or any(
        sum(map(str.isdigit, each.value)) >= PERSONAL_DIGITS and not each.value.endswith("000")
        for each in reading.figures
    )


def _signs_of(check: Check) -> Signs:
    return Signs(check.similarity, check.lead, check.share, check.votes)


def _light(kept: Kept) -> Kept:
    return msgspec.structs.replace(kept, embedding=b"")


def _scope(tenant: str) -> Scope:
    return Scope(tenant=tenant, key_id="")
