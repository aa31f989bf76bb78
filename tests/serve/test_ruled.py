"""Rules inside the gateway: held until checked, told as a stream, never remembered when broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from serve.conftest import Opening, Setting
from teppan.config.rules import read_rules
from teppan.core.chat import ChatRequest, say
from teppan.core.ids import Scope
from teppan.core.trace import CacheStatus
from teppan.routing.language import Languages
from teppan.serve.escalate import Escalator
from teppan.serve.guard.guard import Guard
from teppan.serve.ruled import Ruled
from teppan.serve.steps import NoSeat, Steps

RULES = {
    "safe_answer": {"en": "Let me ask my colleague."},
    "rule": [
        {
            "id": "no-wagyu",
            "text": "Never offers wagyu.",
            "severity": "high",
            "check": [{"kind": "forbidden", "words": ["wagyu"]}],
        }
    ],
}
SCOPE = Scope("shop", "anna")
SUPPORT = {"support": {"strategy": "single", "model": "a/chef", "prompt": "support"}}


class Called:
    """Escalations in memory."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    async def call(self, scope: Scope, called: list[object]) -> None:
        self.reasons += [each.reason for each in called]  # type: ignore[attr-defined]


class Seat(NoSeat):
    status: CacheStatus = "miss"

    def __init__(self, log: list[str]) -> None:
        self.log = log

    def keep(self, *_: object) -> None:
        self.log.append("kept")

    def drop(self) -> None:
        self.log.append("dropped")


class Cache:
    def __init__(self) -> None:
        self.log: list[str] = []

    async def look(self, *_: object) -> Seat:
        return Seat(self.log)

    async def same(self, *_: object) -> None:
        return None


def ruled(opening: Opening, line: str) -> tuple[Setting, Cache, Called]:
    book, called, cache = read_rules(RULES, Path("rules.toml")), Called(), Cache()
    languages = Languages(("en",))
    rules = Ruled(Guard(book, languages, lambda: 0.5), Escalator(book, languages, called))
    steps = Steps(cache=cache, rules=rules)  # type: ignore[arg-type]
    setting = opening(
        {"a": {"chef": line}}, SUPPORT, prompts={"support": "You are a chef."}, steps=steps
    )
    return setting, cache, called


def asking(model: str, *, stream: bool = False) -> ChatRequest:
    return ChatRequest(model=model, messages=(say("user", "Any beef?"),), stream=stream)


@pytest.mark.parametrize("stream", [False, True])
async def test_what_breaks_a_rule_is_asked_for_again_and_then_replaced(
    opening: Opening, stream: bool
) -> None:
    setting, cache, called = ruled(opening, "Yes, we have wagyu.")
    answer = await setting.gateway.answer(asking("support", stream=stream), SCOPE)
    if stream:
        text = "".join([getattr(each, "text", "") async for each in answer.deltas()])
    else:
        assert answer.completion is not None
        text = answer.completion.text
    assert "wagyu" not in text
    assert text.startswith("Let me ask")
    assert len(setting.vendors["a"].asked) == 2
    assert answer.facts.violations == ("no-wagyu",)
    assert answer.facts.guarded == "replaced"
    (trace,) = setting.memory.traces
    assert not trace.passed_rules
    assert trace.escalated == ("rule",)
    assert called.reasons == ["rule"]
    assert cache.log == ["dropped"]


async def test_what_keeps_the_rules_is_sent_as_it_is_and_remembered(opening: Opening) -> None:
    setting, cache, called = ruled(opening, "We have steak, but no wagyu.")
    answer = await setting.gateway.answer(asking("support"), SCOPE)
    assert answer.completion is not None
    assert answer.completion.text == "We have steak, but no wagyu."
    assert (len(setting.vendors["a"].asked), called.reasons, cache.log) == (1, [], ["kept"])
    assert setting.memory.traces[0].passed_rules


async def test_a_model_asked_by_its_own_name_is_never_touched(opening: Opening) -> None:
    setting, _, called = ruled(opening, "Yes, we have wagyu.")
    answer = await setting.gateway.answer(asking("a/chef"), SCOPE)
    assert answer.completion is not None
    assert answer.completion.text == "Yes, we have wagyu."
    assert called.reasons == []


async def test_a_fault_of_ours_frees_those_who_wait_for_the_answer(opening: Opening) -> None:
    setting, cache, _ = ruled(opening, "Hello.")
    with pytest.raises(KeyError):  # the scripted vendor does not foresee this model
        await setting.gateway.answer(asking("a/unforeseen"), SCOPE)
    assert cache.log == ["dropped"]
