"""What an index of vectors does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from teppan.core.ids import Scope

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Near(NamedTuple):
    """One found vector; `similarity` is the cosine."""

    id: str
    similarity: float


class Vectors(Protocol):
    """Rows of length one, by tenant and partition; no query ever leaves its partition.

    `add` replaces the row of an id. Everything may raise `StoreError`. `shared` says that the rows
    are in the database, where all gateways see them.
    """

    shared: bool

    async def add(
        self, scope: Scope, partition: str, id: str, vector: NDArray[np.float32]
    ) -> None: ...

    async def nearest(
        self, scope: Scope, partition: str, vector: NDArray[np.float32], count: int
    ) -> list[Near]:
        """The most similar rows, the nearest first."""

    async def remove(self, scope: Scope, ids: Sequence[str]) -> None:
        """Ids that are not there are no error."""

    async def erase(self, scope: Scope) -> None:
        """All rows of the tenant."""

    async def count(self, scope: Scope) -> int: ...
