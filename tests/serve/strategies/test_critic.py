"""The critic strategy: what a verdict does, and what happens without one."""

import json
import re

import pytest

from teppan.core.chat import ChatRequest, say
from teppan.core.clock import seeded_dice
from teppan.core.errors import AllFailed, ProviderOverloaded, Refused
from teppan.core.verdict import NEEDS_IMPROVEMENT
from teppan.serve.strategies.critic import CriticSettings, TeacherStudentCritic
from teppan.serve.strategies.scripted import HANGS, Says, ScriptedCall

REQUEST = ChatRequest(
    model="v",
    messages=(say("system", "An adult is $55."), say("user", "What does an adult cost?")),
)
BLOCK = re.compile(r'<answer-([0-9a-f]{8}) id="([A-Z]{2})">\n(.*?)\n</answer-\1>', re.DOTALL)


def strategy(**more):
    return TeacherStudentCritic(CriticSettings(teacher="t", student="s", critic="c", **more))


def shown(request):
    """What a critic finds in its prompt: (label, text) in the order shown."""
    return [(label, text) for _, label, text in BLOCK.findall(request.messages[-1].text)]


def verdict(best, **more):
    return Says(json.dumps({"best": best, "confidence": 0.9, "consensus_score": 0.8, **more}))


def prefers(word, **more):
    """A critic that names the answer in which it finds a word."""

    def judge(request):
        best = next((label for label, text in shown(request) if word in text), NEEDS_IMPROVEMENT)
        return verdict(best, **more)

    return judge


def first(request):
    return verdict(shown(request)[0][0])


async def test_the_answer_the_critic_prefers_is_served_with_its_verdict():
    call = ScriptedCall({"t": "It is $45.", "s": "It is $55.", "c": prefers("$55")})
    outcome = await strategy().run(REQUEST, call)
    assert outcome.reply.model == "s"
    assert (outcome.verdict.best, outcome.verdict.consistent) == ("B", True)
    assert outcome.evidence["labels"] == {"A": "t", "B": "s"}
    assert [each.role for each in call.calls] == ["teacher", "student", "critic", "critic"]


async def test_the_critic_sees_the_facts_the_rules_and_the_question():
    call = ScriptedCall({"t": "one", "s": "two", "c": first})
    await strategy(constitution="Never promise a date.").run(REQUEST, call)
    text = call.asked("c")[0].request.messages[-1].text
    for part in ("An adult is $55.", "Never promise a date.", "user: What does an adult cost?"):
        assert part in text
    assert call.asked("c")[0].request.response_format.name == "verdict"


async def test_both_orders_are_judged_and_random_order_needs_one_call():
    call = ScriptedCall({"t": "one", "s": "two", "c": prefers("one")})
    await strategy().run(REQUEST, call)
    orders = [[text for _, text in shown(each.request)] for each in call.asked("c")]
    assert orders[0] == orders[1][::-1]
    once = ScriptedCall({"t": "one", "s": "two", "c": prefers("one")})
    await strategy(order="random").run(REQUEST, once)
    assert len(once.asked("c")) == 1


async def test_a_critic_that_contradicts_itself_leaves_it_to_trust():
    call = ScriptedCall({"t": "one", "s": "two", "c": first}, trusts={"s": 0.8})
    outcome = await strategy().run(REQUEST, call)
    assert outcome.reply.model == "s"
    assert outcome.verdict.consistent is False
    assert outcome.confidence.raw <= 0.5


@pytest.mark.parametrize("order", ["both", "random"])
async def test_a_critic_that_always_prefers_the_first_chooses_each_side_half_the_time(order):
    dice, critic, times = seeded_dice(3), strategy(order=order), 2000
    teacher = 0
    for _ in range(times):
        call = ScriptedCall({"t": "one", "s": "two", "c": first}, dice=dice)
        teacher += (await critic.run(REQUEST, call)).reply.model == "t"
    assert abs(teacher / times - 0.5) <= 0.02


@pytest.mark.parametrize(
    "broken", [ProviderOverloaded("away"), "They are both lovely.", Says(""), HANGS]
)
async def test_a_critic_that_fails_leaves_the_most_trusted_and_says_so(broken):
    call = ScriptedCall({"t": "one", "s": "two", "c": broken}, trusts={"t": 0.6, "s": 0.7})
    outcome = await strategy(critic_timeout=0.02, require_consensus=True).run(REQUEST, call)
    assert outcome.reply.model == "s"
    assert outcome.verdict.fallback == outcome.reason
    assert "the critic c abstained" in outcome.reason


async def test_one_readable_order_is_enough():
    told = iter(["no idea", None])

    def half(request):
        return next(told) or prefers("two")(request)

    outcome = await strategy().run(REQUEST, ScriptedCall({"t": "one", "s": "two", "c": half}))
    assert outcome.reply.model == "s"
    assert outcome.verdict.consistent is None


async def test_an_improvement_is_written_once_with_what_the_critic_asked():
    asked = prefers("never", improvement="Name the price per adult.")
    script = {"t": lambda request: f"answer {len(request.messages)}", "s": "two", "c": asked}
    call = ScriptedCall(script)
    outcome = await strategy().run(REQUEST, call)
    assert outcome.reply.text == "answer 3"
    assert outcome.evidence["regenerated"] is True
    again = call.asked("t")[1].request
    assert "Name the price per adult." in again.messages[1].text
    assert again.messages[-1] == REQUEST.messages[-1]
    assert len(call.asked("c")) == 2


async def test_an_improvement_that_fails_leaves_the_better_of_the_two():
    told = iter(["one", ProviderOverloaded("tired")])
    script = {"t": lambda _: next(told), "s": "two", "c": prefers("never")}
    outcome = await strategy().run(REQUEST, ScriptedCall(script))
    assert outcome.reply.text == "one"
    assert "which failed: tired" in outcome.reason


async def test_an_improvement_is_streamed():
    script = {"t": "one", "s": "two", "c": prefers("never")}
    request = ChatRequest(model="v", messages=REQUEST.messages, stream=True)
    outcome = await strategy().run(request, ScriptedCall(script))
    assert hasattr(outcome.reply, "deltas")


async def test_a_required_consensus_that_is_missing_refuses_or_escalates():
    script = {"t": "one", "s": "two", "c": prefers("one", consensus_score=0.2), "boss": "three"}
    with pytest.raises(Refused):
        await strategy(require_consensus=True).run(REQUEST, ScriptedCall(script))
    asking = strategy(require_consensus=True, below="escalate", escalate_to="boss")
    outcome = await asking.run(REQUEST, ScriptedCall(script))
    assert (outcome.reply.text, outcome.verdict.consensus_score) == ("three", 0.2)
    relaxed = await strategy().run(REQUEST, ScriptedCall(script))
    assert relaxed.reply.text == "one"


async def test_one_reply_left_is_served_without_asking_the_critic():
    call = ScriptedCall({"t": ProviderOverloaded(), "s": "two", "c": first}, trusts={"s": 0.9})
    outcome = await strategy().run(REQUEST, call)
    assert outcome.reply.text == "two"
    assert outcome.confidence.value < 0.9
    assert call.asked("c") == []


async def test_with_none_left_the_fallback_chain_runs():
    script = {"t": ProviderOverloaded("a"), "s": ProviderOverloaded("b"), "f": "here"}
    outcome = await strategy(fallback=("f",)).run(REQUEST, ScriptedCall(script))
    assert outcome.reply.text == "here"
    with pytest.raises(AllFailed):
        await strategy().run(REQUEST, ScriptedCall(script))


async def test_with_a_second_two_write_anew_and_the_critic_judges_again():
    answers = {"t": iter(["It is $45.", "It is $50."]), "s": iter(["It is $40."])}
    call = ScriptedCall(
        {
            "t": lambda request: Says(next(answers["t"])),
            "s": lambda request: Says(next(answers["s"])),
            "u": "It is $55.",
            "c": prefers("$55"),
        }
    )
    outcome = await strategy(second="u").run(REQUEST, call)
    assert (outcome.reply.model, outcome.reply.text) == ("u", "It is $55.")
    assert [each.model for each in outcome.replies] == ["t", "s", "t", "u"]
    assert outcome.evidence["regenerated"] is True


async def test_without_an_answer_of_the_second_the_other_new_one_is_served():
    answers = iter(["It is $45.", "It is $50.", "It is $52."])
    call = ScriptedCall(
        {
            "t": lambda request: Says(next(answers)),
            "s": "It is $40.",
            "u": ProviderOverloaded("down"),
            "c": prefers("$55"),
        }
    )
    outcome = await strategy(second="u").run(REQUEST, call)
    assert outcome.reply.model == "t"
    assert outcome.reply.text in ("It is $50.", "It is $52.")
