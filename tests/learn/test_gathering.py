"""Traces become examples with the conversation around them, once each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from learn.test_scoring import SCORER, trace
from teppan.core.chat import ChatRequest, Choice, Completion, say
from teppan.core.ids import Scope
from teppan.core.signal import Signal
from teppan.core.trace import Trace
from teppan.learn.gathering import Gatherer, Spoken, follow
from teppan.learn.signals import terms_by

ANNA = Scope("anna", "key_1")


@dataclass
class Talk:
    said: dict[str, Spoken] = field(default_factory=dict)

    async def of(self, scope: Scope, trace: Trace) -> Spoken:
        return self.said.get(trace.id, Spoken())

    async def of_all(self, scope: Scope, traces: Sequence[Trace]) -> dict[str, Spoken]:
        return {each.id: await self.of(scope, each) for each in traces}


@dataclass
class Kept:
    rows: dict[str, Signal] = field(default_factory=dict)

    async def put(self, scope: Scope, made: Sequence[Signal]) -> int:
        before = len(self.rows)
        self.rows |= {each.trace_id: each for each in made}
        return len(self.rows) - before

    async def drop(self, scope: Scope, trace_ids: Sequence[str]) -> int:
        return sum(self.rows.pop(each, None) is not None for each in trace_ids)


def turn(number: int, *said: str, answer: str, episode: str | None = None) -> Trace:
    """A trace of a conversation: what was said in turn, the customer first and last."""
    roles = ("user", "assistant")
    messages = tuple(say(roles[place % 2], text) for place, text in enumerate(said))  # type: ignore[arg-type]
    return replace(
        trace(served="openllm/m"),
        id=f"tr_{number}",
        started=float(number),
        episode=episode,
        request=ChatRequest(model="shop", messages=messages, episode=episode, user="u1"),
        answer=Completion("m", (Choice(say("assistant", answer), "stop"),)),
    )


ONE = turn(1, "What do adults pay?", answer="Adults pay $55.")
TWO = turn(2, "What do adults pay?", "Adults pay $55.", "Great, thank you!", answer="Welcome!")
OTHER = turn(3, "What do adults pay?", "Adults pay $65.", "Hm.", answer="Yes.")


def test_the_next_turn_begins_with_the_words_of_the_one_before() -> None:
    found = follow([TWO, OTHER, ONE])
    assert {before: after.id for before, after in found.items()} == {"tr_1": "tr_2"}


def test_an_episode_tells_where_only_the_newest_words_are_sent() -> None:
    first = turn(1, "What do adults pay?", answer="$55.", episode="e1")
    second = turn(2, "And children?", answer="$30.", episode="e1")
    stranger = turn(3, "And children?", answer="$30.", episode="e2")
    assert follow([stranger, second, first])["tr_1"].id == "tr_2"


async def test_the_same_traces_again_make_the_same_rows() -> None:
    talk, kept = Talk({"tr_1": Spoken((1.0,), {"booking": 1.0})}), Kept()
    gatherer = Gatherer(SCORER, talk, kept, terms_by({"openllm": "free"}))
    first = await gatherer.gather(ANNA, [ONE, TWO])
    assert (first.traces, first.new) == (2, first.kept)
    rows = dict(kept.rows)
    again = await gatherer.gather(ANNA, [ONE, TWO])
    assert (again.new, again.kept) == (0, first.kept)
    assert kept.rows == rows
    assert kept.rows["tr_1"].trains
    assert kept.rows["tr_1"].score.part("sentiment").value is not None


async def test_what_is_said_late_changes_the_example_or_takes_it_away() -> None:
    talk, kept = Talk({"tr_1": Spoken((1.0,), {"booking": 1.0})}), Kept()
    gatherer = Gatherer(SCORER, talk, kept, terms_by({"openllm": "free"}))
    await gatherer.gather(ANNA, [ONE])
    talk.said["tr_1"] = Spoken((0.0,), {"abandoned": 1.0})
    late = await gatherer.gather(ANNA, [ONE])
    assert (late.kept, late.dropped) == (0, 1)
    talk.said["tr_1"] = Spoken((0.0,), {}, "Adults are $55.")
    await gatherer.gather(ANNA, [ONE])
    assert kept.rows["tr_1"].chosen == "Adults are $55."


async def test_what_a_job_asked_is_left_to_that_job() -> None:
    kept = Kept()
    gatherer = Gatherer(SCORER, Talk({"tr_1": Spoken((1.0,))}), kept, terms_by({}))
    await gatherer.gather(ANNA, [ONE])
    await gatherer.gather(ANNA, [replace(ONE, endpoint="job")])
    assert list(kept.rows) == ["tr_1"]
