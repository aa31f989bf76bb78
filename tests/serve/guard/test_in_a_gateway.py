"""Rules around a real strategy over scripted vendors: both writings are calls of one journey."""

from __future__ import annotations

from pathlib import Path

from serve.conftest import Opening
from teppan.config.pack import load_pack
from teppan.core.chat import ChatRequest, say
from teppan.core.clock import FixedClock
from teppan.core.ids import LOCAL, CountingIds
from teppan.core.release import Release
from teppan.core.reply import Outcome, Reply
from teppan.core.trace import Trace
from teppan.routing.language import Languages
from teppan.serve.call import JourneyCall
from teppan.serve.guard.guard import Guard
from teppan.serve.journey import Journey

PACK = load_pack(Path(__file__).parents[3] / "packs" / "myhibachi")
GUARD = Guard(PACK.book, Languages(PACK.languages), lambda: 0.5)
RIGHT, WRONG = "Sorry, we have no wagyu.", "Yes, we have wagyu for you."


async def kept(opening: Opening, first: str, *, stream: bool = False) -> tuple[Outcome, Journey]:
    """What comes of a model that mends its answer when it sees the note."""
    setting = opening({"a": {"one": first}}, {"support": {"strategy": "single", "model": "a/one"}})
    request = ChatRequest(
        model="support", messages=(say("user", "Do you have wagyu?"),), stream=stream
    )
    journey = Journey(
        request, LOCAL, "chat", clock=FixedClock(), new_id=CountingIds(), allowed=60.0
    )
    call = JourneyCall(setting.reach, journey, Release("rel_1"))
    _, strategy = setting.gateway.models.route(request)
    outcome = await strategy.run(request, call)

    async def again(noted: ChatRequest) -> Outcome:
        assert "<note-" in noted.messages[-1].text
        setting.vendors["a"].lines["one"] = RIGHT
        return await strategy.run(noted, call)

    return await GUARD.keep(request, outcome, again), journey


async def test_a_broken_rule_costs_a_second_call_of_the_same_journey(opening: Opening) -> None:
    for stream in (False, True):
        outcome, journey = await kept(opening, WRONG, stream=stream)
        assert isinstance(outcome.reply, Reply)
        assert outcome.reply.text.strip() == RIGHT
        assert outcome.guarded == "regenerated"
        assert [each.outcome for each in journey.calls] == ["ok", "ok"]


async def test_a_kept_rule_costs_nothing(opening: Opening) -> None:
    outcome, journey = await kept(opening, RIGHT)
    assert (outcome.guarded, len(journey.calls)) == ("passed", 1)


def test_only_answers_that_keep_the_rules_may_be_learned_from() -> None:
    bare = Trace(id="tr", tenant="t", key_id="k", started=0, asked="m", strategy="s", status="ok")
    assert bare.passed_rules
    for status, passed in (
        ("passed", True),
        ("regenerated", True),
        ("noted", False),
        ("replaced", False),
        ("unchecked", False),
    ):
        trace = Trace(
            id="tr",
            tenant="t",
            key_id="k",
            started=0,
            asked="m",
            strategy="s",
            status="ok",
            guarded=status,  # type: ignore[arg-type]
        )
        assert trace.passed_rules is passed
