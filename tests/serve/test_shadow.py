"""Behind answers: shadows are compared and remembered answers asked anew, within a budget."""

from __future__ import annotations

import asyncio

import pytest

from serve.conftest import Opening, Setting
from teppan.core.chat import ChatRequest, Choice, Completion, Tool, say
from teppan.core.ids import CountingIds, Scope
from teppan.core.money import Micros
from teppan.core.release import Release
from teppan.providers.embed import HashingEmbedder
from teppan.serve.record import Recorder
from teppan.serve.shadow import AT_ONCE, Compared, Served, Shadow, ShadowPolicy
from teppan.store.shadow_words import ShadowSaid

SCOPE = Scope("shop", "anna")
VENDORS = {
    "a": {"large": "Adults are $55 each."},
    "b": {"small": "It is $55 per adult.", "wrong": "It is $45 per adult."},
    "unpriced": {"new": "It is $55 per adult."},
}


class Notes:
    def __init__(self, spent: Micros = 0) -> None:
        self.compared: list[Compared] = []
        self.before = spent

    async def record(self, scope: Scope, compared: Compared) -> None:
        self.compared.append(compared)

    async def spent(self, since: float) -> Micros:
        return self.before


class Words:
    def __init__(self) -> None:
        self.said: list[ShadowSaid] = []

    async def put(self, scope: Scope, said: ShadowSaid) -> None:
        self.said.append(said)


def shadow(
    setting: Setting, notes: Notes, *, words: Words | None = None, **policy: object
) -> Shadow:
    return Shadow(
        setting.reach,
        Recorder(setting.memory, setting.memory),
        notes,
        HashingEmbedder().embed,
        ShadowPolicy(**{"share": 1.0, **policy}),  # type: ignore[arg-type]
        clock=setting.clock,
        new_id=CountingIds(),
        words=words,
    )


def served(text: str = "Adults are $55 each.", tools: tuple[Tool, ...] = ()) -> Served:
    asked = ChatRequest(model="a/large", messages=(say("user", "The price?"),), tools=tools)
    answer = Completion("large", (Choice(say("assistant", text), "stop"),))
    return Served("tr_1", SCOPE, asked, asked, Release("rel_1"), "a/large", answer)


async def idle(behind: Shadow) -> None:
    while behind._asking:
        await asyncio.sleep(0)


@pytest.mark.parametrize(("model", "same"), [("b/small", True), ("b/wrong", False)])
async def test_a_shadow_is_compared_with_what_was_served(
    opening: Opening, model: str, same: bool
) -> None:
    setting, notes = opening(VENDORS), Notes()
    behind = shadow(setting, notes, model=model)
    behind.compare(served())
    await idle(behind)
    (compared,) = notes.compared
    assert (compared.trace_id, compared.model, compared.same) == ("tr_1", model, same)
    (call,) = setting.memory.calls
    assert (call.role, call.cost) == ("shadow", compared.cost)


async def test_what_a_shadow_said_is_kept_beside_the_answer_it_was_compared_with(
    opening: Opening,
) -> None:
    setting, notes, words = opening(VENDORS), Notes(), Words()
    behind = shadow(setting, notes, words=words, model="b/wrong")
    behind.compare(served())
    await idle(behind)
    (said,) = words.said
    assert (said.trace_id, said.model, said.same) == ("tr_1", "b/wrong", False)
    assert said.text == "It is $45 per adult."
    (call,) = setting.memory.calls
    assert said.id == call.trace_id


async def test_a_remembered_answer_is_asked_anew(opening: Opening) -> None:
    setting, said = opening(VENDORS), []

    async def judge(again: Completion) -> None:
        said.append(again.text)

    behind = shadow(setting, Notes())
    behind.verify(served("Adults are $45 each."), judge)
    await idle(behind)
    assert said == ["Adults are $55 each."]
    assert {call.role for call in setting.memory.calls} == {"verify"}


async def test_nothing_is_asked_when_the_day_s_money_is_spent(opening: Opening) -> None:
    setting, notes = opening(VENDORS), Notes(spent=1_000)
    behind = shadow(setting, notes, model="b/small", daily=1_000)
    behind.compare(served())
    await idle(behind)
    assert (setting.memory.calls, behind.skipped) == ([], 1)
    notes.before = 0
    setting.clock.advance(86_400)
    behind.compare(served())
    await idle(behind)
    assert len(notes.compared) == 1


async def test_a_model_without_a_price_is_asked_once_a_day_at_most(opening: Opening) -> None:
    setting, notes = opening(VENDORS), Notes()
    behind = shadow(setting, notes, model="unpriced/new")
    for _ in range(3):
        behind.compare(served())
        await idle(behind)
    assert len(setting.memory.calls) == 1


async def test_a_question_with_tools_is_never_repeated(opening: Opening) -> None:
    setting = opening(VENDORS)
    behind = shadow(setting, Notes(), model="b/small")
    behind.compare(served(tools=(Tool("book"),)))
    await idle(behind)
    assert setting.memory.calls == []


async def test_only_so_many_are_asked_at_once(opening: Opening) -> None:
    setting, notes = opening({**VENDORS, "b": {"small": 5.0}}), Notes()
    behind = shadow(setting, notes, model="b/small")
    for _ in range(AT_ONCE + 3):
        behind.compare(served())
    assert (len(behind._asking), behind.skipped) == (AT_ONCE, 3)
    await behind.drain()
    assert not behind._asking


async def test_a_shadow_that_fails_harms_nobody(opening: Opening) -> None:
    setting, notes = opening(VENDORS), Notes()
    behind = shadow(setting, notes, model="b/nowhere")
    behind.compare(served())
    await idle(behind)
    assert notes.compared == []
