"""A figure before the answer is sent, and what is done about a doubtful one."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import replace

from teppan.core.chat import ChatRequest, Choice, Completion, say
from teppan.core.clock import FixedClock
from teppan.core.errors import ProviderOverloaded
from teppan.core.ids import CountingIds, Scope
from teppan.core.release import Release
from teppan.core.reply import Outcome, Reply
from teppan.core.trace import ToolRun
from teppan.estimate.confidence import Calibration
from teppan.estimate.predictor import Figure, Predictor
from teppan.estimate.seen import seen_of
from teppan.serve.assessor import Assessor, Floor, Teller
from teppan.serve.journey import Journey
from teppan.serve.steps import Steps

ANNA, BEN = Scope("anna", "key-a"), Scope("ben", "key-b")
REQUEST = ChatRequest(model="shop", messages=(say("user", "What do adults pay?"),))
DOUBTFUL, SURE = "Perhaps it is $55, I think.", "It is $55 for adults."
RELEASE = Release("rel_1", {"p": "x"}, {"voters": 1})


def predictor(**more: object) -> Predictor:
    """Answers that hedge are bad ones."""
    made = Predictor(
        constant=2.0,
        figures={"hedges": Figure(0.0, 1.0, -2.0)},
        marks={"language=en": 0.5, "intent=pricing": 0.5},
        lengths={},
        curve=Calibration((), ()),
        base=0.8,
        examples=300,
        decides=True,
    )
    return replace(made, **more)


class Fit(Struct, frozen=True):
    id: str
    body: bytes


class Fits:
    def __init__(self, **tenants: Fit) -> None:
        self.tenants = tenants

    def live(self, scope: Scope, kind: str) -> Fit | None:
        return self.tenants.get(scope.tenant) if kind == "predictor" else None


def stored(made: Predictor, id: str = "fit_1") -> Fit:
    return Fit(id, msgspec.json.encode({"predictor": made, "error": {"what": "serving skips"}}))


def assessor(floor: Floor | None = None, **more: object) -> Assessor:
    return Assessor(Fits(anna=stored(predictor())), floor, **more)


def journey(scope: Scope = ANNA, endpoint: str = "chat") -> Journey:
    return Journey(REQUEST, scope, endpoint, clock=FixedClock(), new_id=CountingIds(), allowed=60.0)


def completion(text: str) -> Completion:
    return Completion("m", (Choice(say("assistant", text), "stop"),))


def outcome(text: str, **more: object) -> Outcome:
    return Outcome(reply=Reply(model="a/b", completion=completion(text)), reason="r", **more)


def test_a_doubtful_answer_is_told_from_a_sure_one():
    told = assessor()
    sure = told.assess(journey(), "a/b", completion(SURE))
    doubtful = told.assess(journey(), "a/b", completion(DOUBTFUL))
    assert sure is not None
    assert doubtful is not None
    assert sure > 0.8 > 0.5 > doubtful


def test_unfitted_nothing_is_told_and_nothing_breaks():
    told = assessor()
    assert told.assess(journey(BEN), "a/b", completion(SURE)) is None
    assert told.release(RELEASE, BEN) is RELEASE
    assert told.assess(journey(endpoint="job"), "a/b", completion(SURE)) is None
    assert told.assess(journey(), "a/b", completion(" ")) is None


def test_a_state_of_another_version_is_as_good_as_none():
    broken = Assessor(Fits(anna=Fit("fit_1", b'{"predictor": {"odds": 1}}')))
    assert broken.assess(journey(), "a/b", completion(SURE)) is None
    assert broken.release(RELEASE, ANNA) is RELEASE


def test_a_tenant_is_served_by_its_own_fit_and_others_by_that_of_the_file():
    told = assessor()
    of_file = replace(RELEASE, states={"voters": 1, "predictor": predictor(constant=-2.0)})
    own, other = told.release(of_file, ANNA), told.release(of_file, BEN)
    assert own.states["predictor"].predictor.constant == 2.0
    assert other.states["predictor"].predictor.constant == -2.0
    assert (own.id, own.states["voters"]) == ("rel_1", 1)
    assert told.assess(journey(BEN), "a/b", completion(SURE), of_file) < 0.5


def test_a_new_fit_takes_over():
    fits = Fits(anna=stored(predictor()))
    told = Assessor(fits)
    assert told.teller(ANNA).predictor.constant == 2.0
    fits.tenants["anna"] = stored(predictor(constant=1.0), "fit_2")
    assert told.teller(ANNA).predictor.constant == 1.0


def test_cascades_do_not_see_it_where_that_is_switched_off():
    told = assessor(Floor(cascade=False))
    of_file = replace(RELEASE, states={"predictor": predictor()})
    assert told.release(RELEASE, ANNA) is RELEASE
    assert "predictor" not in told.release(of_file, ANNA).states


def test_the_teller_names_intent_and_language():
    plain, told = (
        Teller(predictor()),
        Teller(predictor(), lambda _: ("pricing", 1.0), lambda _: "en"),
    )
    seen = assessor_seen()
    assert told.of(seen) > plain.of(seen)


def assessor_seen():
    return seen_of(journey().trace("ok", served="a/b", answer=completion(SURE)))


async def test_by_default_nothing_is_done_about_a_doubtful_answer():
    doubtful = outcome(DOUBTFUL)
    assert await assessor().keep(journey(), REQUEST, doubtful, never) is doubtful


async def never(request: ChatRequest) -> Outcome:
    raise AssertionError("nothing is to be written anew")


REGENERATE = Floor(0.6, "regenerate")


async def test_a_doubtful_answer_is_written_anew_and_the_better_one_served():
    asked: list[ChatRequest] = []

    async def again(request: ChatRequest) -> Outcome:
        asked.append(request)
        return outcome(SURE)

    told = assessor(REGENERATE)
    found = await told.keep(journey(), REQUEST, outcome(DOUBTFUL), again)
    assert found.reply.text == SURE
    assert found.evidence["drafts"][0] < 0.6 < found.evidence["drafts"][1]
    assert "doubtful" in asked[0].messages[0].text
    assert asked[0].messages[-1] == REQUEST.messages[-1]
    assert await told.keep(journey(), REQUEST, found, never) is found


async def test_the_first_answer_stands_when_the_second_is_no_better_or_never_comes():
    async def worse(request: ChatRequest) -> Outcome:
        return outcome(DOUBTFUL + " Maybe. Probably.")

    async def fails(request: ChatRequest) -> Outcome:
        raise ProviderOverloaded("away")

    first = outcome(DOUBTFUL)
    for again in (worse, fails):
        found = await assessor(REGENERATE).keep(journey(), REQUEST, first, again)
        assert found.reply.text == DOUBTFUL


@pytest.mark.parametrize("floor", [REGENERATE, Floor(0.6, "escalate")])
async def test_streams_and_what_agents_did_stand(floor):
    used = (ToolRun(agent="a", tool="t", arguments="", status="ok", result=""),)
    for given in (outcome(DOUBTFUL, tools=used), Outcome(reply=object(), reason="live")):
        assert await assessor(floor).keep(journey(), REQUEST, given, never) is given


async def test_a_person_is_called_once_for_a_doubtful_answer():
    called: list[tuple[str, str]] = []

    async def hand(case: object, reason: str, detail: str) -> str:
        called.append((reason, detail))
        return "passed on"

    told = assessor(Floor(0.6, "escalate"), hand=hand)
    found = await told.keep(journey(), REQUEST, outcome(DOUBTFUL), never)
    assert found.escalated == ("confidence",)
    assert found.reply.text == DOUBTFUL
    assert await told.keep(journey(), REQUEST, found, never) is found
    assert len(called) == 1
    assert "expected to be good with" in called[0][1]


async def test_what_is_looked_at_before_leaves_the_journey_as_it_was():
    trip = journey()
    await assessor(REGENERATE).keep(trip, REQUEST, outcome(SURE), never)
    assert trip.outcome is None


@pytest.mark.parametrize("stream", [False, True])
async def test_every_answer_that_leaves_a_gateway_has_its_figure(opening, stream):
    setting = opening({"a": {"x": DOUBTFUL, "y": SURE}}, steps=Steps(assessor=assessor()))
    for model in ("a/x", "a/y"):
        request = replace(REQUEST, model=model, stream=stream)
        answer = await setting.gateway.answer(request, ANNA)
        if stream:
            assert [delta async for delta in answer.deltas()]
    doubtful, sure = (each.assessed for each in setting.memory.traces)
    assert doubtful < 0.5 < 0.8 < sure
    trace = setting.memory.traces[0]
    assert seen_of(replace(trace, assessed=None, latency=99.0)) == seen_of(trace)


class InTurn(dict):
    """Says another line each time."""

    def __getitem__(self, model):
        lines = super().__getitem__(model)
        return lines.pop(0) if len(lines) > 1 else lines[0]


async def test_the_gateway_writes_a_doubtful_answer_anew(opening):
    told = assessor(REGENERATE)
    setting = opening(
        {"a": InTurn(x=[DOUBTFUL, SURE])},
        {"shop": {"strategy": "single", "model": "a/x"}},
        steps=Steps(assessor=told),
    )
    answer = await setting.gateway.answer(REQUEST, ANNA)
    assert answer.completion.text == SURE
    (trace,) = setting.memory.traces
    assert trace.assessed > 0.8
    assert len(trace.calls) == 2
