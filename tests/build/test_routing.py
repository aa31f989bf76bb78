"""What routers are given: targets, prices of ensembles, abilities, records that are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from teppan.build.routing import Routing, open_routing
from teppan.build.vendors import open_catalogue
from teppan.build.virtual import virtual_models
from teppan.config.load import parse
from teppan.core.chat import ChatRequest, say
from teppan.core.clock import FixedClock
from teppan.core.trace import Route, Trace
from teppan.core.verdict import Confidence, Judgement, Verdict
from teppan.cost.prices import Prices, override
from teppan.serve.lineup import Offered, line_up
from teppan.serve.strategies.auto import Auto
from teppan.serve.strategies.scripted import ScriptedCall
from teppan.store.store import Store

OFFERED = [Offered("openai/big", 20), Offered("openai/small", 2), Offered("mistral/mid", 9)]
PRICES = [
    override("openai/big", input="10", output="10", cached="1", since="2024-01-01"),
    override("openai/small", input="1", output="1", since="2024-01-01"),
    override("mistral/mid", input="4", output="5", since="2024-01-01"),
]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "teppan.db", clock=FixedClock())
    yield opened
    await opened.close()


def made(store: Store, **router: object) -> tuple[Routing, Auto]:
    settings = parse({"router": router}, "a test")
    routing = open_routing(
        settings, OFFERED, Prices(PRICES), open_catalogue(settings), store, FixedClock()
    )
    virtual = virtual_models(settings, None, line_up(OFFERED), routing)
    (auto,) = [each.strategy for each in virtual if each.name == "teppan/auto"]
    assert isinstance(auto, Auto)
    return routing, auto


async def test_who_is_not_named_is_picked_from_the_models_found(store: Store) -> None:
    _, auto = made(store)
    wanted = auto.settings
    assert (wanted.simple, wanted.medium) == ("openai/small", "openai/big")
    assert (wanted.complex, wanted.default) == ("teppan/consensus", "openai/big")
    assert set(wanted.models) == {each.model for each in OFFERED}


async def test_a_preferred_provider_gives_the_targets(store: Store) -> None:
    _, auto = made(store, default_provider="mistral")
    assert (auto.settings.simple, auto.settings.medium) == ("mistral/mid", "mistral/mid")


async def test_settings_of_the_router_and_of_its_model_reach_it(store: Store) -> None:
    routing, auto = made(store, simple="x/y", sticky=5, kind="adaptive")
    assert (auto.settings.simple, auto.settings.sticky) == ("x/y", 5.0)
    assert routing.table({"simple": "own/model"})["simple"] == "own/model"


async def test_a_fitted_router_is_not_bound_to_the_few_models_of_the_lineup(store: Store) -> None:
    routing, _ = made(store)
    assert "models" not in routing.table({"kind": "learned"})
    assert routing.table({"kind": "learned", "models": ["a/x"]})["models"] == ["a/x"]
    assert routing.table({"kind": "adaptive"})["models"]


async def test_an_ensemble_costs_what_its_members_cost(store: Store) -> None:
    routing, _ = made(store)
    rate = routing.rates("teppan/consensus")
    assert rate is not None
    assert (rate.input, rate.output, rate.calls) == (15_000_000, 16_000_000, 3)
    assert routing.rates("openai/big").cached == 1_000_000
    assert routing.rates("nobody/knows") is None


async def test_an_ensemble_calls_tools_when_all_its_members_do(store: Store) -> None:
    routing, _ = made(store)
    assert routing.calls_tools("teppan/consensus")


def trace(quality: Verdict | Confidence | None, id: str = "t1", **features: object) -> Trace:
    seen = {"kind": "adaptive", "category": "pricing", "served": "openai/small"} | features
    return Trace(
        id=id,
        tenant="local",
        key_id="local",
        started=0.0,
        asked="teppan/auto",
        strategy="auto",
        status="ok",
        route=Route("openai/small", "auto", "because", 0.4, seen),
        verdict=quality if isinstance(quality, Verdict) else None,
        confidence=quality if isinstance(quality, Confidence) else None,
    )


async def pulls(routing: Routing, category: str = "pricing") -> tuple[int, float]:
    (arm,) = routing.book("teppan/auto").arms(category, ["openai/small"]).values()
    return arm.pulls, arm.quality


async def test_what_is_said_of_an_answer_moves_the_record_of_who_gave_it(store: Store) -> None:
    routing, _ = made(store, kind="adaptive")
    await routing.rewards.settled(trace(Confidence(0.75, "vote share", 0.75)))
    assert await pulls(routing) == (1, 0.75)
    await routing.rewards.rated(trace(None), 0.25)
    assert await pulls(routing) == (1, 0.25)
    await routing.refresh()
    assert await pulls(routing) == (1, 0.25)


async def test_a_guess_is_no_reward_and_a_verdict_is(store: Store) -> None:
    routing, _ = made(store, kind="adaptive")
    await routing.rewards.settled(trace(Confidence(0.9, "trust", 0.9)))
    await routing.rewards.settled(trace(Confidence(0.9, "vote share", 0.9), kind="rules"))
    await routing.rewards.settled(trace(None))
    assert await pulls(routing) == (0, 0.0)
    judged = Verdict(best="B", judgements=(Judgement("A", 0.25), Judgement("B", 0.75)))
    await routing.rewards.settled(trace(judged))
    await routing.rewards.settled(trace(Verdict(best="NEEDS_IMPROVEMENT"), id="t2"))
    assert await pulls(routing) == (2, 0.75)


async def test_rewards_teach_who_is_asked_next(store: Store) -> None:
    routing, auto = made(store, kind="adaptive", explore=0.0, sticky=0)
    async with routing.kept_fresh():
        for number in range(60):
            for model, quality in (("openai/small", 0.2), ("mistral/mid", 0.95)):
                said = trace(None, id=f"{model}{number}", served=model)
                await routing.rewards.rated(said, quality)
        request = ChatRequest(
            model="teppan/auto", messages=(say("user", "How much?"),), task_type="pricing"
        )
        call = ScriptedCall({each.model: "fine" for each in OFFERED})
        chosen = {(await auto.run(request, call)).route.chosen for _ in range(10)}
    assert "openai/small" not in chosen
    assert "mistral/mid" in chosen
