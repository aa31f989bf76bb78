"""Statements, outcomes and corrections: each once, every version kept, nothing of other tenants."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from teppan.core.clock import FixedClock
from teppan.core.ids import Scope, new_id
from teppan.core.trace import ModelCall, Trace
from teppan.store import Store
from teppan.store.feedback import Opinion
from teppan.store.migrate import migrate
from teppan.store.outcomes import Outcome, by_metric
from teppan.store.store import backend_for

ANNA, BEN, EVE = Scope("shop", "anna"), Scope("shop", "ben"), Scope("other", "eve")


def opinion(value: float, user: str = "u1", trace: str = "tr_1") -> Opinion:
    return Opinion(trace_id=trace, value=value, source=f"user:{user}", model="a/x")


# --- feedback ---------------------------------------------------------------------------------


async def test_users_of_one_key_are_sources_of_their_own(store: Store) -> None:
    for user, value in (("u1", 1.0), ("u2", 0.0), ("u1", 1.0)):
        await store.feedback.say(ANNA, opinion(value, user))
    assert await store.feedback.latest(ANNA, "rating") == {"tr_1": 0.5}
    assert len(await store.feedback.of(ANNA, "tr_1")) == 2


async def test_versions_stay_in_order_although_the_clock_stands_still(store: Store) -> None:
    said = [await store.feedback.say(ANNA, opinion(n / 10)) for n in range(8)]
    kept = await store.feedback.of(ANNA, "tr_1")
    assert [each.value for each in kept] == [n / 10 for n in range(8)]
    assert [each.version for each in kept] == list(range(1, 9))
    assert await store.feedback.counting(ANNA) == [said[-1]]


async def test_stars_are_kept_as_given(store: Store) -> None:
    stars = Opinion(trace_id="tr_1", value=0.75, kind="stars", raw=4.0, claimed=True)
    [kept] = [await store.feedback.say(ANNA, stars)]
    assert await store.feedback.of(ANNA, "tr_1") == [kept]
    assert (kept.raw, kept.kind, kept.claimed, kept.source) == (4.0, "stars", True, "key:anna")


async def test_who_takes_a_statement_back_has_said_nothing(store: Store) -> None:
    await store.feedback.say(ANNA, opinion(0.0))
    last = await store.feedback.say(ANNA, opinion(1.0))
    assert await store.feedback.withdraw(EVE, last.id) is None
    assert await store.feedback.withdraw(ANNA, last.id, key_id="ben") is None
    for _ in range(2):
        gone = await store.feedback.withdraw(ANNA, last.id)
        assert gone is not None
        assert gone.withdrawn
    assert await store.feedback.latest(ANNA, "rating") == {}
    assert [each.withdrawn for each in await store.feedback.of(ANNA, "tr_1")] == [True, True]
    again = await store.feedback.say(ANNA, opinion(1.0))
    assert again.version == 3
    assert await store.feedback.latest(ANNA, "rating") == {"tr_1": 1.0}


async def test_a_conversation_is_rated_beside_its_answers(store: Store) -> None:
    await store.feedback.say(ANNA, Opinion(episode="ep_1", trace_id="tr_1", value=0.2))
    await store.feedback.say(ANNA, Opinion(trace_id="tr_1", value=0.8))
    assert await store.feedback.latest(ANNA, "rating") == {"tr_1": 0.8}
    [of_episode] = await store.feedback.of(ANNA, episode="ep_1")
    assert (of_episode.value, of_episode.trace_id) == (0.2, "")
    assert await store.feedback.of(EVE, episode="ep_1") == []


async def test_at_once_from_two_gateways_every_version_is_there_once(
    database: str, store: Store, clock: FixedClock
) -> None:
    other = await Store.open(database, clock=clock)
    said = [
        each.feedback.say(ANNA, opinion(n % 7 / 10)) for n in range(20) for each in (store, other)
    ]
    await asyncio.gather(*said)
    await other.close()
    kept = await store.feedback.of(ANNA, "tr_1")
    assert [each.version for each in kept] == list(range(1, len(kept) + 1))
    assert all(one.value != two.value for one, two in pairwise(kept))


async def test_what_a_source_rated_lately_is_counted_by_model(
    store: Store, clock: FixedClock
) -> None:
    for n in range(3):
        await store.feedback.say(ANNA, opinion(1.0, trace=f"tr_{n}"))
        await store.feedback.say(ANNA, opinion(0.0, trace=f"tr_{n}"))
    assert await store.feedback.lately(ANNA, "user:u1", "a/x") == 3
    assert await store.feedback.lately(ANNA, "user:u1", "b/y") == 0
    assert await store.feedback.lately(EVE, "user:u1", "a/x") == 0
    clock.advance(86_401)
    assert await store.feedback.lately(ANNA, "user:u1", "a/x") == 0


async def test_a_person_is_forgotten_in_their_tenant_alone(store: Store) -> None:
    for scope in (ANNA, EVE):
        await store.feedback.say(scope, opinion(1.0))
        await store.corrections.record(scope, "tr_1", "better", source="user:u1")
    await store.feedback.say(ANNA, opinion(0.0, "u2"))
    assert await store.feedback.forget(ANNA, "user:u1") == 1
    assert await store.corrections.forget(ANNA, "user:u1") == 1
    assert await store.feedback.latest(ANNA, "rating") == {"tr_1": 0.0}
    assert await store.feedback.latest(EVE, "rating") == {"tr_1": 1.0}
    assert await store.corrections.of(ANNA, "tr_1") == []


# --- outcomes ---------------------------------------------------------------------------------


async def test_an_outcome_told_twice_is_one_and_told_otherwise_is_its_next_version(
    store: Store,
) -> None:
    booking = Outcome(metric="booking", episode="ep_1", amount=1_100_000_000, currency="USD")
    first, again = await store.outcomes.record(ANNA, booking, booking)
    assert first == again
    raised = Outcome(metric="booking", episode="ep_1", amount=1_286_500_000, currency="USD")
    [second] = await store.outcomes.record(ANNA, raised)
    assert (second.version, second.amount) == (2, 1_286_500_000)
    assert await store.outcomes.counting(ANNA) == [second]
    assert await store.outcomes.versions(ANNA, first.id) == [first, second]
    assert await store.outcomes.counting(EVE) == []
    assert await store.outcomes.versions(EVE, first.id) == []


async def test_the_clients_own_name_tells_two_bookings_apart(store: Store) -> None:
    one = Outcome(metric="booking", episode="ep_1", ref="bk-1", value=1.0)
    two = Outcome(metric="booking", episode="ep_1", ref="bk-2", value=1.0)
    moved = Outcome(metric="booking", episode="ep_2", ref="bk-1", value=1.0)
    await store.outcomes.record(ANNA, one, two, moved)
    found = await store.outcomes.counting(ANNA, "booking")
    assert {(each.ref, each.episode) for each in found} == {("bk-2", "ep_1"), ("bk-1", "ep_2")}


async def test_an_answer_has_the_outcomes_of_its_conversation_too(store: Store) -> None:
    await store.outcomes.record(
        ANNA,
        Outcome(metric="escalated", trace_id="tr_1", episode="ep_1"),
        Outcome(metric="booking", episode="ep_1"),
        Outcome(metric="abandoned", trace_id="tr_2"),
    )
    assert by_metric(await store.outcomes.of(ANNA, "tr_1", "ep_1")) == {
        "escalated": 1.0,
        "booking": 1.0,
    }
    assert by_metric(await store.outcomes.of(ANNA, "tr_2")) == {"abandoned": 1.0}
    assert await store.outcomes.of(ANNA, "", "") == []


async def test_an_outcome_that_did_not_come_is_taken_back(store: Store) -> None:
    [booking] = await store.outcomes.record(ANNA, Outcome(metric="booking", trace_id="tr_1"))
    assert await store.outcomes.withdraw(EVE, booking.id) is None
    assert await store.outcomes.withdraw(ANNA, booking.id, key_id="ben") is None
    gone = await store.outcomes.withdraw(ANNA, booking.id)
    assert gone is not None
    assert gone.withdrawn
    assert await store.outcomes.of(ANNA, "tr_1") == []


# --- corrections ------------------------------------------------------------------------------


async def test_the_last_text_counts_and_earlier_ones_are_kept(
    store: Store, clock: FixedClock
) -> None:
    for scope, text in ((ANNA, "first"), (ANNA, "second"), (BEN, "third"), (ANNA, "second")):
        clock.advance(1)
        await store.corrections.record(scope, "tr_1", text, "why")
    assert [each.text for each in await store.corrections.of(ANNA, "tr_1")] == [
        "first",
        "second",
        "third",
    ]
    latest = await store.corrections.latest(ANNA, "tr_1")
    assert latest is not None
    assert latest.text == "third"
    await store.corrections.withdraw(BEN, latest.id)
    before = await store.corrections.latest(ANNA, "tr_1")
    assert before is not None
    assert before.text == "second"
    assert await store.corrections.latest(EVE, "tr_1") is None


# --- targets ----------------------------------------------------------------------------------


@pytest.fixture
async def traced(store: Store, clock: FixedClock) -> str:
    """An answer of two calls in a conversation, kept as trace and in the ledger."""
    id = new_id("tr")
    began = ulid_time(id)
    store.traces.put(
        Trace(
            id=id,
            tenant="shop",
            key_id="anna",
            started=began,
            asked="teppan/critic",
            served="a/x",
            strategy="critic",
            status="ok",
            episode="ep_1",
        )
    )
    calls = [
        ModelCall(
            id="1", trace_id=id, model="a/x", role="teacher", outcome="ok", started=began + 0.1
        ),
        ModelCall(
            id="2", trace_id=id, model="b/y", role="critic", outcome="ok", started=began + 0.2
        ),
    ]
    await store.ledger.append(ANNA, calls)
    for _ in range(300):
        if await store.traces.get(ANNA, id) is not None:
            break
        await asyncio.sleep(0.01)
    return id


def ulid_time(id: str) -> float:
    value = 0
    for letter in id[3:13]:
        value = value * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(letter)
    return value / 1000


async def test_an_answer_is_known_in_its_tenant_also_when_its_trace_is_gone(
    store: Store, traced: str
) -> None:
    for kept in (True, False):
        found = await store.targets.trace(ANNA, traced)
        assert found is not None
        assert (found.model, found.kept) == ("a/x", kept)
        assert await store.targets.trace(EVE, traced) is None
        await store.traces.prune(ulid_time(traced) + 1)
    for unknown in (new_id("tr"), "tr_1", "", "tr_" + "z" * 26, "x" * 500):
        assert await store.targets.trace(ANNA, unknown) is None


async def test_a_conversation_is_known_as_long_as_one_of_its_traces(
    store: Store, traced: str
) -> None:
    found = await store.targets.episode(ANNA, "ep_1")
    assert found is not None
    assert found.model == "a/x"
    assert await store.targets.episode(EVE, "ep_1") is None
    await store.traces.prune(ulid_time(traced) + 1)
    assert await store.targets.episode(ANNA, "ep_1") is None


# --- what was kept before ---------------------------------------------------------------------


async def test_earlier_statements_become_versions_of_their_keys(database: str) -> None:
    backend = backend_for(database)
    backend.prepare()
    migrate(backend, "0007")
    row = "('{id}', 'shop', 'tr_1', '{key}', 'rating', {value}, '', {at})"
    rows = [
        row.format(id="fb_1", key="anna", value=1.0, at=1),
        row.format(id="fb_2", key="ben", value=1.0, at=2),
        row.format(id="fb_3", key="anna", value=0.0, at=3),
    ]
    with backend.writer.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO feedback (id, tenant, trace_id, key_id, metric, value, comment, at) "
            f"VALUES {', '.join(rows)}"
        )
    backend.close()
    store = await Store.open(database)
    kept = await store.feedback.of(ANNA, "tr_1")
    assert [(each.source, each.version) for each in kept] == [
        ("key:anna", 1),
        ("key:ben", 1),
        ("key:anna", 2),
    ]
    assert await store.feedback.latest(ANNA, "rating") == {"tr_1": 0.5}
    again = await store.feedback.record(ANNA, "tr_1", "rating", 0.0)
    await store.close()
    assert again.id == "fb_3"
