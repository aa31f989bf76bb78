"""Runs and what became of their tasks are durable, each once; nobody sees another tenant's."""

from __future__ import annotations

from msgspec.structs import replace

from teppan.core.chat import say
from teppan.core.clock import FixedClock
from teppan.core.ids import Scope
from teppan.core.signal import Provenance, Score, Signal
from teppan.core.trace import ModelCall
from teppan.store import Store
from teppan.store.distil import Result, Run, key_of
from teppan.store.erasing import reached
from teppan.store.shadow_words import ShadowSaid
from teppan.store.tables.distil import distil_tasks, shadow_words

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")
RUN = Run(name="prices", model="support", made_of="m1", budget=5_000_000)


def result(number: int, **more: object) -> Result:
    made = Result(task=f"task{number}", state="kept", judged="j1", answered=f"tr_{number}", cost=7)
    return replace(made, **more)


def call(number: int, key: str, cost: int | None) -> ModelCall:
    return ModelCall(
        id=f"call_{key}_{number}",
        trace_id="tr",
        model="a/b",
        role="teacher",
        outcome="ok",
        cost=cost,
        started=float(number),
    )


async def test_a_run_that_begins_again_keeps_when_it_began(store: Store, clock: FixedClock) -> None:
    began = clock.now()
    assert await store.distil.begin(ANNA, RUN) is None
    clock.advance(60)
    before = await store.distil.begin(ANNA, replace(RUN, budget=9))
    assert before is not None
    assert (before.budget, before.started) == (RUN.budget, began)
    (found,) = await store.distil.list(ANNA)
    assert (found.run.budget, found.run.started, found.run.changed) == (9, began, began + 60)
    assert await store.distil.list(BEN) == []
    assert await store.distil.standing(BEN, "prices") is None


async def test_a_task_that_is_judged_again_is_the_same_row(store: Store, clock: FixedClock) -> None:
    await store.distil.begin(ANNA, RUN)
    await store.distil.put(ANNA, "prices", [result(1), result(2, state="dropped", cost=None)])
    await store.distil.put(BEN, "prices", [result(3)])
    clock.advance(1)
    again = result(1, state="failed", kinds=("cut",), reasons=("it was cut",))
    await store.distil.put(ANNA, "prices", [again])
    found = await store.distil.results(ANNA, "prices")
    assert [(each.task, each.state) for each in found] == [
        ("task2", "dropped"),
        ("task1", "failed"),
    ]
    assert replace(found[1], at=0.0) == again
    standing = await store.distil.standing(ANNA, "prices")
    assert standing is not None
    assert (standing.kept, standing.dropped, standing.failed) == (0, 1, 1)


def example(trace_id: str) -> Signal:
    return Signal(
        id=f"sig_{trace_id}",
        tenant="anna",
        trace_id=trace_id,
        episode=None,
        messages=(say("user", "What do adults pay?"),),
        chosen="$55",
        score=Score(0.95),
        provenance=Provenance("a/b", source="distilled"),
    )


async def test_an_answer_that_stands_in_for_another_takes_its_example_away(store: Store) -> None:
    async def kept() -> list[str]:
        return [each.trace_id for each in await store.signals.list(ANNA)]

    await store.signals.put(ANNA, [example("tr_1"), example("tr_other")])
    await store.distil.put(ANNA, "prices", [result(1)])
    await store.distil.put(ANNA, "prices", [result(1)])
    assert await kept() == ["tr_1", "tr_other"]
    await store.signals.put(ANNA, [example("tr_2")])
    await store.distil.put(ANNA, "prices", [result(1, answered="tr_2")])
    assert await kept() == ["tr_2", "tr_other"]
    await store.distil.put(ANNA, "prices", [result(1, answered="tr_2", state="dropped")])
    assert await kept() == ["tr_other"]


async def test_what_a_run_has_cost_is_what_the_ledger_says_of_its_key(store: Store) -> None:
    key = key_of("prices")
    mine, other = Scope("anna", key), Scope("anna", "key-a")
    await store.ledger.append(mine, [call(1, "x", 5), call(9, "x", 6), call(2, "x", None)])
    await store.ledger.append(other, [call(3, "y", 100)])
    await store.distil.begin(ANNA, RUN)
    assert await store.distil.spent(ANNA, key) == 11
    assert await store.distil.spent(ANNA, key, since=5.0) == 6
    assert await store.distil.spent(BEN, key) == 0
    (found,) = await store.distil.list(ANNA)
    assert found.spent == 11


SAID = ShadowSaid(
    id="tr_s1",
    trace_id="tr_1",
    model="b/small",
    text="It is $605.",
    likeness=0.5,
    same=False,
    episode="ep",
    user="u1",
    at=10.0,
)


async def test_what_a_shadow_said_is_kept_once_beside_its_answer(store: Store) -> None:
    await store.shadow_words.put(ANNA, SAID)
    await store.shadow_words.put(ANNA, replace(SAID, id="tr_s2", text="again"))
    await store.shadow_words.put(BEN, replace(SAID, id="tr_s3"))
    await store.shadow_words.put(ANNA, replace(SAID, id="tr_s4", trace_id="tr_2", at=20.0))
    assert await store.shadow_words.get(ANNA, "tr_s1") == SAID
    assert await store.shadow_words.get(ANNA, "tr_s3") is None
    found = await store.shadow_words.list(ANNA, since=10.0, until=20.0)
    assert found == [SAID]
    assert [each.id for each in await store.shadow_words.list(ANNA, after="tr_s1")] == ["tr_s4"]
    assert await store.shadow_words.prune(15.0) == 2
    assert [each.id for each in await store.shadow_words.list(ANNA)] == ["tr_s4"]


async def test_a_person_who_is_erased_is_taken_out_of_both(store: Store) -> None:
    assert {distil_tasks, shadow_words} <= set(reached())
    theirs = result(1, user="u1", trace_id="tr_1")
    await store.distil.put(ANNA, "prices", [theirs, result(2, user="u2"), result(3)])
    await store.shadow_words.put(ANNA, SAID)
    person = replace(await store.erasing.find(ANNA, "u1"), traces=("tr_1",))
    assert await store.erasing.rows(distil_tasks, ANNA, person, dry=False) == 1
    assert await store.erasing.rows(shadow_words, ANNA, person, dry=False) == 1
    assert [each.task for each in await store.distil.results(ANNA, "prices")] == ["task2", "task3"]
    assert await store.shadow_words.list(ANNA) == []
