"""Through a whole gateway: what the vendor is asked, what the trace says, who pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serve.context.talks import ANNA, chatting, context, request
from teppan.cost.tokens import request_tokens
from teppan.serve.context import ContextPolicy
from teppan.serve.steps import Steps

if TYPE_CHECKING:
    from serve.conftest import Opening

VIRTUAL = {"pack/support": {"strategy": "single", "model": "a/one", "prompt": "support"}}
PROMPTS = {"support": "You answer customers."}


async def test_the_vendor_gets_the_short_one_and_the_trace_tells_both(opening: Opening) -> None:
    steps = Steps(context=context(ContextPolicy(tokens=300)))
    house = opening({"a": {"one": "Yes."}}, VIRTUAL, prompts=PROMPTS, steps=steps)
    asked = request(chatting(40, facts=4))
    answer = await house.gateway.answer(asked, ANNA)
    assert answer.completion is not None
    _, sent = house.vendors["a"].asked[0]
    systems = [each.text for each in sent.messages if each.role == "system"]
    assert systems == ["You answer customers."]  # the client's copy of the prompt is left out
    assert sent.messages[-5:] == asked.messages[-5:]
    told = house.memory.traces[0].context
    assert told is not None
    assert told.after == request_tokens(sent) < told.before / 2
    assert house.memory.traces[0].request == asked


async def test_a_written_summary_is_a_call_in_the_ledger(opening: Opening) -> None:
    steps = Steps(context=context(ContextPolicy(tokens=300, summary_model="b/writer")))
    lines = {"a": {"one": "Yes."}, "b": {"writer": "user: wants cups"}}
    house = opening(lines, VIRTUAL, prompts=PROMPTS, steps=steps)  # type: ignore[arg-type]
    await house.gateway.answer(request(chatting(40, facts=4)), ANNA)
    calls = house.memory.traces[0].calls
    assert [(call.model, call.role) for call in calls] == [
        ("b/writer", "summary"),
        ("a/one", "single"),
    ]
    _, sent = house.vendors["a"].asked[0]
    assert "wants cups" in sent.messages[1].text


async def test_a_writer_that_is_not_there_costs_no_answer(opening: Opening) -> None:
    steps = Steps(context=context(ContextPolicy(tokens=300, summary_model="nobody/writer")))
    house = opening({"a": {"one": "Yes."}}, VIRTUAL, prompts=PROMPTS, steps=steps)
    answer = await house.gateway.answer(request(chatting(40, facts=4)), ANNA)
    assert answer.completion is not None
    assert house.memory.traces[0].context is not None
