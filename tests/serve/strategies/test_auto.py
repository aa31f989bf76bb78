"""The router as a strategy: it chooses, serves, falls back, stays, and says why."""

from __future__ import annotations

import json

from msgspec.structs import replace

from teppan.core.chat import (
    ChatRequest,
    Message,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    say,
)
from teppan.core.clock import FixedClock
from teppan.core.errors import ProviderOverloaded
from teppan.providers.embed import HashingEmbedder
from teppan.routing.fare import Rate
from teppan.routing.intent import Intents
from teppan.serve.strategies.auto import Auto, AutoSettings, Guide
from teppan.serve.strategies.consensus import Consensus, ConsensusSettings
from teppan.serve.strategies.scripted import ScriptedCall

SETTINGS = AutoSettings(
    simple="cheap", medium="good", complex="many", tools="handy", default="good", fallback=("last",)
)
ANSWERS = {name: name for name in ("cheap", "good", "many", "handy", "last")}
ANGRY = "This is terrible, the chef was late and the food was disgusting!"
HARD = "Compare both packages and recommend a strategy for a wedding with allergies."


def asked(text: str, *before: Message, **fields: object) -> ChatRequest:
    return ChatRequest(model="teppan/auto", messages=(*before, say("user", text)), **fields)


def router(settings: AutoSettings = SETTINGS, **known: object) -> tuple[Auto, FixedClock]:
    clock = FixedClock()
    return Auto(settings, Guide(clock=clock, **known)), clock


async def served(auto: Auto, request: ChatRequest, call: ScriptedCall | None = None) -> str:
    return (await auto.run(request, call or ScriptedCall(ANSWERS))).reply.model


async def test_a_simple_question_goes_to_the_cheap_model_and_a_hard_one_to_the_ensemble():
    auto, _ = router()
    assert await served(auto, asked("Do you bring the grill?")) == "cheap"
    assert await served(auto, asked(HARD)) == "many"
    assert await served(auto, asked(ANGRY)) == "many"


async def test_the_ensemble_may_be_a_virtual_model_with_a_confidence_of_its_own():
    inner = Consensus(ConsensusSettings(models=("a", "b")))
    call = ScriptedCall({**ANSWERS, "many": inner, "a": "42", "b": "42"})
    outcome = await router()[0].run(asked(HARD), call)
    assert outcome.reply.model == "many"
    assert outcome.confidence.basis != "trust"


async def test_a_choice_records_its_features_reason_and_probability():
    outcome = await router()[0].run(asked(ANGRY), ScriptedCall(ANSWERS))
    route = outcome.route
    assert (route.chosen, route.strategy, route.probability) == ("many", "auto", 1.0)
    assert "unhappy" in route.reason
    assert route.features["level"] == "COMPLEX"
    assert route.features["sentiment"] < 0.3
    assert route.features["served"] == "many"
    json.dumps(route.features, allow_nan=False)


async def test_when_the_chosen_model_fails_the_next_target_answers_and_the_route_says_so():
    call = ScriptedCall({**ANSWERS, "cheap": ProviderOverloaded("down")})
    outcome = await router()[0].run(asked("Do you bring the grill?"), call)
    assert outcome.reply.model == "good"
    assert outcome.route.chosen == "cheap"
    assert outcome.route.features["served"] == "good"
    assert "cheap (provider_overloaded) failed" in outcome.reason


async def test_switched_off_the_default_model_answers_everything():
    auto, _ = router(replace(SETTINGS, enabled=False))
    outcome = await auto.run(asked(ANGRY), ScriptedCall(ANSWERS))
    assert outcome.reply.model == "good"
    assert "switched off" in outcome.reason


async def test_a_conversation_stays_with_its_model_until_it_gets_harder_or_time_has_passed():
    auto, clock = router()
    first = asked(HARD, episode="e1")
    assert await served(auto, first) == "many"
    easy = asked("And parking?", *first.messages, say("assistant", "Sure."), episode="e1")
    assert await served(auto, easy) == "many"
    clock.advance(601)
    assert await served(auto, easy) == "cheap"
    assert await served(auto, replace(first, messages=(*easy.messages, *first.messages))) == "many"


async def test_conversations_without_an_id_are_told_apart_by_how_they_began():
    auto, _ = router()
    opening = asked(HARD).messages
    assert await served(auto, asked(HARD)) == "many"
    assert await served(auto, asked("And parking?", *opening, say("assistant", "Sure."))) == "many"
    assert await served(auto, asked("And parking?", say("user", "Hello!"))) == "cheap"


TOOLS = (Tool(name="weather", parameters={"type": "object"}),)


async def test_tool_words_with_tools_at_hand_go_to_the_model_that_calls_them():
    auto, _ = router()
    assert await served(auto, asked("What is the weather on Saturday?", tools=TOOLS)) == "handy"
    assert await served(auto, asked("What is the weather on Saturday?")) == "cheap"


async def test_a_model_that_cannot_call_tools_is_not_chosen_when_tools_are_offered():
    auto, _ = router(calls_tools=lambda model: model != "cheap")
    assert await served(auto, asked("Do you bring the grill?", tools=TOOLS)) == "handy"


async def test_within_a_tool_loop_the_model_that_called_reads_the_results():
    wants = Message("assistant", (ToolCall("call_1", "weather", "{}"),))
    auto, clock = router(replace(SETTINGS, sticky=0.0))
    request = asked(HARD, tools=TOOLS)
    calling = ScriptedCall({**ANSWERS, "many": lambda _: _says(wants)})
    assert await served(auto, request, calling) == "many"
    clock.advance(10_000)
    result = Message("tool", (ToolResult("call_1", (Text("sunny"),)),))
    back = replace(request, messages=(*request.messages, wants, result))
    outcome = await auto.run(back, ScriptedCall(ANSWERS))
    assert outcome.reply.model == "many"
    assert "called the tools" in outcome.reason


async def test_within_a_streamed_tool_loop_too():
    wants = Message("assistant", (ToolCall("call_7", "weather", "{}"),))
    auto, clock = router(replace(SETTINGS, sticky=0.0))
    request = asked(HARD, tools=TOOLS, stream=True)
    outcome = await auto.run(request, ScriptedCall({**ANSWERS, "many": lambda _: _says(wants)}))
    async for _ in outcome.reply.deltas():
        pass
    clock.advance(10_000)
    result = Message("tool", (ToolResult("call_7", (Text("sunny"),)),))
    back = replace(request, messages=(*request.messages, wants, result), stream=False)
    assert await served(auto, back) == "many"


def _says(message: Message) -> object:
    from teppan.serve.strategies.scripted import Says

    return Says(message=message, finish="tool_calls")


async def test_a_warm_prompt_cache_keeps_the_model_where_that_is_cheaper():
    rates = {
        "cheap": Rate(1_000_000, 1_000_000),
        "good": Rate(2_000_000, 1_000_000, cached=200_000),
        "many": Rate(9_000_000, 9_000_000),
    }
    auto, clock = router(replace(SETTINGS, sticky=0.0), rates=rates.get)
    long = say("system", "These are our rules and prices. " * 900)
    first = asked("What does it cost for " + "many " * 250 + "guests?", long)
    auto._affinity.served(_name(first), "good", 1, 9000)
    easy = asked("And parking?", *first.messages, say("assistant", "It depends."))
    outcome = await auto.run(easy, ScriptedCall(ANSWERS))
    assert outcome.reply.model == "good"
    assert "prompt cache" in outcome.reason
    clock.advance(400)
    assert await served(auto, easy) == "cheap"


def _name(request: ChatRequest) -> str:
    from teppan.routing.affinity import conversation_of

    return conversation_of(request)


INTENTS = Intents(
    [
        ("How much is it per adult?", "pricing"),
        ("What is the price for 10 guests?", "pricing"),
        ("Is there a discount for children?", "pricing"),
        ("Which proteins do you have?", "menu"),
        ("Do you have vegetarian food?", "menu"),
        ("Is there shrimp on the menu?", "menu"),
    ],
    HashingEmbedder().vectors,
)


async def test_the_intent_becomes_the_task_type_when_the_client_named_none():
    auto, _ = router(intents=INTENTS)
    call = ScriptedCall(ANSWERS)
    await auto.run(asked("What is the price for 12 guests?"), call)
    await auto.run(asked("What is the price for 12 guests?", task_type="mine"), call)
    assert [each.request.task_type for each in call.calls] == ["pricing", "mine"]


async def test_without_a_fitted_state_the_learned_router_goes_by_the_rules_and_says_so():
    auto, _ = router(replace(SETTINGS, kind="learned"))
    outcome = await auto.run(asked("Do you bring the grill?"), ScriptedCall(ANSWERS))
    assert outcome.reply.model == "cheap"
    assert "nothing is fitted" in outcome.reason
    assert "rules chose" in outcome.reason


async def test_a_broken_state_fails_open_to_the_rules():
    from teppan.routing.learned import Router

    broken = Router(("cheap", "good"), ((), ()), b"", b"abcd", (0.0, 0.0), (0.0,), (1.0,))
    auto, _ = router(replace(SETTINGS, kind="learned"))
    call = ScriptedCall(ANSWERS, states={"router": broken})
    outcome = await auto.run(asked("Do you bring the grill?"), call)
    assert outcome.reply.model == "cheap"
    assert "failed" in outcome.reason
