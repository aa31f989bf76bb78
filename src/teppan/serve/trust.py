"""How much each model is trusted with each kind of task, while serving.

Trust is read for every weighing and learned from every judged answer; each step is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from teppan.core.clock import Clock
from teppan.core.verdict import TrustUpdate
from teppan.estimate import trust

ANY = "any"
"""The task type of a request that names none."""


class TrustRecords(Protocol):
    def put(self, update: TrustUpdate) -> None:
        """Keeps the update; never blocks."""


class TrustBook:
    """The live trust scores. `scores` is what the store had at the start."""

    def __init__(
        self, scores: Mapping[tuple[str, str], float], records: TrustRecords, clock: Clock
    ) -> None:
        self._scores = dict(scores)
        self._records = records
        self._clock = clock

    def of(self, model: str, task_type: str | None) -> float:
        """Trust in [floor, 1]; that of any task when this kind was never seen, else the prior."""
        known = self._scores.get((model, task_type or ANY))
        return known if known is not None else self._scores.get((model, ANY), trust.PRIOR)

    def learn(
        self, qualities: Mapping[str, float], task_type: str | None, trace_id: str
    ) -> tuple[TrustUpdate, ...]:
        """Moves trust towards the qualities seen, for this kind of task and for any."""
        updates = []
        for model, quality in qualities.items():
            for kind in dict.fromkeys((task_type or ANY, ANY)):
                before = self._scores.get((model, kind), self.of(model, kind))
                after = trust.updated(before, quality)
                update = TrustUpdate(
                    model, kind, before, after, quality, trace_id, self._clock.now()
                )
                self._scores[model, kind] = after
                self._records.put(update)
                updates.append(update)
        return tuple(updates)
