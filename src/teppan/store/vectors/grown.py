"""Partitions that have outgrown exact search move into an index of usearch (HNSW).

Malkov and Yashunin 2018. Without the package they stay exact, which is right but slower; that is
said once.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from teppan.core.ids import Scope
from teppan.store.vectors.base import Near
from teppan.store.vectors.exact import Block, ExactVectors

LIMIT = 100_000
"""Vectors of one partition that are searched exactly."""

log = structlog.get_logger(__name__)


class GrownVectors:
    """Exact below `limit` vectors of a partition, indexed above."""

    shared = False

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._exact = ExactVectors()
        self._graphs: dict[tuple[str, str], Graph] = {}
        self._places: dict[tuple[str, str], str] = {}
        self._can = importlib.util.find_spec("usearch") is not None
        self._said = False

    async def add(self, scope: Scope, partition: str, id: str, vector: NDArray[np.float32]) -> None:
        at = (scope.tenant, partition)
        if at in self._graphs:
            self._exact.drop(scope.tenant, id)
            self._graphs[at].add(id, vector)
            self._places[scope.tenant, id] = partition
            return
        block = self._exact.put(scope.tenant, partition, id, vector)
        if len(block) > self._limit and self._ready(len(block)):
            await self._move(at)

    async def nearest(
        self, scope: Scope, partition: str, vector: NDArray[np.float32], count: int
    ) -> list[Near]:
        graph = self._graphs.get((scope.tenant, partition))
        if graph is None:
            return await self._exact.nearest(scope, partition, vector, count)
        return graph.nearest(vector, count)

    async def remove(self, scope: Scope, ids: Sequence[str]) -> None:
        await self._exact.remove(scope, ids)
        for id in ids:
            partition = self._places.pop((scope.tenant, id), None)
            if partition is not None:
                self._graphs[scope.tenant, partition].remove(id)

    async def erase(self, scope: Scope) -> None:
        await self._exact.erase(scope)
        self._graphs = {at: each for at, each in self._graphs.items() if at[0] != scope.tenant}
        self._places = {at: each for at, each in self._places.items() if at[0] != scope.tenant}

    async def count(self, scope: Scope) -> int:
        grown = sum(len(each) for at, each in self._graphs.items() if at[0] == scope.tenant)
        return grown + await self._exact.count(scope)

    def _ready(self, size: int) -> bool:
        if not self._can and not self._said:
            self._said = True
            log.warning(
                "vectors are searched one by one; `pip install 'teppan[vectors]'` for an index",
                vectors=size,
            )
        return self._can

    async def _move(self, at: tuple[str, str]) -> None:
        """Fill the graph in a thread; what is added or removed meanwhile follows."""
        tenant, partition = at
        block = self._exact.take(tenant, partition)
        if block is None:
            return
        ids, rows = list(block.ids), block.rows.copy()
        graph = Graph(rows.shape[1], block)
        self._graphs[at] = graph
        self._places |= {(tenant, id): partition for id in ids}
        await asyncio.to_thread(graph.fill, rows)
        graph.settle(ids)


class Graph:
    """One partition in usearch. While it is built, the block that it was answers."""

    def __init__(self, dimensions: int, block: Block) -> None:
        from usearch.index import Index

        self._index: Any = Index(ndim=dimensions, metric="cos", dtype="f32")
        self._dimensions = dimensions
        self._block: Block | None = block
        self._numbers: dict[str, int] = {}
        self._ids: dict[int, str] = {}
        self._next = 0
        self._late: list[tuple[str, NDArray[np.float32] | None]] = []

    def __len__(self) -> int:
        return len(self._block) if self._block is not None else len(self._numbers)

    def fill(self, rows: NDArray[np.float32]) -> None:
        """The work of minutes, in a thread; touches only the index."""
        self._index.add(np.arange(len(rows), dtype=np.uint64), rows)

    def settle(self, ids: Sequence[str]) -> None:
        """From now on the index answers."""
        self._numbers = {id: number for number, id in enumerate(ids)}
        self._ids = dict(enumerate(ids))
        self._next = len(ids)
        self._block, late = None, self._late
        for id, vector in late:
            self.remove(id)
            if vector is not None:
                self.add(id, vector)

    def add(self, id: str, vector: NDArray[np.float32]) -> None:
        if self._block is not None:
            self._drop_from_block(id)
            self._block.add(id, vector)
            self._late.append((id, vector))
            return
        if id in self._numbers:
            self.remove(id)
        number = self._next
        self._next += 1
        self._index.add(number, vector)
        self._numbers[id], self._ids[number] = number, id

    def remove(self, id: str) -> None:
        if self._block is not None:
            self._drop_from_block(id)
            self._late.append((id, None))
            return
        number = self._numbers.pop(id, None)
        if number is not None:
            del self._ids[number]
            self._index.remove(number)

    def nearest(self, vector: NDArray[np.float32], count: int) -> list[Near]:
        if self._block is not None:
            return self._block.nearest(vector, count)
        if len(vector) != self._dimensions or not self._numbers:
            return []
        found = self._index.search(vector, count)
        return [
            Near(self._ids[number], 1.0 - float(distance))
            for number, distance in zip(found.keys.tolist(), found.distances.tolist(), strict=True)
            if number in self._ids
        ]

    def _drop_from_block(self, id: str) -> None:
        if self._block is not None and id in self._block:
            self._block.remove(id)
