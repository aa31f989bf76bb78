"""What was learned is in the prompt or held back, what is expected of an answer is in its trace."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from serve.conftest import Opening
from teppan.core.chat import ChatRequest, Completion, say
from teppan.core.ids import LOCAL, Scope
from teppan.core.release import Release
from teppan.core.reply import Outcome
from teppan.core.trace import Trace
from teppan.serve.journey import Journey
from teppan.serve.lessons import Given
from teppan.serve.ruled import Again
from teppan.serve.steps import Steps

SUPPORT = {"support": {"strategy": "single", "model": "a/chef", "prompt": "support"}}
RULE = "Name the minimum of the order."


class OneLesson:
    def __init__(self, *, withheld: bool = False) -> None:
        self.withheld = withheld

    def version(self, scope: Scope) -> str:
        return "les_v7" if scope == LOCAL else ""

    async def give(
        self, request: ChatRequest, asked: ChatRequest, scope: Scope, language: str = ""
    ) -> Given:
        if self.withheld:
            return Given(request, (), ("les_1",))
        told = (*request.messages[:1], say("system", RULE), *request.messages[1:])
        return Given(replace(request, messages=told), ("les_1",))


class Expecting:
    """Expects 0.25 of a first draft and 0.75 of a second, which it asks for."""

    def __init__(self) -> None:
        self.releases: list[str] = []

    def release(self, release: Release, scope: Scope) -> Release:
        return replace(release, states={"predictor": scope.tenant})

    def assess(
        self, journey: Journey, served: str, answer: Completion, release: Release | None = None
    ) -> float | None:
        assert release is not None
        self.releases.append(release.states["predictor"])
        return 0.75 if len(journey.calls) > 1 else 0.25

    async def keep(
        self, journey: Journey, request: ChatRequest, outcome: Outcome, again: Again
    ) -> Outcome:
        return await again(request) if request.model == "support" else outcome


def asking(model: str = "support", *, stream: bool = False) -> ChatRequest:
    return ChatRequest(model=model, messages=(say("user", "Twelve people?"),), stream=stream)


async def told(opening: Opening, lessons: OneLesson, scope: Scope = LOCAL) -> tuple[str, Trace]:
    setting = opening(
        {"a": {"chef": "Yes."}},
        SUPPORT,
        prompts={"support": "You are a chef."},
        steps=Steps(lessons=lessons),
    )
    await setting.gateway.answer(asking(), scope)
    ((_, request),) = setting.vendors["a"].asked
    return "\n".join(each.text for each in request.messages), setting.memory.traces[0]


async def test_a_lesson_is_in_the_prompt_the_trace_and_the_release(opening: Opening) -> None:
    words, trace = await told(opening, OneLesson())
    assert RULE in words
    assert (trace.lessons, trace.withheld) == (("les_1",), ())
    assert trace.release == "rel_1.les_v7"


async def test_a_lesson_held_back_is_in_the_trace_alone(opening: Opening) -> None:
    words, trace = await told(opening, OneLesson(withheld=True))
    assert RULE not in words
    assert (trace.lessons, trace.withheld) == ((), ("les_1",))


async def test_a_tenant_without_lessons_is_served_by_the_release_alone(opening: Opening) -> None:
    words, trace = await told(opening, OneLesson(), Scope("ben", "key-b"))
    assert RULE not in words
    assert trace.release == "rel_1"


@pytest.mark.parametrize("stream", [False, True])
async def test_what_is_expected_of_an_answer_is_told_before_it_is_acknowledged(
    opening: Opening, stream: bool
) -> None:
    expecting = Expecting()
    setting = opening({"a": {"chef": "Yes."}}, steps=Steps(assessor=expecting))
    answer = await setting.gateway.answer(asking("a/chef", stream=stream), LOCAL)
    if stream:
        async for _ in answer.deltas():
            pass
    (trace,) = setting.memory.traces
    assert trace.assessed == 0.25
    assert expecting.releases == [LOCAL.tenant]


async def test_a_doubtful_answer_may_be_written_again(opening: Opening) -> None:
    setting = opening(
        {"a": {"chef": "Yes."}},
        SUPPORT,
        prompts={"support": "You are a chef."},
        steps=Steps(assessor=Expecting()),
    )
    await setting.gateway.answer(asking(), LOCAL)
    (trace,) = setting.memory.traces
    assert (len(trace.calls), trace.assessed) == (2, 0.75)
