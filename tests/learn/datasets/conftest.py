"""A store in a file, and a desk at which training sets are built of given signals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dataset_signals import MakeDesk
from teppan.core.clock import FixedClock
from teppan.core.ids import Scope
from teppan.core.signal import Signal
from teppan.learn.datasets.building import Desk
from teppan.learn.datasets.evaluation import EvaluationSet
from teppan.learn.datasets.leaks import LeakCheck
from teppan.learn.datasets.making import NO_ORIGIN, Origin
from teppan.learn.privacy.detector import PatternDetector
from teppan.learn.privacy.scrub import Scrubber
from teppan.learn.signals import terms_by
from teppan.store import Store

TERMS = terms_by({"ollama": "free", "mistral": "own", "grim": "restricted"})


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "sets.db", clock=FixedClock(), durability="process")
    yield opened
    await opened.close()


@pytest.fixture
def desk(store: Store) -> MakeDesk:
    def make(
        *sets: EvaluationSet, origins: dict[str, Origin] | None = None, **more: object
    ) -> Desk:
        async def origin_of(scope: Scope, signal: Signal) -> Origin:
            return (origins or {}).get(signal.trace_id, NO_ORIGIN)

        fields: dict[str, object] = {
            "signals": store.signals,
            "datasets": store.datasets,
            "scrubber": Scrubber(PatternDetector(), ("en",)),
            "origin_of": origin_of,
            "terms_of": TERMS,
            "check": LeakCheck(sets),
        }
        return Desk(**(fields | more))  # type: ignore[arg-type]

    return make
