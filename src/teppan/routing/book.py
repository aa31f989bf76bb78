"""The records of an adaptive router: kept in the store, remembered here.

The store is the truth: a reward is added there, exactly once, and the sums it answers with (which
hold what other gateways saw) replace those in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from teppan.core.money import Micros
from teppan.routing.bandit import NEW, Arm

Source = Literal["verdict", "feedback"]
"""Who said how good an answer was: what people say replaces what was guessed at once."""

Arms = Mapping[tuple[str, str], Arm]
"""Records by (category, model)."""


class Reward(Struct, frozen=True):
    """How good one answer was, in [0, 1], and what it cost."""

    category: str
    model: str
    quality: float
    cost: Micros
    trace_id: str
    source: Source = "feedback"


class Records(Protocol):
    """Where the records are kept: `build/routing.py` joins it to `store/bandit.py`."""

    async def load(self, router: str) -> Arms: ...

    async def add(self, router: str, reward: Reward) -> Arm:
        """The record after the reward, which counts once for its trace and model."""


class Book:
    """The records of one router (the name of its virtual model)."""

    def __init__(self, router: str, records: Records) -> None:
        self.router = router
        self._records = records
        self._arms: dict[tuple[str, str], Arm] = {}

    async def refresh(self) -> None:
        """Takes over what the store has: at the start, and now and then for other gateways."""
        self._arms = dict(await self._records.load(self.router))

    def arms(self, category: str, models: Sequence[str]) -> dict[str, Arm]:
        """The record of each model on this category; a new one where it has none."""
        return {model: self._arms.get((category, model), NEW) for model in models}

    async def reward(self, reward: Reward) -> Arm:
        """Adds a reward, durable when this returns: the record it made."""
        arm = await self._records.add(self.router, reward)
        self._arms[reward.category, reward.model] = arm
        return arm
