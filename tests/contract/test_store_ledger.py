"""Money and traces: what every database behind the store must do with them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from teppan.core.chat import ChatRequest, Usage, say
from teppan.core.clock import FixedClock
from teppan.core.errors import StoreError
from teppan.core.ids import Scope
from teppan.core.trace import ModelCall, Shortened, Trace
from teppan.cost.calendar import Calendar
from teppan.store import Store
from teppan.store.costs import Asked

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")
ADMIN = Scope("ops", "key-o", role="admin")

NOON = 1_763_726_400.0  # 2025-11-21 12:00 UTC


def a_call(id: str, **changes: Any) -> ModelCall:
    given: dict[str, Any] = {
        "id": id,
        "trace_id": "tr_1",
        "model": "vendor/model",
        "role": "single",
        "outcome": "ok",
        "returned_model": "model-2026",
        "vendor_id": "resp_1",
        "usage": Usage(100, 20, 10, 5, 3, estimated=True),
        "cost": 1234,
        "price_version": "2026-11-01",
        "started": NOON,
        "latency": 0.25,
        "first_token": 0.125,
        "dropped": ("temperature", "top_p"),
    }
    return ModelCall(**{**given, **changes})


def a_trace(id: str, tenant: str = "anna", **changes: Any) -> Trace:
    given: dict[str, Any] = {
        "id": id,
        "tenant": tenant,
        "key_id": "key-a",
        "started": NOON,
        "asked": "vendor/model",
        "strategy": "single",
        "status": "ok",
        "calls": (a_call(f"call-of-{id}"),),
        "request": ChatRequest(model="vendor/model", messages=(say("user", "Hello, 你好"),)),
        "evidence": {"votes": {"A": 2, "B": 1}},
    }
    return Trace(**{**given, **changes})


async def eventually(true: Callable[[], bool]) -> None:
    for _ in range(3000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


async def until_written(store: Store) -> None:
    """Wait until no trace is queued and the batch in hand is committed."""
    await eventually(lambda: not store.traces.waiting)
    await store.ledger.append(ANNA, [a_call("after-the-traces")])


# --- the ledger -------------------------------------------------------------------------------


async def test_an_appended_call_comes_back_whole(store: Store) -> None:
    call = a_call("call_1")
    await store.ledger.append(ANNA, [call])
    assert await store.ledger.get(ANNA, "call_1") == call


async def test_an_unknown_price_stays_unknown(store: Store) -> None:
    await store.ledger.append(ANNA, [a_call("call_1", cost=None)])
    found = await store.ledger.get(ANNA, "call_1")
    assert found is not None
    assert found.cost is None


async def test_a_repeated_append_adds_nothing(store: Store) -> None:
    calls = [a_call("call_1"), a_call("call_2")]
    await store.ledger.append(ANNA, calls)
    await store.ledger.append(ANNA, calls)
    await asyncio.gather(*(store.ledger.append(ANNA, calls) for _ in range(5)))
    assert [call.id for call in await store.ledger.list(ANNA)] == ["call_1", "call_2"]


async def test_calls_appended_at_once_are_all_there_once(store: Store) -> None:
    calls = [a_call(f"call_{n:03}") for n in range(333)]
    await asyncio.gather(*(store.ledger.append(ANNA, [call]) for call in calls))
    assert await store.ledger.list(ANNA) == calls


async def test_another_tenant_sees_nothing(store: Store) -> None:
    await store.ledger.append(ANNA, [a_call("call_1")])
    assert await store.ledger.get(BEN, "call_1") is None
    assert await store.ledger.list(BEN) == []


async def test_text_that_a_database_refuses_does_not_cost_the_money_row(store: Store) -> None:
    poison = a_call("call_bad", vendor_id="nul \x00 and lone \ud800 surrogate")
    good = [a_call(f"call_{n}") for n in range(20)]
    await asyncio.gather(*(store.ledger.append(ANNA, [each]) for each in [*good, poison]))
    found = await store.ledger.get(ANNA, "call_bad")
    assert found is not None
    assert found.cost == poison.cost
    assert len(await store.ledger.list(ANNA)) == 21


async def test_a_row_that_cannot_be_kept_fails_alone(store: Store) -> None:
    impossible = a_call("call_bad", error=object())
    good = [a_call(f"call_{n}") for n in range(20)]
    outcomes = await asyncio.gather(
        *(store.ledger.append(ANNA, [each]) for each in [*good[:10], impossible, *good[10:]]),
        return_exceptions=True,
    )
    assert [type(each) for each in outcomes if each is not None] == [StoreError]
    assert len(await store.ledger.list(ANNA)) == 20
    assert store.health().ok is True


async def test_a_caller_who_leaves_may_ask_again_without_doubling(store: Store) -> None:
    call = a_call("call_1")
    leaving = asyncio.ensure_future(store.ledger.append(ANNA, [call]))
    await asyncio.sleep(0)
    leaving.cancel()
    await store.ledger.append(ANNA, [call])
    assert await store.ledger.list(ANNA) == [call]


async def test_a_closed_store_says_so(database: str) -> None:
    store = await Store.open(database)
    await store.close()
    with pytest.raises(StoreError, match="closed"):
        await store.ledger.append(ANNA, [a_call("call_1")])
    with pytest.raises(StoreError, match="closed"):
        await store.ledger.list(ANNA)


async def test_everything_is_there_after_opening_again(database: str) -> None:
    store = await Store.open(database)
    await store.ledger.append(ANNA, [a_call("call_1")])
    store.traces.put(a_trace("tr_1"))
    await store.close()
    again = await Store.open(database)
    assert await again.ledger.get(ANNA, "call_1") == a_call("call_1")
    assert await again.traces.get(ANNA, "tr_1") == a_trace("tr_1")
    await again.close()


# --- costs ------------------------------------------------------------------------------------


async def test_costs_add_up_and_unknown_ones_are_counted(store: Store) -> None:
    await store.ledger.append(
        ANNA,
        [
            a_call("call_1", model="a/x", cost=100),
            a_call("call_2", model="a/x", cost=None, outcome="failed"),
            a_call("call_3", model="b/y", cost=7, started=NOON + 86_400),
        ],
        strategy="critic",
    )
    await store.ledger.append(BEN, [a_call("call_4", model="a/x", cost=1000)])
    by_model = {row.name: row for row in await store.costs.summary(ANNA, "model")}
    assert (by_model["a/x"].cost, by_model["a/x"].unknown, by_model["a/x"].failed) == (100, 1, 1)
    assert (by_model["b/y"].calls, by_model["b/y"].input, by_model["b/y"].output) == (1, 100, 20)
    days = await store.costs.summary(ANNA, "day")
    assert [(row.name, row.calls) for row in days] == [("2025-11-21", 2), ("2025-11-22", 1)]
    strategies = await store.costs.summary(ANNA, "strategy")
    assert [row.name for row in strategies] == ["critic"]
    first_day = await store.costs.summary(ANNA, "key", since=NOON, until=NOON + 1)
    assert [(row.name, row.cost) for row in first_day] == [("key-a", 100)]


async def test_only_an_admin_sees_what_all_tenants_spend(store: Store) -> None:
    await store.ledger.append(ANNA, [a_call("call_1", cost=1)])
    await store.ledger.append(BEN, [a_call("call_2", cost=2)])
    assert [row.name for row in await store.costs.summary(ANNA, "tenant", tenant="ben")] == ["anna"]
    everyone = await store.costs.summary(ADMIN, "tenant")
    assert [(row.name, row.cost) for row in everyone] == [("ben", 2), ("anna", 1)]
    assert [row.name for row in await store.costs.summary(ADMIN, "tenant", tenant="ben")] == ["ben"]


async def test_days_and_months_are_those_of_the_time_zone(store: Store) -> None:
    late = 1_764_547_200.0 + 2 * 3600  # 2025-12-01 02:00 UTC, still November in Los Angeles
    await store.ledger.append(ANNA, [a_call("call_1", cost=1, started=late)])
    await store.ledger.append(ANNA, [a_call("call_2", cost=2, started=late + 12 * 3600)])
    there = Calendar("America/Los_Angeles")
    for by, names in (("day", ["2025-11-30", "2025-12-01"]), ("month", ["2025-11", "2025-12"])):
        rows = await store.costs.summary(
            ANNA, by, named=lambda at, by=by: there.window(by, at).name
        )
        assert [(row.name, row.cost) for row in rows] == list(zip(names, [1, 2], strict=True))
    utc = await store.costs.summary(ANNA, "month")
    assert [(row.name, row.calls, row.cost) for row in utc] == [("2025-12", 2, 3)]


async def test_costs_are_summed_by_conversation(store: Store) -> None:
    await store.ledger.append(ANNA, [a_call("call_1", cost=5)], "single", "talk-1")
    await store.ledger.append(ANNA, [a_call("call_2", cost=6)], "single", "talk-1")
    await store.ledger.append(ANNA, [a_call("call_3", cost=1)])
    rows = await store.costs.summary(ANNA, "conversation")
    assert [(row.name, row.cost) for row in rows] == [("talk-1", 11), ("", 1)]


async def test_requests_are_counted_as_one_plain_model_would_have_had_them(store: Store) -> None:
    plain = {"plain_input": 100, "plain_output": 10}
    store.traces.put(a_trace("tr_1", **plain))
    store.traces.put(a_trace("tr_2", **plain, cache="exact", calls=()))
    store.traces.put(a_trace("tr_3", **plain, context=Shortened(100, 40)))
    store.traces.put(a_trace("tr_4", **plain, calls=(a_call("c", cost=None),)))
    store.traces.put(a_trace("tr_5", plain_input=5000, plain_output=10))
    store.traces.put(a_trace("tr_6", tenant="ben", **plain))
    await until_written(store)
    rows = await store.costs.asked(ANNA, [1000, 2000])
    assert sorted(rows, key=repr) == sorted(
        [
            Asked("off", 0, 2, 200, 20, 60, 2 * 1234),
            Asked("exact", 0, 1, 100, 10, 0, 0),
            Asked("off", 0, 1, 100, 10, 0, None),
            Asked("off", 2, 1, 5000, 10, 0, 1234),
        ],
        key=repr,
    )
    everybody = await store.costs.asked(ADMIN, [], tenant="ben")
    assert everybody == [Asked("off", 0, 1, 100, 10, 0, 1234)]


async def test_figures_for_advice_are_measured(store: Store) -> None:
    calls = [a_call(f"call_{n}", cost=10, started=NOON + n * 400) for n in range(5)]
    await store.ledger.append(ANNA, [*calls, a_call("call_5", cost=None, started=NOON)])
    for number in range(20):
        store.traces.put(a_trace(f"tr_{number}", plain_output=5, overhead=number / 1000))
    store.traces.put(a_trace("tr_failed", status="failed", overhead=1.0))
    await until_written(store)
    await store.feedback.record(ANNA, "tr_1", "rating", 1.0)
    await store.feedback.record(ANNA, "tr_1", "other", 1.0)
    found = await store.costs.figures(NOON - 86_400, NOON + 86_400)
    assert (found.calls, found.unknown, found.cost) == (7, 1, 50 + 1234)
    assert (found.busiest, found.rows, found.first) == (5, 7, NOON)
    assert (found.requests, found.examples, found.rated) == (21, 20, 1)
    assert found.overhead == pytest.approx(0.019)
    nothing = await store.costs.figures(NOON + 86_400, NOON + 2 * 86_400)
    assert (nothing.calls, nothing.busiest, nothing.first) == (0, 0, None)


# --- traces -----------------------------------------------------------------------------------


async def test_a_trace_comes_back_whole_to_its_own_tenant_only(store: Store) -> None:
    store.traces.put(a_trace("tr_1"))
    await until_written(store)
    assert await store.traces.get(ANNA, "tr_1") == a_trace("tr_1")
    assert await store.traces.get(BEN, "tr_1") is None
    assert await store.traces.list(BEN) == []


async def test_traces_are_listed_newest_first_and_page_by_page(store: Store) -> None:
    for n in range(5):
        store.traces.put(a_trace(f"tr_{n}", episode="ep_1" if n % 2 else None))
    await until_written(store)
    first = await store.traces.list(ANNA, limit=3)
    assert [trace.id for trace in first] == ["tr_4", "tr_3", "tr_2"]
    rest = await store.traces.list(ANNA, limit=3, before=first[-1].id)
    assert [trace.id for trace in rest] == ["tr_1", "tr_0"]
    episode = await store.traces.list(ANNA, episode="ep_1")
    assert [trace.id for trace in episode] == ["tr_3", "tr_1"]


async def test_a_trace_that_cannot_be_written_down_is_dropped_alone(store: Store) -> None:
    store.traces.put(a_trace("tr_1", evidence={"not": object()}))
    store.traces.put(a_trace("tr_2", asked="nul \x00 lone \ud800"))
    store.traces.put(a_trace("tr_3"))
    await until_written(store)
    assert (await store.traces.get(ANNA, "tr_3")) is not None
    assert store.traces.dropped >= 1


async def test_a_very_long_trace_is_kept_without_its_words(store: Store) -> None:
    long = ChatRequest(model="m", messages=(say("user", "x" * 2_000_000),))
    store.traces.put(a_trace("tr_1", request=long))
    await until_written(store)
    found = await store.traces.get(ANNA, "tr_1")
    assert found is not None
    assert found.request is None
    assert found.calls == a_trace("tr_1").calls


async def test_old_traces_are_pruned_and_the_ledger_stays(store: Store, clock: FixedClock) -> None:
    await store.ledger.append(ANNA, [a_call("call_1")])
    for n in range(450):
        store.traces.put(a_trace(f"old_{n}", started=NOON - 10))
    store.traces.put(a_trace("new", started=NOON))
    await until_written(store)
    assert await store.traces.prune(NOON) == 450
    assert [trace.id for trace in await store.traces.list(ANNA)] == ["new"]
    assert await store.ledger.get(ANNA, "call_1") is not None
