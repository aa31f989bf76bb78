"""Traces in the store become examples, with what was said and came of them."""

from __future__ import annotations

import time
from pathlib import Path

from msgspec.structs import replace

from learn.test_gathering import ONE, TWO
from teppan.build.learning import gathered, open_gatherer
from teppan.config.schema import Settings
from teppan.core.ids import LOCAL
from teppan.store import Store
from teppan.store.outcomes import Outcome


async def test_what_people_said_and_what_came_of_it_makes_an_example(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "teppan.db", durability="process")
    now = time.time()
    for number, trace in enumerate((ONE, TWO)):
        store.traces.put(replace(trace, tenant="local", started=now + number))
    while store.traces.waiting or await store.traces.get(LOCAL, "tr_2") is None:
        await store.escalations.list(LOCAL)  # the writer takes its turn
    settings = Settings(learn={"terms": {"openllm": "free"}})
    gatherer = open_gatherer(settings, None, store)

    first = await gathered(gatherer, store, LOCAL, now - 1)
    assert first.traces == 2
    assert not any(each.trains for each in await store.signals.list(LOCAL))

    await store.feedback.record(LOCAL, "tr_1", "rating", 1.0)
    await store.outcomes.record(LOCAL, Outcome(metric="booking", trace_id="tr_1"))
    again = await gathered(gatherer, store, LOCAL, now - 1)
    example = await store.signals.get(LOCAL, "tr_1")
    assert example is not None
    assert example.trains
    assert example.score.part("sentiment").value is not None
    assert (example.user, example.outcomes) == ("u1", {"booking": 1.0})
    assert again.traces == 2
    assert (await store.signals.totals(LOCAL)).trains == 1
    await store.close()
