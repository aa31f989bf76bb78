"""What was said of many answers is read at once: each source once, each thing of the right one."""

from __future__ import annotations

from teppan.core.clock import FixedClock
from teppan.core.ids import Scope
from teppan.core.trace import Trace
from teppan.store import Store
from teppan.store.feedback import Opinion
from teppan.store.outcomes import Outcome
from teppan.store.spoken import About, Word

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")
ONE, TWO, ALONE = About("tr_1", "e1"), About("tr_2", "e1"), About("tr_3")


async def opened(database: str, clock: FixedClock) -> Store:
    store = await Store.open(database, clock=clock)
    for each in (ONE, TWO, ALONE):
        store.traces.put(
            Trace(
                id=each.trace_id,
                tenant="anna",
                key_id="key-a",
                started=clock.now(),
                asked="m",
                strategy="single",
                status="ok",
                episode=each.episode or None,
            )
        )
    await store.close()
    return await Store.open(database, clock=clock)


def says(value: float, source: str, **about: str) -> Opinion:
    return Opinion(value=value, source=f"user:{source}", **about)


async def test_a_source_counts_once_with_what_it_said_of_the_answer_itself(database: str) -> None:
    store = await opened(database, FixedClock(1_000.0))
    await store.feedback.say(ANNA, says(0.0, "u1", episode="e1"))
    await store.feedback.say(ANNA, says(0.5, "u1", trace_id="tr_1"))
    await store.feedback.say(ANNA, says(1.0, "u1", trace_id="tr_1"))
    await store.feedback.say(ANNA, says(0.25, "u2", trace_id="tr_1"))
    found = await store.spoken.of(ANNA, [ONE, TWO, ALONE])
    assert {id: each.ratings for id, each in found.items()} == {
        "tr_1": (1.0, 0.25),
        "tr_2": (0.0,),
        "tr_3": (),
    }
    assert await store.spoken.of(BEN, [ONE]) == {"tr_1": Word()}
    await store.close()


async def test_good_outcomes_are_of_the_conversation_and_bad_ones_of_the_answer_they_name(
    database: str,
) -> None:
    store = await opened(database, FixedClock(1_000.0))
    await store.outcomes.record(
        ANNA,
        Outcome(metric="booking", value=1.0, episode="e1"),
        Outcome(metric="tool:book", value=1.0, trace_id="tr_2", episode="e1"),
        Outcome(metric="escalated", value=1.0, trace_id="tr_1", episode="e1"),
        Outcome(metric="csat", value=4.0, trace_id="tr_3"),
    )
    await store.corrections.record(ANNA, "tr_3", "First.", source="user:a")
    await store.corrections.record(ANNA, "tr_3", "Second.", source="user:b")
    found = await store.spoken.of(ANNA, [ONE, TWO, ALONE])
    assert found["tr_1"].outcomes == {"booking": 1.0, "tool:book": 1.0, "escalated": 1.0}
    assert found["tr_2"].outcomes == {"booking": 1.0, "tool:book": 1.0}
    assert found["tr_3"] == Word((), {"csat": 4.0}, "Second.")
    await store.close()


async def test_answers_of_which_something_new_was_said_are_named(database: str) -> None:
    clock = FixedClock(1_000.0)
    store = await opened(database, clock)
    said = await store.feedback.say(ANNA, says(1.0, "u1", trace_id="tr_3"))
    await store.feedback.say(ANNA, says(1.0, "u1", trace_id="tr_gone"))
    [alone] = await store.spoken.since(ANNA, 1_000.0)
    assert (alone.trace_id, alone.started) == ("tr_3", 1_000.0)
    assert await store.spoken.since(BEN, 0.0) == []
    clock.advance(100.0)
    await store.outcomes.record(ANNA, Outcome(metric="booking", episode="e1"))
    found = await store.spoken.since(ANNA, 1_050.0)
    assert [(each.trace_id, each.episode) for each in found] == [("tr_1", "e1"), ("tr_2", "e1")]
    clock.advance(100.0)
    await store.corrections.record(ANNA, "tr_1", "Better.")
    await store.feedback.withdraw(ANNA, said.id)
    found = await store.spoken.since(ANNA, 1_150.0)
    assert [each.trace_id for each in found] == ["tr_1", "tr_3"]
    assert (await store.spoken.of(ANNA, [ALONE]))["tr_3"] == Word()
    await store.close()
