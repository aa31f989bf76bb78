"""Budgets: what every database behind the store must do with money that is set aside."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from structlog.testing import capture_logs

from contract.test_store_ledger import ANNA, BEN, NOON, a_call
from teppan.core.budget import Booking, Charge, Denied, Pot
from teppan.core.clock import FixedClock
from teppan.core.ids import Scope, new_id
from teppan.core.trace import ModelCall
from teppan.store import Store
from teppan.store.budgets import Standing
from teppan.store.schema import holds

DAY = 86_400.0


def a_pot(name: str = "all", limit: int = 100, **changes: object) -> Pot:
    given = {"window": "2025-11", "begin": NOON - DAY, "end": NOON + DAY}
    return Pot(**{"budget": name, "limit": limit, **given, **changes})  # type: ignore[arg-type]


async def reserve(store: Store, hold: str, pots: Sequence[Pot], amount: int) -> Denied | None:
    return await store.budgets.reserve(hold, pots, amount, allowed=60.0)


async def settle(
    store: Store, calls: Sequence[ModelCall], pots: Sequence[Pot], holds: Sequence[str] = ()
) -> None:
    ids = tuple(call.id for call in calls)
    booking = Booking(tuple(Charge(pot, ids) for pot in pots), tuple(holds))
    await store.ledger.append(ANNA, calls, booking=booking)


async def standing(store: Store, pot: Pot) -> tuple[int, int]:
    (found,) = await store.budgets.standings([pot])
    return found.spent, found.held


async def rows_of_holds(store: Store) -> int:
    return await store._reader.run(
        lambda open: open.scalar(select(func.count()).select_from(holds)) or 0
    )


async def test_a_budget_for_one_admits_one_of_64_that_ask_at_once(store: Store) -> None:
    pot = a_pot(limit=100)
    denials = await asyncio.gather(*(reserve(store, f"h{n}", [pot], 60) for n in range(64)))
    assert denials.count(None) == 1
    assert await standing(store, pot) == (0, 60)
    assert {(each.spent, each.held) for each in denials if each} == {(0, 60)}


async def test_a_budget_for_twenty_admits_exactly_twenty_of_fifty(store: Store) -> None:
    pot = a_pot(limit=100)
    denials = await asyncio.gather(*(reserve(store, f"h{n}", [pot], 5) for n in range(50)))
    assert denials.count(None) == 20


async def test_a_hold_is_taken_from_every_pot_or_from_none(store: Store) -> None:
    wide, narrow = a_pot("wide", 1000), a_pot("narrow", 10)
    denied = await reserve(store, "h1", [wide, narrow], 11)
    assert denied is not None
    assert denied.pot == narrow
    assert await standing(store, wide) == (0, 0)
    assert await reserve(store, "h2", [wide, narrow], 10) is None
    assert await standing(store, wide) == await standing(store, narrow) == (0, 10)


async def test_a_settled_call_costs_what_it_cost_and_the_rest_is_free_again(store: Store) -> None:
    pot = a_pot(limit=100)
    await reserve(store, "h1", [pot], 90)
    await settle(store, [a_call("c1", cost=30), a_call("c2", cost=None)], [pot], ["h1"])
    assert await standing(store, pot) == (30, 0)
    assert await reserve(store, "h2", [pot], 70) is None
    assert await reserve(store, "h3", [pot], 1) is not None


async def test_settling_twice_charges_once(store: Store) -> None:
    pot = a_pot()
    await reserve(store, "h1", [pot], 90)
    for _ in range(2):
        await settle(store, [a_call("c1", cost=30)], [pot], ["h1"])
    await asyncio.gather(*(settle(store, [a_call("c1", cost=30)], [pot], ["h1"]) for _ in "ab"))
    assert await standing(store, pot) == (30, 0)


async def test_reserving_twice_under_one_name_holds_once(store: Store) -> None:
    pot = a_pot()
    assert await reserve(store, "h1", [pot], 60) is None
    assert await reserve(store, "h1", [pot], 60) is None
    assert await standing(store, pot) == (0, 60)


async def test_a_call_that_cost_nothing_gives_its_hold_back(store: Store) -> None:
    pot = a_pot()
    await reserve(store, "h1", [pot], 100)
    await store.ledger.append(ANNA, [], booking=Booking((), ("h1",)))
    assert await standing(store, pot) == (0, 0)
    assert await rows_of_holds(store) == 0


async def test_earlier_holds_shrink_to_what_their_calls_cost(store: Store) -> None:
    pot = a_pot(limit=100)
    await reserve(store, "h1", [pot], 80)
    denied = await store.budgets.reserve("h2", [pot], 80, allowed=60, shrink={"h1": 30})
    assert denied is not None
    assert denied.held == 30
    assert await store.budgets.reserve("h3", [pot], 70, allowed=60, shrink={"h1": 30}) is None


async def test_the_holds_of_a_dead_process_end_with_their_lease(
    database: str, clock: FixedClock
) -> None:
    pot = a_pot(limit=100)
    dead = await Store.open(database, clock=FixedClock(clock.now()))
    await reserve(dead, "h1", [pot], 100)
    dead._upkeep._closing.set()  # it renews nothing any more, as after kill -9
    store = await Store.open(database, clock=clock)
    try:
        clock.advance(29)
        assert await reserve(store, "h2", [pot], 1) is not None
        clock.advance(2)
        assert await reserve(store, "h3", [pot], 100) is None
        await settle(store, [a_call("c1", cost=40)], [pot], ["h3"])
        assert await standing(store, pot) == (40, 0)
        await settle(dead, [a_call("late", cost=7)], [pot], ["h1"])
        await settle(dead, [a_call("late", cost=7)], [pot], ["h1"])
        assert await standing(store, pot) == (47, 0)
    finally:
        await store.close()
        await dead.close()


async def test_a_living_process_keeps_its_holds_however_the_clock_jumps(
    store: Store, clock: FixedClock
) -> None:
    pot = a_pot(limit=100)
    await reserve(store, "h1", [pot], 100)
    for seconds in (3600.0, -7200.0, 3600.0):
        clock.time += seconds
        assert await reserve(store, f"h{seconds}", [pot], 1) is not None


async def test_a_hold_that_nobody_settles_ends_when_its_journey_must_be_over(
    store: Store, clock: FixedClock
) -> None:
    pot = a_pot(limit=100)
    await reserve(store, "h1", [pot], 100)
    clock.advance(50)
    await store.budgets.renew()
    assert await standing(store, pot) == (0, 100)
    clock.advance(11)
    await store.budgets.renew()
    assert await standing(store, pot) == (0, 0)
    assert await rows_of_holds(store) == 0


async def test_the_holds_of_the_dead_are_swept(database: str, clock: FixedClock) -> None:
    dead = await Store.open(database, clock=FixedClock(clock.now()))
    await reserve(dead, "h1", [a_pot()], 10)
    await dead.close()
    store = await Store.open(database, clock=clock)
    clock.advance(2 * DAY)
    assert await store.budgets.sweep() == 1
    await store.close()


async def test_a_new_budget_begins_with_what_the_ledger_says(store: Store) -> None:
    other = Scope("anna", "key-o")
    await store.ledger.append(ANNA, [a_call("c1", cost=5), a_call("c2", cost=None)])
    await store.ledger.append(other, [a_call("c3", cost=7, model="vendor/other")])
    await store.ledger.append(BEN, [a_call("c4", cost=11, model="else/model")])
    await store.ledger.append(BEN, [a_call("old", cost=100, started=NOON - 2 * DAY)])
    pots = [
        (23, a_pot("whole")),
        (12, a_pot("t:anna", whose="tenant", whom="anna", tenant="anna")),
        (7, a_pot("k:key-o", whose="key", whom="key-o")),
        (5, a_pot("m:vendor/model", whose="model", whom="vendor/model")),
        (12, a_pot("m:vendor/*", whose="model", whom="vendor/*")),
    ]
    for spent, pot in pots:
        assert await standing(store, pot) == (spent, 0)
        denied = await reserve(store, f"h-{pot.budget}", [pot], 100)
        assert denied is not None
        assert denied.spent == spent


async def test_a_budget_nobody_held_from_counts_all_the_same(store: Store) -> None:
    soft = a_pot("soft", limit=10, hard=False)
    await store.ledger.append(ANNA, [a_call("c0", cost=3)])
    await settle(store, [a_call("c1", cost=4)], [soft])
    assert await standing(store, soft) == (7, 0)


async def test_each_threshold_is_told_once(store: Store) -> None:
    hard, soft = a_pot("hard", 100), a_pot("soft", 50, hard=False)
    with capture_logs() as logs:
        for number in range(12):
            await settle(store, [a_call(f"c{number}", cost=10)], [hard, soft])
    assert [(log["alert"], log["spent"]) for log in logs if log["event"] == "cost.alert"] == [
        ("soft at 100 %", 50),
        ("hard at 80 %", 80),
        ("hard at 100 %", 100),
    ]
    kept = await store.budgets.alerts()
    assert sorted(each.name for each in kept) == ["hard at 100 %", "hard at 80 %", "soft at 100 %"]


async def test_a_refusal_is_told_once_unless_money_is_only_held(store: Store) -> None:
    pot = a_pot(limit=100)
    await reserve(store, "h1", [pot], 60)
    await reserve(store, "h2", [pot], 60)
    assert await store.budgets.alerts() == []
    await settle(store, [a_call("c1", cost=60)], [pot], ["h1"])
    await reserve(store, "h3", [pot], 60)
    await reserve(store, "h4", [pot], 60)
    (alert,) = await store.budgets.alerts()
    assert (alert.name, alert.spent, alert.threshold) == ("all refused a call", 60, 100)


async def test_an_alert_is_told_anew_when_the_threshold_was_raised(store: Store) -> None:
    await settle(store, [a_call("c1", cost=60)], [a_pot(limit=50, hard=False)])
    await settle(store, [a_call("c2", cost=60)], [a_pot(limit=100, hard=False)])
    (alert,) = await store.budgets.alerts()
    assert (alert.spent, alert.threshold) == (120, 100)


async def test_who_has_paid_from_a_budget_is_known(store: Store) -> None:
    for whom in ("ben", "anna"):
        pot = a_pot(f"each:{whom}", whose="key", whom=whom)
        await settle(store, [a_call(f"c-{whom}", cost=2)], [pot])
    assert await store.budgets.known("each", "2025-11") == ["anna", "ben"]
    assert await store.budgets.known("each", "2025-12") == []
    (first, _) = await store.budgets.standings([pot, a_pot()])
    assert isinstance(first, Standing)
    assert first.left == 98


steps = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "settle", "again"]), st.integers(0, 5), st.integers(0, 60)
    ),
    max_size=14,
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=steps)
async def test_whatever_happens_the_pot_is_the_ledger_and_never_overshot(
    store: Store, steps: list[tuple[str, int, int]]
) -> None:
    run = new_id("run")
    pot = a_pot(f"pot {run}", 100, whose="key", whom=run)
    scope, held, costs, settled = Scope("anna", run), {}, {}, set()
    for number, (step, who, amount) in enumerate(steps):
        hold = f"{run}-{who}"
        if step == "reserve" and hold not in held and hold not in settled:
            if await reserve(store, hold, [pot], amount) is None:
                held[hold] = amount
        elif step == "settle" and hold in held:
            costs[hold] = min(amount, held.pop(hold))
            settled.add(hold)
        elif step != "again" or hold not in settled:
            continue
        if hold in settled:
            call = a_call(f"call-{hold}", cost=costs[hold])
            booking = Booking((Charge(pot, (call.id,)),), (hold,))
            await store.ledger.append(scope, [call], booking=booking)
        spent, aside = await standing(store, pot)
        assert spent == sum(costs.values()), number
        assert aside == sum(held.values())
        assert spent + aside <= 100
