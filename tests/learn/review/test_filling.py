"""The queue is filled in order of worth, goes on where it stopped, and does nothing twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from learn.test_scoring import trace
from teppan.core.chat import ChatRequest, say
from teppan.core.clock import FixedClock
from teppan.core.ids import Scope
from teppan.core.trace import Trace
from teppan.core.verdict import Confidence
from teppan.learn.review import filling
from teppan.learn.review.filling import Desk, Policy, fill
from teppan.providers.embed import HashingEmbedder
from teppan.store import Store
from teppan.store.review_rows import Decision, Item

ANNA = Scope("anna", "key-a")
NOW = 1_763_700_000.0
BEGAN = NOW - 5000.0
WORDS = "grill rice tofu shrimp deposit travel garden rain chairs onion volcano music".split()


def asked(number: int, question: str, sure: float = 0.9, **more: Any) -> Trace:
    made = trace(confidence=Confidence(sure, "vote share", sure))
    request = ChatRequest(model="shop", messages=(say("user", question),), user="ann")
    fields: dict[str, Any] = {
        "id": f"tr_{number:05}",
        "started": BEGAN + number,
        "request": request,
    }
    return replace(made, **(fields | more))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "t.db", durability="process", clock=FixedClock(NOW))
    yield opened
    await opened.close()


async def traced(store: Store, *traces: Trace) -> None:
    for each in traces:
        store.traces.put(each)
    while store.traces.waiting or await store.traces.get(ANNA, traces[-1].id) is None:
        await store.escalations.list(ANNA)  # the writer takes its turn


def desk(store: Store, **policy: Any) -> Desk:
    wanted = Policy(**({"open": 20, "share": 0.0} | policy))
    return Desk(store, HashingEmbedder().vectors, wanted, FixedClock(NOW))


async def queue(store: Store) -> list[Item]:
    return await store.review.list("anna")


async def test_the_least_sure_comes_first_and_stands_for_those_like_it(store: Store) -> None:
    await traced(
        store,
        asked(1, "Do you bring chairs?", 0.95),
        asked(2, "What is the deposit?", 0.2),
        asked(3, "what is the deposit", 0.5),
        asked(4, "Can it rain on the grill?", 0.6),
    )
    done = await fill(desk(store), ANNA, BEGAN, NOW)
    assert (done.traces, done.added) == (4, 4)
    found = await queue(store)
    assert [each.trace_id[-1] for each in found] == ["2", "4", "1", "3"]
    assert found[0].content.covers == 2
    assert found[0].content.reason.startswith("it was 20% sure")


async def test_cut_anywhere_and_run_again_it_does_nothing_twice(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "PAGE", 4)
    await traced(store, *(asked(at, f"About {word}?", at / 20) for at, word in enumerate(WORDS)))

    def cut(done: int, total: int, what: str) -> None:
        assert total == len(WORDS)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await fill(desk(store), ANNA, BEGAN, NOW, cut)
    assert len(await queue(store)) == 4
    done = await fill(desk(store), ANNA, BEGAN, NOW)
    assert (done.traces, done.added) == (8, 8)
    before = await queue(store)
    assert len({each.trace_id for each in before}) == len(WORDS)
    again = await fill(desk(store), ANNA, BEGAN, NOW)
    assert (again.traces, again.added, await queue(store)) == (0, 0, before)


async def test_no_more_are_open_than_may_be_and_those_worth_most_stay(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "PAGE", 5)
    await traced(store, *(asked(at, f"About {word}?", at / 20) for at, word in enumerate(WORDS)))
    await fill(desk(store, open=3), ANNA, BEGAN, NOW)
    assert [each.trace_id for each in await queue(store)] == ["tr_00000", "tr_00001", "tr_00002"]


async def test_what_was_reviewed_is_not_asked_again(store: Store) -> None:
    await traced(store, asked(1, "What is the deposit?", 0.2))
    await fill(desk(store), ANNA, BEGAN, NOW)
    item = await store.review.next("anna", "mia", 900.0, 0.0)
    assert item is not None
    await store.review.decide("anna", item.id, Decision("approve"), "mia")
    await traced(
        store, asked(2, "what is the deposit??", 0.2), asked(3, "Do you bring chairs?", 0.9)
    )
    await fill(desk(store), ANNA, BEGAN, NOW)
    found = await store.review.list("anna", status="open")
    assert [each.trace_id for each in found] == ["tr_00003", "tr_00002"]


async def test_a_bad_word_that_comes_late_brings_its_answer_back(store: Store) -> None:
    await traced(store, asked(1, "What is the deposit?", 0.97), asked(2, "Do you bring chairs?"))
    await fill(desk(store, open=1), ANNA, BEGAN, NOW)
    assert [each.trace_id for each in await queue(store)] == ["tr_00002"]
    await store.feedback.record(ANNA, "tr_00001", "rating", 0.0)
    await fill(desk(store, open=1), ANNA, BEGAN, NOW)
    [item] = await queue(store)
    assert item.trace_id == "tr_00001"
    assert item.content.reason.startswith("people did not like it though it was 97% sure")


async def test_chance_draws_with_the_probability_it_writes_down(store: Store) -> None:
    await traced(store, *(asked(at, f"About {WORDS[at % 12]} {at}?") for at in range(400)))
    done = await fill(desk(store, open=200, share=0.1), ANNA, BEGAN, NOW)
    found = await store.review.drawn("anna")
    assert {each.chance for each in found} == {20 / 400}
    assert 8 <= done.drawn == len(found) <= 40  # about 20 are wanted
    random = [each for each in await queue(store) if each.lane == "random"]
    assert all(each.content.reason == "drawn by chance, as 5.00% of all are" for each in random)


async def test_the_newest_are_looked_at_but_not_drawn_before_they_are_settled(
    store: Store,
) -> None:
    late = [
        asked(at, f"About {word}?", started=NOW - 10 + at / 10) for at, word in enumerate(WORDS)
    ]
    await traced(store, asked(99, "What is the deposit?", 0.5), *late)
    done = await fill(desk(store, share=0.5), ANNA, BEGAN, NOW)
    assert (done.traces, done.drawn) == (13, 1)
    again = await fill(desk(store, share=0.5), ANNA, BEGAN, NOW)
    assert (again.traces, again.added) == (12, 0)
    assert all(each.content.covers == 1 for each in await queue(store))


async def test_a_night_that_begins_where_the_last_ended_leaves_nothing_out(store: Store) -> None:
    """What was too new to be settled is behind the end of the last night."""
    await traced(store, asked(1, "What is the deposit?", 0.5), asked(2, "Rice?", started=NOW - 9))
    await fill(desk(store, share=0.5), ANNA, BEGAN, NOW)
    await traced(store, asked(3, "Tofu?", started=NOW - 8))  # it was written late
    later = replace(desk(store, share=0.5), clock=FixedClock(NOW + 86_000))
    done = await fill(later, ANNA, NOW, NOW + 86_000)
    assert (done.traces, done.added, done.drawn) == (2, 1, 2)


async def test_jobs_failures_and_what_a_person_wrote_anew_are_not_ranked(store: Store) -> None:
    await store.corrections.record(ANNA, "tr_00003", "It is $100.")
    await traced(
        store,
        asked(1, "About rice?", endpoint="job"),
        asked(2, "About tofu?", status="failed"),
        asked(3, "About shrimp?"),
        asked(4, "About rain?"),
    )
    await fill(desk(store), ANNA, BEGAN, NOW)
    assert [each.trace_id for each in await queue(store)] == ["tr_00004"]


async def test_what_reviewers_find_orders_what_waits(store: Store) -> None:
    """Doubt was never right here, broken rules always were: the next filling has learned it."""
    doubted = [asked(at, f"About {WORDS[at]}?", 0.1) for at in range(11)]
    broken = asked(11, f"About {WORDS[11]}?", 0.9, guarded="noted")
    await traced(store, *doubted, broken)
    await fill(desk(store), ANNA, BEGAN, NOW)
    assert (await queue(store))[0].trace_id != broken.id
    for _ in range(10):
        item = await store.review.next("anna", "mia", 900.0, 0.0)
        assert item is not None
        await store.review.decide("anna", item.id, Decision("approve"), "mia")
    await fill(desk(store), ANNA, BEGAN, NOW)
    assert (await store.review.list("anna", status="open"))[0].trace_id == broken.id


async def test_a_wrong_answer_brings_up_all_who_got_the_same_one(store: Store) -> None:
    """The questions are not alike, the answer is: one decision tells of all."""
    hired = trace().answer
    assert hired is not None
    [choice] = hired.choices
    no = replace(hired, choices=(replace(choice, message=say("assistant", "We do not travel.")),))
    same = [asked(at, f"About {WORDS[at]}?", 0.9, answer=no) for at in range(3)]
    others = [asked(at, f"About {WORDS[at]}?", 0.5) for at in range(3, 9)]
    first = asked(9, "Will you come to Reno?", 0.1, answer=no)
    await traced(store, *same, *others, first)
    await fill(desk(store), ANNA, BEGAN, NOW)
    assert (await queue(store))[0].trace_id == first.id
    item = await store.review.next("anna", "mia", 900.0, 0.0)
    assert item is not None
    await store.review.decide("anna", item.id, Decision("edit", "We come to Reno."), "mia")
    await fill(desk(store), ANNA, BEGAN, NOW)
    waiting = await store.review.list("anna", status="open")
    assert {each.trace_id for each in waiting[:3]} == {each.id for each in same}


async def test_what_one_customer_liked_lowers_the_same_answer_elsewhere(store: Store) -> None:
    await traced(
        store,
        *(asked(at, f"About {WORDS[at]}?", 0.6) for at in range(3)),
        asked(3, "Do you bring chairs?", 0.7, answer=None),
    )
    liked = [asked(at, f"About {WORDS[at]}?", 0.7, guarded="noted") for at in range(4, 6)]
    await traced(store, *liked)
    await store.feedback.record(ANNA, liked[0].id, "rating", 1.0)
    await fill(desk(store), ANNA, BEGAN, NOW)
    found = await queue(store)
    told = {each.trace_id: each.content.told_weight for each in found}
    assert told[liked[0].id] == 1.0
    assert sum(told.values()) == 1.0
    chances = [each.priority / each.content.covers for each in found]
    assert max(chances) < 0.3  # all of them gave the answer that was liked
