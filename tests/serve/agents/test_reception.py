"""`agent/auto` goes to the agent whose question it is, and stays there for what belongs to it."""

from __future__ import annotations

from msgspec.structs import replace

from serve.agents.office import Records, spoken
from teppan.core.ids import CountingIds, Scope
from teppan.serve.agents.actions import Actions, places
from teppan.serve.agents.reception import AnyAgent, Reception
from teppan.serve.strategies.scripted import ScriptedCall, ScriptedCase
from teppan.store.actions import Action

ANNA = Scope("anna", "key_1")


def intent_of(text: str) -> tuple[str, float]:
    for word in ("repair", "price", "weather"):
        if word in text:
            return word, 0.9
    return "unknown", 0.2


def reception(records: Records | None = None) -> Reception:
    actions = Actions(records or Records(), CountingIds())
    return Reception(intent_of, {"repair": "workshop", "price": "shop"}, "desk", actions)


async def sent(*said: str, model: str = "agent/auto") -> str:
    request, _ = await reception().direct(replace(spoken(*said), model=model), ANNA)
    return request.model


async def test_the_intent_names_the_agent() -> None:
    assert await sent("a repair please") == "agent/workshop"
    assert await sent("the price?") == "agent/shop"


async def test_what_has_no_intent_goes_to_the_desk() -> None:
    assert await sent("hm hm") == "agent/desk"
    assert await sent("nice weather") == "agent/desk"


async def test_a_short_answer_stays_with_whom_it_was_said_to() -> None:
    assert await sent("a repair please", "When?", "on sunday") == "agent/workshop"
    assert await sent("a repair please", "When?", "and the price?") == "agent/shop"


async def test_a_long_message_without_an_intent_is_a_new_one() -> None:
    assert await sent("a repair please", "When?", "hm " * 40) == "agent/desk"


async def test_whoever_waits_for_a_yes_gets_it() -> None:
    records = Records()
    first = spoken("the price of a repair?")
    records.rows.append(
        Action(
            id="act_1",
            talk=places(first)[-1],
            agent="till",
            tool="pay",
            arguments="{}",
            told="Pay $5?",
            trace_id="tr_1",
        )
    )
    talk = replace(spoken("the price of a repair?", "Pay $5?", "yes"), model="agent/auto")
    request, why = await reception(records).direct(talk, ANNA)
    assert request.model == "agent/till"
    assert "pay" in why
    other = replace(
        spoken("the price of a repair?", "Pay $5?", "a price of 4?"), model="agent/auto"
    )
    assert (await reception(records).direct(other, ANNA))[0].model == "agent/till"
    later = spoken("the price of a repair?", "Pay $5?", "hm", "Bring it.", "a repair!")
    request, _ = await reception(records).direct(replace(later, model="agent/auto"), ANNA)
    assert request.model == "agent/workshop"
    records.broken = True
    request, _ = await reception(records).direct(talk, ANNA)
    assert request.model == "agent/workshop"


async def test_other_models_are_left_alone() -> None:
    assert await sent("a repair please", model="teppan/critic") == "teppan/critic"


async def test_inside_another_strategy_it_is_asked_by_the_agents_name() -> None:
    request = spoken("a repair please")
    call = ScriptedCall({"agent/workshop": "Bring it."}, case=ScriptedCase(request=request))
    outcome = await AnyAgent(reception()).run(request, call)
    assert [each.model for each in call.calls] == ["agent/workshop"]
    assert outcome.reason.startswith("agent/workshop: repair")
