"""Agents asked as customers ask: booked, changed, cancelled, complained, passed on to a person.

The official `openai` package speaks to the real gateway, which acts by the real pack on a real
database; only the vendors are simulated. What counts is what stands in the pack's tables.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import anthropic
import openai
import pytest
import pytest_asyncio

from contract.conftest import database, postgres_server
from hibachi_desk import BOOK, Desk, Talk, simulated

__all__ = ["database", "postgres_server"]

# one gateway serves all tests here: opening it takes far longer than asking it
pytestmark = pytest.mark.asyncio(loop_scope="module")
_CODE = re.compile(r"\bcode ([A-Z0-9]{6})\b")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with simulated(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def desk(house: Desk) -> Desk:
    """The desk of all tests here, with nothing booked."""
    await house.clear()
    return house


async def booked(talk: Talk, text: str = BOOK) -> str:
    """Books, and returns the code that the customer was told."""
    await talk.say(text)
    answer = await talk.say("Yes, please.")
    found = _CODE.search(answer)
    assert found, answer
    return found[1]


# --- what customers do --------------------------------------------------------------------------


async def test_a_quote_is_exact_and_comes_from_the_tool(desk: Desk) -> None:
    talk = desk.talk()
    answer = await talk.say("How much is it for 23 adults and 4 children?")
    assert "$1,385" in answer  # 23 x $55 + 4 x $30
    assert talk.used == [("quote", "ok")]
    assert talk.headers["x-teppan-tools"] == "quote ok"
    assert talk.headers["x-teppan-strategy"] == "agent"
    assert await desk.rows() == []


async def test_a_visit_from_the_first_question_to_the_cancelled_booking(
    tmp_path: Path, database: str
) -> None:
    """In a file and on a server."""
    async with simulated(tmp_path, database) as desk:
        talk = desk.talk()
        proposed = await talk.say(BOOK)
        assert "Saturday, October 10, 2026 at 6 pm" in proposed
        assert "$550" in proposed
        assert talk.used == [("book", "proposed")]
        assert await desk.rows() == []

        answer = await talk.say("Yes, please.")
        assert talk.used == [("book", "confirmed")]
        (row,) = await desk.rows()
        assert row.code in answer
        assert (row.status, row.adults, row.total, row.email) == (
            "reserved",
            10,
            55_000,
            "ana@example.com",
        )

        await talk.say(f"Please change booking {row.code} to 14 adults, ana@example.com")
        assert talk.used == [("change_booking", "proposed")]
        assert "$770" in await talk.say("ok")
        (row,) = await desk.rows()
        assert (row.adults, row.total, row.day.isoformat()) == (14, 77_000, "2026-10-10")

        await talk.say(f"Can you change booking {row.code} to 2026-10-17? ana@example.com")
        await talk.say("yes")
        (row,) = await desk.rows()
        assert (row.day.isoformat(), row.moved) == ("2026-10-17", 1)

        told = await talk.say(f"Please cancel booking {row.code}, ana@example.com")
        assert "$100 is refunded" in told
        await talk.say("Yes, cancel it.")
        (row,) = await desk.rows()
        assert row.status == "cancelled"
        assert [each.tool for each in await desk.ran(talk)] == ["cancel_booking"]


async def test_who_thinks_better_of_it_has_booked_nothing(desk: Desk) -> None:
    talk = desk.talk()
    await talk.say(BOOK)
    await talk.say("No, wait.")
    assert await desk.rows() == []


async def test_what_was_cancelled_can_be_booked_again_in_the_same_words(desk: Desk) -> None:
    talk = desk.talk()
    first = await booked(talk)
    await talk.say(f"Please cancel booking {first}, ana@example.com")
    await talk.say("yes")
    second = await booked(talk)
    assert first != second
    assert sorted(row.status for row in await desk.rows()) == ["cancelled", "reserved"]


async def test_a_complaint_is_there_for_people_to_see(desk: Desk) -> None:
    talk = desk.talk()
    await talk.say("I have a complaint: the chef came two hours late and the food was cold.")
    assert talk.used == [("escalate", "ok")]
    found = await desk.client.get("/escalations", cast_to=dict[str, object])
    rows = found["data"]
    assert isinstance(rows, list)
    assert rows[0]["trace_id"] == talk.headers["x-teppan-trace-id"]
    assert "two hours late" in rows[0]["question"]
    assert rows[0]["model"] == "agent/complaint"


async def test_whoever_wants_a_person_gets_one(desk: Desk) -> None:
    talk = desk.talk()
    answer = await talk.say("Let me speak to a person, please.")
    assert "asked" in talk.headers["x-teppan-escalated"]
    assert answer
    assert "asked" in {each.reason for each in await desk.called()}


@pytest.mark.parametrize(
    ("question", "agent"),
    [
        ("How much is it for 23 adults?", "lead_nurturing"),
        (BOOK, "booking"),
        ("I have a complaint, the food was cold!", "complaint"),
        ("Does the teriyaki sauce contain gluten? I am allergic.", "allergen"),
        ("Do you come to Fresno, and what is the travel fee?", "distance"),
        ("Hello!", "customer_care"),
    ],
)
async def test_each_question_goes_to_the_agent_it_belongs_to(
    desk: Desk, question: str, agent: str
) -> None:
    talk = desk.talk()
    await talk.say(question)
    trace = await desk.trace(talk)
    assert trace.route is not None
    assert trace.route.chosen == f"agent/{agent}"
    assert trace.asked == "agent/auto"


# --- every way to ask ---------------------------------------------------------------------------


async def test_a_stream_says_and_does_the_same(desk: Desk) -> None:
    talk = desk.talk()
    proposed, _ = await talk.stream(BOOK)
    assert "$550" in proposed
    answer, trace_id = await talk.stream("yes")
    (row,) = await desk.rows()
    assert row.code in answer
    assert [each.status for each in (await desk.traced(trace_id)).tools] == ["confirmed"]


async def test_the_other_two_formats_act_as_well(desk: Desk) -> None:
    wish = BOOK.replace("ana@", "otherwise@")
    first = await desk.client.responses.create(model="agent/auto", input=wish)
    said = [
        {"role": "user", "content": wish},
        {"role": "assistant", "content": first.output_text},
        {"role": "user", "content": "yes"},
    ]
    second = await desk.client.responses.create(model="agent/auto", input=said)  # type: ignore[arg-type]
    (row,) = await desk.rows()
    assert row.code in second.output_text
    async with anthropic.AsyncAnthropic(base_url=desk.address, api_key="sk-any") as other:
        ask = f"Please cancel booking {row.code}, otherwise@example.com"
        told = await other.messages.create(
            model="agent/auto", max_tokens=500, messages=[{"role": "user", "content": ask}]
        )
        assert told.content[0].type == "text"
        await other.messages.create(
            model="agent/auto",
            max_tokens=500,
            messages=[
                {"role": "user", "content": ask},
                {"role": "assistant", "content": told.content[0].text},
                {"role": "user", "content": "yes"},
            ],
        )
    (row,) = await desk.rows()
    assert row.status == "cancelled"


async def test_tools_of_the_client_are_refused_with_the_field_named(desk: Desk) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await desk.client.chat.completions.create(
            model="agent/auto",
            messages=[{"role": "user", "content": "hi"}],
            tools=[{"type": "function", "function": {"name": "mine", "parameters": {}}}],
        )
    assert caught.value.param == "tools"


async def test_the_answer_and_its_trace_tell_every_call(desk: Desk) -> None:
    talk = desk.talk()
    await booked(talk)
    (run,) = await desk.ran(talk)
    assert (run.agent, run.tool, run.status, run.step) == ("booking", "book", "confirmed", 1)
    assert '"adults":10' in run.arguments
    told = talk.tools[0]
    assert (told["tool"], told["arguments"], told["result"]) == ("book", run.arguments, run.result)
    assert told["action"] == run.action
    assert talk.headers["x-teppan-tools"] == "book confirmed"


# --- twice, and at once -------------------------------------------------------------------------


async def test_two_who_want_the_last_chef_get_one_booking(desk: Desk) -> None:
    talks = [desk.talk() for n in range(5)]
    asks = [BOOK.replace("10 adults", "20 adults").replace("ana@", f"guest{n}@") for n in range(5)]
    for talk, ask in zip(talks[:2], asks, strict=False):
        await booked(talk, ask)
    assert {row.status for row in await desk.rows()} == {"reserved"}
    late = list(zip(talks[2:], asks[2:], strict=True))
    proposals = await asyncio.gather(*(talk.say(ask) for talk, ask in late))
    assert all("Reserve" in each for each in proposals)
    await asyncio.gather(*(talk.say("yes") for talk, _ in late))
    assert sorted(status for talk, _ in late for _, status in talk.used) == [
        "confirmed",
        "refused",
        "refused",
    ]
    assert len(await desk.rows()) == 3


async def test_the_same_yes_sent_again_books_once_and_tells_the_same_code(desk: Desk) -> None:
    talk = desk.talk()
    code = await booked(talk)
    talk.messages.pop()
    again = await talk.again()
    assert code in again
    assert len(await desk.rows()) == 1


async def test_the_same_yes_sent_many_times_at_once_books_once(desk: Desk) -> None:
    talk = desk.talk()
    await talk.say(BOOK)
    talk.messages.append({"role": "user", "content": "yes"})
    answers = await asyncio.gather(*(talk.again() for _ in range(6)))
    (row,) = await desk.rows()
    assert all(row.code in each for each in answers)


async def test_an_idempotency_key_brings_the_first_answer_back(desk: Desk) -> None:
    talk = desk.talk()
    await talk.say(BOOK)
    talk.messages.append({"role": "user", "content": "yes"})
    once = {"idempotency-key": "yes-1"}
    first, second = [await talk.again(extra_headers=once) for _ in range(2)]
    assert first == second
    assert len(await desk.rows()) == 1
