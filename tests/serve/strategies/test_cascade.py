"""The cascade: cheap first, and no further than it has to."""

import json

import msgspec
import pytest

from teppan.core.chat import ChatRequest, say
from teppan.core.errors import AllFailed, ProviderOverloaded
from teppan.core.trace import Trace
from teppan.core.verdict import Confidence
from teppan.estimate.chain import Chain
from teppan.estimate.confidence import Calibration
from teppan.estimate.predictor import Figure, Predictor
from teppan.estimate.scorer import Scorers, Step
from teppan.estimate.seen import features, seen_of
from teppan.serve.strategies.cascade import Cascade, CascadeSettings
from teppan.serve.strategies.estimates import first_is_right, typed
from teppan.serve.strategies.scripted import ScriptedCall

MATHS = ChatRequest(model="v", messages=(say("user", "6 x 7?"),), task_type="math")
LIVE = ChatRequest(model="v", messages=MATHS.messages, task_type="math", stream=True)


def cascade(**more):
    return Cascade(CascadeSettings(models=("cheap", "middle", "premium"), **more))


def asked(call):
    return [each.model for each in call.calls]


async def test_a_cheap_model_that_is_trusted_enough_is_served_alone():
    call = ScriptedCall({"cheap": "42"}, trusts={"cheap": 0.93})
    outcome = await cascade().run(MATHS, call)
    assert (outcome.reply.text, asked(call)) == ("42", ["cheap"])
    assert outcome.confidence.value == 0.93


async def test_two_that_agree_stop_before_the_premium_model():
    call = ScriptedCall({"cheap": "The answer is 42", "middle": "42", "premium": "never"})
    outcome = await cascade().run(MATHS, call)
    assert (outcome.reply.text, asked(call)) == ("The answer is 42", ["cheap", "middle"])
    assert outcome.confidence.basis == "agreement"
    assert outcome.confidence.value >= 0.8


async def test_without_agreement_the_premium_model_has_the_last_word():
    call = ScriptedCall({"cheap": "41", "middle": "40", "premium": "42"})
    outcome = await cascade().run(MATHS, call)
    assert outcome.reply.text == "42"
    assert asked(call) == ["cheap", "middle", "premium"]


async def test_the_premium_model_may_confirm_a_cheap_one():
    call = ScriptedCall({"cheap": "42", "middle": "40", "premium": "42"})
    outcome = await cascade(agree_at=0.99).run(MATHS, call)
    assert outcome.reply.text == "42"
    assert "stands confirmed" in outcome.reason


async def test_the_critic_decides_last_between_the_answers_that_differ():
    def critic(request):
        text = request.messages[-1].text
        label = text[: text.index("\n40\n")].rpartition('id="')[2][:2]
        return json.dumps({"best": label, "confidence": 0.7})

    call = ScriptedCall({"cheap": "41", "middle": "40", "premium": "42", "critic": critic})
    outcome = await cascade(critic="critic").run(MATHS, call)
    assert outcome.reply.text == "40"
    assert outcome.verdict.critic == "critic"


async def test_a_critic_that_fails_leaves_the_last_word_to_the_premium_model():
    script = {"cheap": "41", "middle": "40", "premium": "42", "critic": ProviderOverloaded("away")}
    outcome = await cascade(critic="critic").run(MATHS, ScriptedCall(script))
    assert outcome.reply.text == "42"
    assert "abstained: away" in outcome.reason


async def test_the_last_word_is_streamed():
    call = ScriptedCall({"cheap": "41", "middle": "40", "premium": "42"})
    outcome = await cascade().run(LIVE, call)
    assert hasattr(outcome.reply, "deltas")
    assert [reply.text for reply in outcome.replies] == ["41", "40"]


async def test_a_step_that_fails_is_skipped_and_a_failed_top_leaves_what_there_is():
    down = ProviderOverloaded("down")
    call = ScriptedCall({"cheap": down, "middle": "40", "premium": "42"})
    assert (await cascade().run(MATHS, call)).reply.text == "42"
    for request in (MATHS, LIVE):
        call = ScriptedCall({"cheap": down, "middle": "40", "premium": down})
        assert (await cascade().run(request, call)).reply.text == "40"


async def test_with_none_left_the_fallback_chain_runs():
    script = dict.fromkeys(("cheap", "middle", "premium"), ProviderOverloaded("down"))
    for request in (MATHS, LIVE):
        outcome = await cascade(fallback=("f",)).run(MATHS, ScriptedCall({**script, "f": "hi"}))
        assert outcome.reply.text == "hi"
        with pytest.raises(AllFailed) as caught:
            await cascade().run(request, ScriptedCall(script))
        assert len(caught.value.causes) == 3


def chain(models, quality, gains):
    """A fitted chain that always says what going on gains, and is sure of 73 %."""
    steps = {}
    for size, gain in enumerate(gains, start=1):
        rest = [0.0] * (13 + size)
        steps["|".join(models[:size])] = Step((1.0, *rest), (gain, *rest), {})
    return Chain(models, Scorers(steps), quality, 1.0 + quality)


async def test_a_stated_quality_is_served_by_the_cheapest_chain_fitted_for_it():
    models = ("cheap", "middle", "premium")
    script = dict.fromkeys(models, "42")
    fitted = (chain(models, 0.8, (-0.1, -0.1, 0.0)), chain(models, 0.95, (0.1, 0.1, 0.0)))
    call = ScriptedCall(script, states={"cascade": fitted})
    outcome = await cascade(quality=0.75).run(MATHS, call)
    assert asked(call) == ["cheap"]
    assert (outcome.confidence.basis, outcome.confidence.calibrated) == ("scorer", True)
    assert outcome.confidence.value == pytest.approx(0.731, abs=0.001)
    call = ScriptedCall(script, states=typed({"cascade": msgspec.to_builtins(fitted)}))
    await cascade(quality=0.9).run(MATHS, call)
    assert len(call.calls) == 3


async def test_it_stops_in_doubt_when_going_on_gains_nothing():
    models = ("cheap", "middle", "premium")
    script = {"cheap": "41", "middle": "42", "premium": "43"}
    call = ScriptedCall(script, states={"cascade": chain(models, 0.5, (0.2, -0.01, 0.0))})
    outcome = await cascade(quality=0.5).run(MATHS, call)
    assert asked(call) == ["cheap", "middle"]
    assert outcome.evidence["gain"] == -0.01


async def test_with_fitted_weights_the_heaviest_answer_stands_at_the_top():
    models = ("cheap", "middle", "premium")
    call = ScriptedCall(
        {"cheap": "41", "middle": "40", "premium": "42"},
        trusts={"middle": 0.9},
        states={"cascade": chain(models, 0.9, (0.1, 0.1, 0.0))},
    )
    assert (await cascade(quality=0.9).run(MATHS, call)).reply.text == "40"


def test_agreement_raises_and_contradiction_lowers_the_probability():
    assert first_is_right([[0.7]]) == pytest.approx(0.7)
    assert first_is_right([[0.7, 0.7]]) > 0.9
    assert first_is_right([[0.7], [0.7]]) < 0.5
    assert first_is_right([[0.5, 0.5]]) == pytest.approx(0.8)


def doubting(decides=True):
    """A fitted predictor: the answer is good with 95 % unless it hedges."""
    made = Predictor(
        constant=3.0,
        figures={"hedges": Figure(0.0, 1.0, -4.0)},
        marks={},
        lengths={},
        curve=Calibration((), ()),
        base=0.8,
        examples=300,
        decides=decides,
    )
    return {"predictor": made}


async def test_a_predictor_stops_at_a_cheap_answer_that_trust_alone_would_not():
    script = {"cheap": "It is 42.", "middle": "It is 40.", "premium": "It is 41."}
    call = ScriptedCall(script, trusts={"cheap": 0.6}, states=doubting())
    outcome = await cascade().run(MATHS, call)
    assert asked(call) == ["cheap"]
    assert (outcome.confidence.basis, outcome.confidence.calibrated) == ("predictor", True)
    assert outcome.evidence["instead of"] == {"basis": "trust", "value": 0.6}


async def test_a_predictor_goes_on_from_a_doubtful_answer_of_a_trusted_model():
    script = {"cheap": "Perhaps it is 42.", "middle": "It is 40.", "premium": "It is 41."}
    call = ScriptedCall(script, trusts={"cheap": 0.95}, states=doubting())
    await cascade().run(MATHS, call)
    assert asked(call) == ["cheap", "middle", "premium"]


async def test_a_predictor_that_was_not_surely_better_is_not_asked():
    script = {"cheap": "Perhaps it is 42.", "middle": "It is 40.", "premium": "It is 41."}
    call = ScriptedCall(script, trusts={"cheap": 0.95}, states=doubting(decides=False))
    outcome = await cascade().run(MATHS, call)
    assert (asked(call), outcome.confidence.basis) == (["cheap"], "trust")


async def test_a_chain_fitted_for_these_models_goes_before_the_predictor():
    models = ("cheap", "middle", "premium")
    states = {"cascade": (chain(models, 0.9, (-0.1, -0.1, 0.0)),), **doubting()}
    call = ScriptedCall(dict.fromkeys(models, "Perhaps 42."), states=states)
    outcome = await cascade(quality=0.9).run(MATHS, call)
    assert (asked(call), outcome.confidence.basis) == (["cheap"], "scorer")


async def test_a_prediction_never_learns_from_itself():
    call = ScriptedCall({"cheap": "It is 42."}, trusts={"cheap": 0.6}, states=doubting())
    outcome = await cascade().run(MATHS, call)
    made = Trace(
        id="tr_1",
        tenant="t",
        key_id="k",
        started=0.0,
        asked="v",
        strategy="cascade",
        status="ok",
        request=MATHS,
        answer=outcome.reply.completion,
        confidence=outcome.confidence,
        evidence=outcome.evidence,
    )
    assert seen_of(made).confidence == Confidence(0.6, "trust", 0.6)
    figures, marks = features(seen_of(made))
    assert "sure by predictor" not in figures
    assert "basis=trust" in marks
