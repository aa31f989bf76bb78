"""An agent passes a customer to the colleague whose work it is, once for a message."""

from __future__ import annotations

from serve.agents.office import Office, Then, calls, spoken, talk_of
from teppan.core.chat import TextDelta
from teppan.core.ids import CountingIds
from teppan.core.reply import Outcome, Reply
from teppan.serve.agents.actions import Actions
from teppan.serve.agents.agent import AgentStrategy
from teppan.serve.agents.builtin import PassOn
from teppan.serve.agents.turn import Agent
from teppan.serve.strategies.scripted import ScriptedCall, ScriptedCase
from teppan.serve.strategies.single import Single, SingleSettings

TO_TILL = calls(("pass_to", '{"agent": "till"}'))


def agent(office: Office, name: str, others: dict[str, str], model: str) -> AgentStrategy:
    tools = (PassOn(others),) if others else ()
    return AgentStrategy(
        Agent(name=name, tools=tools),
        Single(SingleSettings(model=model)),
        Actions(office.records, CountingIds()),
        talk_of,
        office.people,
    )


async def run(office: Office, *lines: object, stream: bool = False) -> Outcome:
    """The desk is asked; `lines` are what its model says, and then the till's model."""
    request = spoken("I want to pay", stream=stream)
    desk = agent(office, "desk", {"till": "takes money"}, "m")
    till = agent(office, "till", {"desk": "greets"}, "n")
    first, second = lines
    script = {"m": first, "n": second, "agent/till": till}
    office.call = ScriptedCall(script, case=ScriptedCase(request=request))  # type: ignore[arg-type]
    return await desk.run(request, office.call)


async def test_the_colleague_answers_what_the_customer_wrote() -> None:
    office = Office(Then("x"))
    till = Then("That is $5.")
    outcome = await run(office, Then(TO_TILL), till)
    assert isinstance(outcome.reply, Reply)
    assert outcome.reply.text == "That is $5."
    assert till.asked[0].question == "I want to pay"
    assert all(each.role != "tool" for each in till.asked[0].messages)
    assert [(each.agent, each.tool, each.status) for each in outcome.tools] == [
        ("desk", "pass_to", "ok")
    ]
    assert outcome.lasting


async def test_nobody_passes_a_customer_round_in_a_circle() -> None:
    office = Office(Then("x"))
    back = Then(calls(("pass_to", '{"agent": "desk"}')), "Then I try: $5.")
    outcome = await run(office, Then(TO_TILL), back)
    assert isinstance(outcome.reply, Reply)
    assert outcome.reply.text == "Then I try: $5."
    assert [each.status for each in outcome.tools] == ["ok", "refused"]


async def test_a_stream_goes_on_with_the_colleague() -> None:
    office = Office(Then("x"))
    first = Then(calls(("pass_to", '{"agent": "till"}'), text="One moment."))
    outcome = await run(office, first, Then("That is $5."), stream=True)
    assert not isinstance(outcome.reply, Reply)
    text = [each.text async for each in outcome.reply.deltas() if isinstance(each, TextDelta)]
    assert "".join(text) == "One moment.\n\nThat is $5."


def test_only_colleagues_that_were_named_are_offered() -> None:
    offered = PassOn({"till": "takes money", "boss": ""}).offered()
    assert offered.parameters is not None
    assert offered.parameters["properties"]["agent"]["enum"] == ["till", "boss"]
    assert "till: takes money" in (offered.description or "")
