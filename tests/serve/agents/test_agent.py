"""An agent calls tools until it has words, within its limits, and does nothing unasked."""

from __future__ import annotations

import asyncio
import re

import pytest
from msgspec.structs import replace

from serve.agents.office import Office, Then, calls, repaired, spoken
from teppan.core.chat import ChatRequest, TextDelta, Tool, UsageSeen
from teppan.core.errors import UnsupportedRequest
from teppan.core.reply import Outcome, Reply
from teppan.core.trace import ToolRun
from teppan.serve.strategies.scripted import Says

BOOKING = '{"bicycle": "red one", "day": "2026-05-09"}'
PROPOSED = "Repair the red one on 2026-05-09 for $40?"


@pytest.fixture(autouse=True)
def _clean() -> None:
    repaired.clear()


async def run(office: Office, request: ChatRequest, trace: str = "tr_1") -> Outcome:
    office.case(request, trace)
    return await office.strategy().run(request, office.call)


def words(outcome: Outcome) -> str:
    assert isinstance(outcome.reply, Reply)
    return outcome.reply.text


def noted(office: Office) -> list[ToolRun]:
    return office.call.case.tools


async def test_the_result_of_a_tool_is_the_models_next_reading() -> None:
    office = Office(Then(calls(("price", '{"part": "chain", "many": 2}')), "That is $50."))
    outcome = await run(office, spoken("what do two chains cost?"))
    assert words(outcome) == "That is $50."
    told = office.model.asked[1].messages[-1]
    assert told.role == "tool"
    assert '{"total":"$50"}' in str(told.parts)
    assert [(each.tool, each.status, each.step) for each in noted(office)] == [("price", "ok", 1)]
    assert outcome.tools == tuple(noted(office))


async def test_the_model_is_told_the_time_and_its_tools() -> None:
    office = Office(Then("Hello!"))
    await run(office, spoken("hi"))
    asked = office.model.asked[0]
    assert "Monday, 2026-05-04 09:30" in asked.messages[-1].text
    assert asked.question == "hi"
    assert [each.name for each in asked.tools] == ["price", "stock", "repair", "escalate"]
    assert "how many" in str(asked.tools[0].parameters)


async def test_tools_of_the_client_are_refused_by_name() -> None:
    office = Office(Then("x"))
    with pytest.raises(UnsupportedRequest) as refused:
        await run(office, spoken("hi", tools=(Tool("other"),)))
    assert refused.value.param == "tools"


@pytest.mark.parametrize(
    ("name", "arguments", "status", "says"),
    [
        ("price", '{"part": "saddle"}', "invalid", "part"),
        ("price", "not json", "invalid", "arguments"),
        ("rm", "{}", "unknown", "there are: price, stock, repair, escalate"),
        ("stock", '{"part": "unicorn horn"}', "refused", "we never had unicorn horns"),
        ("stock", '{"part": "fire"}', "failed", "nothing is known"),
    ],
)
async def test_what_goes_wrong_is_told_to_the_model_and_the_answer_comes(
    name: str, arguments: str, status: str, says: str
) -> None:
    office = Office(Then(calls((name, arguments)), "Sorry."))
    assert words(await run(office, spoken("hm"))) == "Sorry."
    (run_,) = noted(office)
    assert run_.status == status
    assert says in run_.result
    assert "hunter2" not in run_.result


async def test_two_failed_tools_call_a_person() -> None:
    office = Office(
        Then(calls(("stock", '{"part": "fire"}')), calls(("stock", '{"part": "fire"}')), "Hm.")
    )
    outcome = await run(office, spoken("hm"))
    assert office.people.called == [("failed", "workshop")]
    assert outcome.escalated == ("failed",)


async def test_a_model_without_an_end_is_made_to_answer() -> None:
    office = Office(Then(*[calls(("stock", '{"part": "a"}'))] * 9), steps=3)
    outcome = await run(office, spoken("hm"))
    assert len(office.model.asked) == 3
    assert office.model.asked[-1].tool_choice is not None
    assert office.model.asked[-1].tool_choice.mode == "none"
    assert words(outcome) == "Somebody of us will write to you."
    assert office.people.called == [("limit", "workshop")]


async def test_no_step_is_begun_when_the_money_of_the_turn_is_spent() -> None:
    office = Office(Then(calls(("stock", '{"part": "a"}')), "Seven."), cost=5)
    request = spoken("hm")
    office.case(request).cost = 5
    assert words(await office.strategy().run(request, office.call)) == "Seven."
    assert office.model.asked[1].tool_choice is not None
    assert office.model.asked[1].tool_choice.mode == "none"


# --- what changes something ---------------------------------------------------------------------


async def test_what_changes_something_is_only_proposed_at_first() -> None:
    office = Office(Then(calls(("repair", BOOKING)), PROPOSED))
    outcome = await run(office, spoken("please repair my red bicycle on saturday, yes, do it"))
    assert not repaired
    assert [each.status for each in outcome.tools] == ["proposed"]
    assert "NOT DONE YET" in outcome.tools[0].result
    assert not outcome.lasting


async def agreed(office: Office, answer: str) -> Outcome:
    """A proposal, and what the customer says to it."""
    await run(office, spoken("repair my red bicycle"), "tr_1")
    office.model = Then(calls(("repair", BOOKING)), "Done.")
    return await run(office, spoken("repair my red bicycle", PROPOSED, answer), "tr_2")


async def test_it_is_done_when_the_customer_agreed() -> None:
    office = Office(Then(calls(("repair", BOOKING)), PROPOSED))
    outcome = await agreed(office, "Yes please")
    assert [row[1:] for row in repaired] == [("red one", "2026-05-09")]
    assert repaired[0][0] == office.records.rows[0].id
    assert outcome.tools[0].status == "confirmed"


async def test_the_model_is_told_what_waits_for_a_yes() -> None:
    office = Office(Then(calls(("repair", BOOKING)), PROPOSED))
    await agreed(office, "yes")
    newest = office.model.asked[0].messages[-1].text
    assert '<open_action>{"tool":"repair","arguments":{"bicycle":"red one"' in newest


@pytest.mark.parametrize(
    "answer", ["no", "what does it cost?", "From: a friend\n\nYes, do it", "hm", ""]
)
async def test_it_is_not_done_without_a_yes_of_the_customers_own(answer: str) -> None:
    office = Office(Then(calls(("repair", BOOKING)), PROPOSED))
    await agreed(office, answer)
    assert not repaired


async def test_a_yes_to_one_thing_is_none_to_another() -> None:
    office = Office(Then(calls(("repair", BOOKING)), PROPOSED))
    await run(office, spoken("repair my red bicycle"))
    other = BOOKING.replace("09", "10")
    office.model = Then(calls(("repair", other)), "Hm.")
    outcome = await run(office, spoken("repair my red bicycle", PROPOSED, "yes"), "tr_2")
    assert not repaired
    assert outcome.tools[0].status == "proposed"


async def test_a_yes_in_another_conversation_counts_for_nothing() -> None:
    office = Office(Then(calls(("repair", BOOKING)), PROPOSED))
    await run(office, spoken("repair my red bicycle"))
    office.model = Then(calls(("repair", BOOKING)), "Hm.")
    await run(office, spoken("hello", "hello", "yes"), "tr_2")
    assert not repaired
    office.model = Then(calls(("repair", BOOKING)), "Hm.")
    await run(office, spoken("repair my red bicycle", PROPOSED, "yes", user="eve"), "tr_3")
    assert not repaired


async def test_the_same_yes_again_does_nothing_again_and_says_the_same() -> None:
    office = Office(Then(calls(("repair", BOOKING)), PROPOSED))
    first = await agreed(office, "yes")
    office.model = Then(calls(("repair", BOOKING)), "Done.")
    request = spoken("repair my red bicycle", PROPOSED, "yes")
    again = await run(office, request, "tr_3")
    assert len(repaired) == 1
    assert again.tools[0].result == first.tools[0].result


async def test_an_answer_written_again_does_nothing_again() -> None:
    office = Office(Then(calls(("repair", BOOKING)), PROPOSED))
    await run(office, spoken("repair my red bicycle"))
    request = spoken("repair my red bicycle", PROPOSED, "yes")
    office.model = Then(
        calls(("repair", BOOKING)), "Done.", calls(("repair", BOOKING)), "Done, $40."
    )
    office.case(request, "tr_2")
    strategy = office.strategy()
    await strategy.run(request, office.call)
    again = await strategy.run(request, office.call)
    assert words(again) == "Done, $40."
    assert len(repaired) == 1
    assert len(noted(office)) == 1


async def test_a_yes_to_another_question_does_not_wake_an_older_proposal() -> None:
    office = Office(Then(calls(("repair", BOOKING)), PROPOSED))
    await run(office, spoken("repair my red bicycle"), "tr_1")
    office.model = Then(calls(("repair", BOOKING)), "Hm.")
    said = ("repair my red bicycle", PROPOSED, "and a tyre?", "It is $30, all right?", "yes")
    outcome = await run(office, spoken(*said), "tr_2")
    assert not repaired
    assert outcome.tools[0].status == "proposed"


async def test_what_another_request_has_begun_is_waited_for() -> None:
    office = Office(Then(calls(("repair", BOOKING)), PROPOSED))
    await run(office, spoken("repair my red bicycle"), "tr_1")
    (row,) = office.records.rows
    office.records.rows = [replace(row, status="running")]
    office.model = Then(calls(("repair", BOOKING)), "Done.")
    request = spoken("repair my red bicycle", PROPOSED, "yes")
    case = office.case(request, "tr_2")

    async def done_meanwhile(seconds: float) -> None:
        await office.records.finish(case.scope, row.id, "done by another")

    case.clock.sleep = done_meanwhile  # type: ignore[method-assign]
    outcome = await office.strategy().run(request, office.call)
    assert not repaired
    assert (outcome.tools[0].status, outcome.tools[0].result) == ("confirmed", "done by another")


async def test_what_was_begun_and_left_is_done_when_the_customer_asks_again() -> None:
    office = Office(Then(calls(("repair", BOOKING)), PROPOSED))
    await run(office, spoken("repair my red bicycle"), "tr_1")
    (row,) = office.records.rows
    office.records.rows = [replace(row, status="running")]
    office.records.lapsed = True
    said = ("repair my red bicycle", PROPOSED, "yes", "...", "no, stop!")
    office.model = Then(calls(("repair", BOOKING)), "Hm.")
    await run(office, spoken(*said), "tr_2")
    assert not repaired
    office.model = Then(calls(("repair", BOOKING)), "Done.")
    outcome = await run(office, spoken(*said[:-1], "is it done?"), "tr_3")
    assert [key for key, *_ in repaired] == [row.id]
    assert outcome.tools[0].status == "confirmed"


async def test_who_leaves_after_the_yes_gets_it_done_all_the_same() -> None:
    office = Office(Then(calls(("repair", BOOKING)), PROPOSED))
    await run(office, spoken("repair my red bicycle"), "tr_1")
    office.records.slow = asyncio.Event()
    office.model = Then(calls(("repair", BOOKING)), "Done.")
    request = spoken("repair my red bicycle", PROPOSED, "yes")
    office.case(request, "tr_2")
    strategy = office.strategy()
    asking = asyncio.create_task(strategy.run(request, office.call))
    while not repaired:
        await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.wait({asking})
    office.records.slow.set()
    await strategy._actions.drain()
    assert office.records.rows[0].status == "done"


async def test_more_calls_than_a_step_makes_are_one_refusal() -> None:
    many = [("price", f'{{"part": "tyre", "many": {n}}}') for n in range(10_000)]
    office = Office(Then(calls(*many), "Too many."))
    outcome = await run(office, spoken("hm"))
    assert sorted(each.status for each in outcome.tools) == ["ok"] * 8 + ["refused"]
    assert len(office.model.asked[1].messages) == 1 + 1 + 9


@pytest.mark.parametrize(
    "name",
    ["repair\n\ndata: x", "rеpair", "ｒｅｐａｉｒ", "repair ", "stock part", "", "r" * 10_000],
)
async def test_a_name_that_nobody_offered_is_no_tool_and_made_fit(name: str) -> None:
    office = Office(Then(calls((name, BOOKING)), "Hm."))
    outcome = await run(office, spoken("yes"))
    (tool,) = outcome.tools
    assert tool.status == "unknown"
    assert re.fullmatch(r"[0-9A-Za-z_-]{1,64}", tool.tool)
    assert not office.records.rows


async def test_a_refusal_is_no_proposal() -> None:
    office = Office(Then(calls(("repair", BOOKING.replace("2026", "2020"))), "Sorry."))
    outcome = await run(office, spoken("repair it"))
    assert outcome.tools[0].status == "refused"
    assert not office.records.rows


async def test_what_cannot_be_written_down_is_not_done() -> None:
    office = Office(Then(calls(("repair", BOOKING)), "Sorry."))
    office.records.broken = True
    outcome = await run(office, spoken("repair it"))
    assert outcome.tools[0].status == "failed"
    assert words(outcome) == "Sorry."


# --- people -------------------------------------------------------------------------------------


async def test_an_agent_can_call_a_person() -> None:
    office = Office(Then(calls(("escalate", '{"reason": "is angry"}')), "A person will write."))
    outcome = await run(office, spoken("where is my bicycle!"))
    assert office.people.called == [("agent", "is angry")]
    assert outcome.escalated == ("agent",)
    assert not outcome.lasting


async def test_nobody_is_said_to_be_called_who_was_not() -> None:
    office = Office(Then(calls(("escalate", '{"reason": "is angry"}')), "Sorry."))
    office.people.away = True
    outcome = await run(office, spoken("where is my bicycle!"))
    assert outcome.tools[0].status == "refused"
    assert outcome.escalated == ()


# --- streams ------------------------------------------------------------------------------------


async def streamed(outcome: Outcome) -> tuple[str, list[object]]:
    assert not isinstance(outcome.reply, Reply)
    deltas = [delta async for delta in outcome.reply.deltas()]
    return "".join(each.text for each in deltas if isinstance(each, TextDelta)), list(deltas)


async def test_words_come_as_they_are_written_once_the_tools_have_run() -> None:
    office = Office(Then(calls(("price", '{"part": "tyre"}')), "That is $30."))
    outcome = await run(office, spoken("a tyre?", stream=True))
    text, deltas = await streamed(outcome)
    assert text == "That is $30."
    assert sum(isinstance(each, UsageSeen) for each in deltas) == 1
    assert outcome.tools[0].result == '{"total":"$30"}'


async def test_a_model_that_speaks_before_it_calls_is_heard_to_its_end() -> None:
    first = calls(("price", '{"part": "tyre"}'), text="Let me look.")
    office = Office(Then(first, "It is $30."))
    text, _ = await streamed(await run(office, spoken("a tyre?", stream=True)))
    assert text == "Let me look.\n\nIt is $30."
    assert [each.tool for each in noted(office)] == ["price"]


async def test_what_a_tool_told_after_the_first_words_is_not_remembered_either() -> None:
    for tool, lasting in (("price", True), ("stock", False)):
        office = Office(Then(calls((tool, '{"part": "tyre"}'), text="Let me look."), "Here."))
        outcome = await run(office, spoken("a tyre?", stream=True))
        await streamed(outcome)
        assert outcome.lasting is lasting
        assert replace(outcome, reason="told").lasting is lasting


async def test_a_stable_answer_may_be_remembered_and_another_not() -> None:
    office = Office(Then(calls(("price", '{"part": "tyre"}')), "It is $30."))
    assert (await run(office, spoken("a tyre?"))).lasting
    office.model = Then(calls(("price", '{"part": "rocket"}')), "I cannot tell.")
    assert not (await run(office, spoken("a rocket?"))).lasting
    office.model = Then(calls(("stock", '{"part": "tyre"}')), Says("Seven."))
    assert not (await run(office, spoken("a tyre?"))).lasting


async def test_what_the_model_does_not_tell_of_a_proposal_is_added() -> None:
    office = Office(Then(calls(("repair", BOOKING)), "Shall I?"))
    assert words(await run(office, spoken("repair my red bicycle"))) == f"Shall I?\n\n{PROPOSED}"
    first = calls(("repair", BOOKING), text="Let me see.")
    office = Office(Then(first, "Shall I?"))
    text, _ = await streamed(await run(office, spoken("repair my red bicycle", stream=True)))
    assert text.endswith(f"Shall I?\n\n{PROPOSED}")


async def test_a_yes_to_something_the_customer_was_never_shown_counts_for_nothing() -> None:
    office = Office(Then(calls(("repair", BOOKING)), PROPOSED))
    await run(office, spoken("repair my red bicycle"), "tr_1")
    office.model = Then(calls(("repair", BOOKING)), "Hm.")
    other = "I want to be sure, so I pass this on to our team. Is that all right?"
    outcome = await run(office, spoken("repair my red bicycle", other, "yes"), "tr_2")
    assert not repaired
    assert outcome.tools[0].status == "proposed"
