"""Money is set aside before a model is asked: no budget is overshot, and nothing stays held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from serve.conftest import Opening, Setting
from teppan.core.chat import ChatRequest, say
from teppan.core.clock import FixedClock, seeded_dice
from teppan.core.errors import (
    AllFailed,
    BudgetExceeded,
    PriceUnknown,
    ProviderBadAnswer,
    ProviderOverloaded,
    StoreError,
)
from teppan.core.ids import LOCAL, Scope
from teppan.cost.bound import Output
from teppan.cost.budget import Budget, Pots
from teppan.cost.calendar import Calendar
from teppan.cost.prices import Rates, Tier
from teppan.cost.tokens import TokenCount
from teppan.providers.caller import Caller, CallerPolicy
from teppan.providers.retry import RetryPolicy
from teppan.serve.purse import Purse
from teppan.serve.record import Recorder
from teppan.store import Store

ANNA = Scope("anna", "key-a")
ONE = 290
"""Room for one call: the question is bounded by 78 tokens, its answer by 100 of twice the price."""
COST = 20
"""What one call really costs: 10 tokens in, 5 out."""

Funded = Callable[..., tuple[Setting, Store]]


def request(model: str, *, stream: bool = False, most: int | None = 100) -> ChatRequest:
    asked = (say("user", "What is 6 * 7?"),)
    return ChatRequest(model=model, messages=asked, stream=stream, max_tokens=most)


def rates(model: str, at: float) -> Rates | None:
    """A token in costs 1, a token out 2 micro-dollars, as in the tariff of these tests."""
    if model.startswith("unpriced/"):
        return None
    free = model == "a/free"
    return Rates((Tier(0, 0, 0) if free else Tier(0, 1_000_000, 2_000_000),), "tariff-1")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "teppan.db", clock=FixedClock(), durability="process")
    yield opened
    await opened.close()


@pytest.fixture
def funded(opening: Opening, store: Store) -> Funded:
    """`funded(budgets, vendors, ...)`: a gateway over a real store, with budgets."""

    def made(
        budgets: list[Budget],
        *given: object,
        allow_unknown: bool = False,
        **others: object,
    ) -> tuple[Setting, Store]:
        setting = opening(*given, **others)
        purse = Purse(
            Pots(budgets, Calendar()),
            store.budgets,
            rates,
            lambda model: Output(),
            setting.clock,
            allow_unknown=allow_unknown,
        )
        setting.reach.purse = purse
        setting.gateway.recorder = Recorder(store.ledger, store.traces, purse=purse)
        return setting, store

    return made


async def standing(store: Store, budget: Budget, whom: str = "") -> tuple[int, int]:
    """What a budget has spent and holds."""
    pot = Pots([budget], Calendar()).pot(budget, whom, FixedClock().now())
    (found,) = await store.budgets.standings([pot])
    return found.spent, found.held


async def test_a_call_pays_what_it_cost_and_holds_nothing_afterwards(funded: Funded) -> None:
    budget = Budget("all", 10 * ONE)
    setting, store = funded([budget], {"a": {"x": "42"}})
    await setting.gateway.answer(request("a/x"), LOCAL)
    assert await standing(store, budget) == (COST, 0)


async def test_a_budget_for_one_admits_one_of_64_requests(funded: Funded) -> None:
    budget = Budget("all", ONE)
    setting, store = funded([budget], {"a": {"x": 0.05}})
    outcomes = await asyncio.gather(
        *(setting.gateway.answer(request("a/x"), LOCAL) for _ in range(64)), return_exceptions=True
    )
    await setting.gateway.recorder.drain()
    refused = [each for each in outcomes if isinstance(each, BudgetExceeded)]
    assert len(refused) == 63
    assert len(setting.vendors["a"].asked) == 1
    assert await standing(store, budget) == (COST, 0)


async def test_a_refusal_names_the_budget_and_when_it_starts_anew(funded: Funded) -> None:
    setting, _ = funded([Budget("shop", ONE, period="day")], {"a": {"x": "42"}})
    await setting.gateway.answer(request("a/x"), LOCAL)
    with pytest.raises(BudgetExceeded) as refused:
        await setting.gateway.answer(request("a/x"), LOCAL)
    error = refused.value
    assert "`shop` allows $0.000290 in 2025-11-21: $0.000020 is spent" in error.message
    assert error.retry_after == 86_400 - setting.clock.now() % 86_400
    assert (error.status, error.code) == (429, "insufficient_quota")
    setting.clock.advance(error.retry_after)
    await setting.gateway.answer(request("a/x"), LOCAL)


async def test_who_waits_only_for_money_held_by_others_may_soon_come_again(
    funded: Funded,
) -> None:
    setting, _ = funded([Budget("all", ONE)], {"a": {"x": 30.0}})
    first = asyncio.create_task(setting.gateway.answer(request("a/x"), LOCAL))
    while not setting.vendors["a"].asked:
        await asyncio.sleep(0.001)
    with pytest.raises(BudgetExceeded, match="set aside for calls under way") as refused:
        await setting.gateway.answer(request("a/x"), LOCAL)
    assert refused.value.retry_after == 1.0
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


async def test_the_key_of_an_admin_is_counted_like_any_other(funded: Funded) -> None:
    setting, _ = funded([Budget("all", 10)], {"a": {"x": "42"}})
    with pytest.raises(BudgetExceeded):
        await setting.gateway.answer(request("a/x"), Scope("ops", "root", role="admin"))


async def test_tenants_and_keys_are_counted_apart(funded: Funded) -> None:
    each, only = Budget("each", ONE, "tenant"), Budget("only", 10, "key", "key-b")
    setting, store = funded([each, only], {"a": {"x": "42"}})
    await setting.gateway.answer(request("a/x"), ANNA)
    with pytest.raises(BudgetExceeded, match="`each:anna`"):
        await setting.gateway.answer(request("a/x"), ANNA)
    await setting.gateway.answer(request("a/x"), Scope("ben", "key-c"))
    with pytest.raises(BudgetExceeded, match="`only:key-b`"):
        await setting.gateway.answer(request("a/x"), Scope("carl", "key-b"))
    assert await standing(store, each, "anna") == await standing(store, each, "ben") == (COST, 0)
    assert await standing(store, each, "carl") == (0, 0)


async def test_the_chain_goes_on_when_the_budget_of_a_model_is_spent(funded: Funded) -> None:
    spent, vendor = Budget("dear", 10, "model", "a/x"), Budget("c", 10, "model", "c/*")
    setting, _ = funded(
        [spent, vendor],
        {"a": {"x": "1"}, "c": {"z": "2"}, "b": {"y": "42"}},
        fallback=("c/z", "b/y"),
    )
    answer = await setting.gateway.answer(request("a/x"), LOCAL)
    assert answer.facts.model == "b/y"
    assert [len(vendor.asked) for vendor in setting.vendors.values()] == [0, 0, 1]


async def test_an_ensemble_goes_on_without_the_member_whose_budget_is_spent(
    funded: Funded,
) -> None:
    setting, _ = funded(
        [Budget("dear", 10, "model", "a/x")],
        {"a": {"x": "42", "y": "42"}, "b": {"z": "42"}},
        {"vote": {"strategy": "consensus", "models": ["a/x", "a/y", "b/z"]}},
    )
    answer = await setting.gateway.answer(request("vote"), LOCAL)
    assert answer.completion is not None
    assert answer.completion.text == "42"
    assert {model for model, _ in setting.vendors["a"].asked} == {"y"}


async def test_what_is_free_is_asked_though_the_budget_is_spent(funded: Funded) -> None:
    setting, _ = funded([Budget("all", 0)], {"a": {"x": "1", "free": "42"}}, fallback=("a/free",))
    answer = await setting.gateway.answer(request("a/x"), LOCAL)
    assert answer.facts.model == "a/free"


async def test_a_hard_budget_refuses_a_model_without_a_price(funded: Funded) -> None:
    setting, _ = funded([Budget("all", ONE)], {"unpriced": {"x": "42"}})
    with pytest.raises(PriceUnknown, match=r"\[\[prices\]\]"):
        await setting.gateway.answer(request("unpriced/x"), LOCAL)
    assert not setting.vendors["unpriced"].asked


async def test_where_unknown_prices_are_allowed_they_count_as_nothing_and_that_is_said(
    funded: Funded,
) -> None:
    budget = Budget("all", ONE)
    setting, store = funded([budget], {"unpriced": {"x": "42"}}, allow_unknown=True)
    with capture_logs() as logs:
        for _ in range(2):
            await setting.gateway.answer(request("unpriced/x"), LOCAL)
    assert [log["event"] for log in logs].count("budget.price_unknown") == 1
    assert await standing(store, budget) == (0, 0)


async def test_an_answer_of_unknown_length_is_assumed_to_be_long_and_that_is_said(
    funded: Funded,
) -> None:
    setting, _ = funded([Budget("all", ONE)], {"a": {"x": "42"}})
    with capture_logs() as logs, pytest.raises(BudgetExceeded):
        await setting.gateway.answer(request("a/x", most=None), LOCAL)
    assert "budget.assumed_output" in [log["event"] for log in logs]


async def test_no_model_is_asked_when_the_store_cannot_hold_the_money(
    funded: Funded, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting, store = funded([Budget("all", ONE)], {"a": {"x": "1"}, "b": {"y": "2"}})
    asked = []

    async def broken(hold: str, *args: object, **others: object) -> None:
        asked.append(hold)
        raise StoreError("the disk is full")

    monkeypatch.setattr(store.budgets, "reserve", broken)
    with pytest.raises(StoreError):
        await setting.gateway.answer(request("a/x"), LOCAL)
    assert not setting.vendors["a"].asked
    assert len(asked) == 1


async def test_soft_budgets_need_no_store_before_the_call_and_never_refuse(
    funded: Funded, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = Budget("soft", 10, hard=False)
    setting, store = funded([budget], {"a": {"x": "42"}})
    monkeypatch.delattr(type(store.budgets), "reserve")
    for _ in range(2):
        await setting.gateway.answer(request("a/x"), LOCAL)
    assert await standing(store, budget) == (2 * COST, 0)
    assert [alert.name for alert in await store.budgets.alerts()] == ["soft at 100 %"]


async def test_a_vendor_that_fails_leaves_no_hold(funded: Funded) -> None:
    budget = Budget("all", ONE)
    setting, store = funded([budget], {"a": {"x": ProviderOverloaded()}, "b": {"y": "42"}})
    with pytest.raises((AllFailed, ProviderOverloaded)):
        await setting.gateway.answer(request("a/x"), LOCAL)
    await setting.gateway.recorder.drain()
    assert await standing(store, budget) == (0, 0)
    await setting.gateway.answer(request("b/y"), LOCAL)


async def test_the_next_model_of_a_chain_has_the_money_the_failed_one_did_not_use(
    funded: Funded,
) -> None:
    budget = Budget("all", ONE)
    vendors = {"a": {"x": ProviderOverloaded()}, "b": {"y": "42"}}
    setting, store = funded([budget], vendors, fallback=("b/y",))
    answer = await setting.gateway.answer(request("a/x"), LOCAL)
    assert answer.facts.model == "b/y"
    assert await standing(store, budget) == (COST, 0)


async def test_a_client_that_leaves_pays_for_what_was_used_and_holds_nothing(
    funded: Funded,
) -> None:
    budget = Budget("all", ONE)
    setting, store = funded([budget], {"a": {"x": 30.0}})
    asking = asyncio.create_task(setting.gateway.answer(request("a/x"), LOCAL))
    while not setting.vendors["a"].asked:
        await asyncio.sleep(0.001)
    assert (await standing(store, budget))[1] > 0
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await setting.gateway.recorder.drain()
    (call,) = await store.ledger.list(LOCAL)
    assert await standing(store, budget) == (call.cost, 0)


async def test_a_client_that_leaves_while_money_is_being_set_aside_holds_nothing(
    funded: Funded,
) -> None:
    budget = Budget("all", ONE)
    setting, store = funded([budget], {"a": {"x": "42"}})
    for turns in range(12):
        asking = asyncio.create_task(setting.gateway.answer(request("a/x"), LOCAL))
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await setting.gateway.recorder.drain()
        assert (await standing(store, budget))[1] == 0


async def test_a_stream_holds_its_money_until_it_is_over(funded: Funded) -> None:
    budget = Budget("all", ONE)
    setting, store = funded([budget], {"a": {"x": "forty two"}})
    answer = await setting.gateway.answer(request("a/x", stream=True), LOCAL)
    assert (await standing(store, budget))[1] > 0
    _ = [delta async for delta in answer.deltas()]
    assert await standing(store, budget) == (COST, 0)


@pytest.mark.parametrize(("room", "attempts"), [(0, 1), (ONE, 3)])
async def test_a_failed_attempt_that_costs_is_repeated_only_where_the_money_lasts(
    funded: Funded, room: int, attempts: int
) -> None:
    budget = Budget("all", ONE + room)
    setting, store = funded([budget], {"a": {"x": ProviderBadAnswer()}})
    policy = CallerPolicy(retry=RetryPolicy(attempts=3))
    setting.reach.caller = Caller(
        setting.vendors, counting=TokenCount(), clock=setting.clock, dice=seeded_dice(1),
        policy=policy,
    )  # fmt: skip
    with pytest.raises(AllFailed):
        await setting.gateway.answer(request("a/x"), LOCAL)
    await setting.gateway.recorder.drain()
    calls = await store.ledger.list(LOCAL)
    assert len(calls) == attempts
    assert await standing(store, budget) == (sum(call.cost or 0 for call in calls), 0)
    assert calls[0].cost


async def test_embeddings_are_paid_too(funded: Funded) -> None:
    budget = Budget("all", 20)
    setting, store = funded([budget], {"a": {"x": "42"}})
    asked = ChatRequest(model="a/x", messages=(say("user", "Hi"),))
    await setting.gateway.embed(["Hi"], asked, LOCAL)
    spent, held = await standing(store, budget)
    assert (spent, held) == (1, 0)
    with pytest.raises(BudgetExceeded):
        await setting.gateway.embed(["Hi there, again"], asked, LOCAL)


async def test_without_budgets_the_ledger_is_asked_for_nothing_more(opening: Opening) -> None:
    setting = opening({"a": {"x": "42"}})
    answer = await setting.gateway.answer(request("a/x"), LOCAL)
    assert answer.facts.cost == COST
    assert setting.reach.purse is None


async def test_calls_are_booked_with_their_strategy_and_conversation(funded: Funded) -> None:
    setting, store = funded([Budget("all", ONE)], {"a": {"x": "42"}})
    asked = ChatRequest(
        model="a/x", messages=(say("user", "Hi"),), max_tokens=100, episode="talk-1"
    )
    await setting.gateway.answer(asked, LOCAL)
    by_strategy = await store.costs.summary(LOCAL, "strategy")
    assert [row.name for row in by_strategy] == ["single"]
