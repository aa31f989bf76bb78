"""Traces in the store become examples, with what was said and came of them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from learn.test_gathering import ONE, OTHER, TWO
from teppan.build import learning
from teppan.build.learning import gathered, open_gatherer
from teppan.config.schema import Settings
from teppan.core.ids import LOCAL
from teppan.core.signal import Signal
from teppan.core.trace import Trace
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


DAY = 86_400.0


async def kept(folder: Path, *traces: Trace) -> Store:
    """A store that holds these traces of the local tenant."""
    store = await Store.open(folder / "teppan.db", durability="process")
    for each in traces:
        store.traces.put(replace(each, tenant="local"))
    await store.close()
    return await Store.open(folder / "teppan.db", durability="process")


def mood(signal: Signal | None) -> float | None:
    return signal.score.part("sentiment").value if signal is not None else None


async def test_a_conversation_over_two_pages_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "PAGE", 1)
    store = await kept(tmp_path, ONE, TWO)
    gatherer = open_gatherer(Settings(learn={"collect": 0.0}), None, store)
    assert (await gathered(gatherer, store, LOCAL, 0.0)).new == 2
    assert mood(await store.signals.get(LOCAL, "tr_1")) is not None
    await store.close()


@pytest.mark.parametrize("episode", ["e1", None])
async def test_what_is_told_days_later_changes_the_score_of_its_trace_alone(
    tmp_path: Path, episode: str | None
) -> None:
    one, two = (replace(each, episode=episode, started=each.started) for each in (ONE, TWO))
    store = await kept(tmp_path, one, two, replace(OTHER, started=9 * DAY))
    gatherer = open_gatherer(Settings(learn={"collect": 0.0}), None, store)
    await gathered(gatherer, store, LOCAL, 0.0)
    before = {each.trace_id: each for each in await store.signals.list(LOCAL)}

    await store.outcomes.record(LOCAL, Outcome(metric="abandoned", trace_id="tr_1"))
    again = await gathered(gatherer, store, LOCAL, time.time() - DAY)
    after = {each.trace_id: each for each in await store.signals.list(LOCAL)}
    assert (again.traces, again.new) == (1, 0)
    assert after["tr_1"].outcomes == {"abandoned": 1.0}
    assert mood(after["tr_1"]) == mood(before["tr_1"]) is not None
    assert (after["tr_2"], after["tr_3"]) == (before["tr_2"], before["tr_3"])
    assert set(before) == set(after)
    await store.close()
