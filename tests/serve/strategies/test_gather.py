"""Models are asked side by side; nothing outlives the question."""

import asyncio

import pytest

from teppan.core.chat import ChatRequest, say
from teppan.core.errors import ProviderBadAnswer, ProviderOverloaded, ProviderTimeout
from teppan.serve.strategies.gather import Ask, gather
from teppan.serve.strategies.scripted import HANGS, Says, ScriptedCall

REQUEST = ChatRequest(model="panel", messages=(say("user", "hello?"),))


def asks(*models: str) -> list[Ask]:
    return [Ask(model, REQUEST) for model in models]


async def first_two(gathered):
    return len(gathered.replies) == 2


async def test_replies_are_in_the_order_of_the_asks_not_of_arrival():
    call = ScriptedCall({"slow": Says("s", beats=5), "fast": Says("f")})
    gathered = await gather(call, asks("slow", "fast"))
    assert [reply.text for reply in gathered.answers] == ["s", "f"]
    assert gathered.pending == ()


async def test_a_failure_is_kept_beside_the_replies():
    call = ScriptedCall({"up": "yes", "down": ProviderOverloaded("resting")})
    gathered = await gather(call, asks("down", "up"))
    assert [reply.model for reply in gathered.answers] == ["up"]
    ((place, failure),) = gathered.failures
    assert (place, failure.model, failure.error.message) == (0, "down", "resting")


async def test_stragglers_are_cancelled_and_billed_once_enough_came():
    call = ScriptedCall({"a": Says("a"), "b": Says("b", beats=2), "c": Says("c", beats=90, cost=8)})
    gathered = await gather(call, asks("a", "b", "c"), enough=first_two)
    assert gathered.pending == (2,)
    assert call.asked("c")[0].outcome == "cancelled"
    assert call.cost == 10 + 10 + 4
    assert len(asyncio.all_tasks()) == 1


async def test_a_member_that_hangs_times_out_alone():
    call = ScriptedCall({"a": "fine", "stuck": HANGS})
    gathered = await gather(call, asks("stuck", "a"), timeout=0.02)
    ((_, failure),) = gathered.failures
    assert isinstance(failure.error, ProviderTimeout)
    assert failure.error.clock == "total"
    assert call.asked("stuck")[0].outcome == "cancelled"


async def test_cancelling_the_whole_cancels_every_member():
    call = ScriptedCall({"one": HANGS, "two": HANGS})
    whole = asyncio.create_task(gather(call, asks("one", "two")))
    await asyncio.sleep(0.01)
    whole.cancel()
    with pytest.raises(asyncio.CancelledError):
        await whole
    assert [each.outcome for each in call.calls] == ["cancelled", "cancelled"]
    assert len(asyncio.all_tasks()) == 1


async def test_a_defect_is_raised_and_leaves_nobody_running():
    def broken(request):
        raise RuntimeError("a bug")

    call = ScriptedCall({"bug": broken, "stuck": HANGS})
    with pytest.raises(RuntimeError, match="a bug"):
        await gather(call, asks("stuck", "bug"))
    assert call.asked("stuck")[0].outcome == "cancelled"


@pytest.mark.parametrize("says", [Says(""), Says("  \n"), Says("cut", finish="content_filter")])
async def test_an_answer_that_says_nothing_or_was_filtered_is_a_failure(says):
    gathered = await gather(ScriptedCall({"mute": says}), asks("mute"))
    assert gathered.answers == ()
    assert gathered.causes[0].code in {ProviderBadAnswer.code, "content_filter"}
