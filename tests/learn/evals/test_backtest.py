"""A back-test reports what was served, what it cost, and how sure that is."""

from __future__ import annotations

import pytest

from teppan.core.chat import ChatRequest
from teppan.learn.evals import backtest, fitting
from teppan.learn.evals.backtest import Served
from teppan.providers.replay import Prompt, Recorded, Recordings, called, gather


def recordings(count: int = 40) -> Recordings:
    """`good` is right on three of four questions, `bad` on one of four."""
    prompts = {
        f"q{n}": Prompt(f"q{n}", "sums", "maths", prompt=f"{n} + {n}?") for n in range(count)
    }
    rows = []
    for number, prompt_id in enumerate(prompts):
        for model, right in (("good", number % 4 != 0), ("bad", number % 4 == 0)):
            value = 2 * number if right else 2 * number + 1
            rows.append(
                Recorded(prompt_id, model, "sums", f"The answer is {value}.", str(value),
                         float(right), cost_usd=1e-5 if model == "bad" else 1e-4)
            )  # fmt: skip
    return gather("sums", rows, prompts)


async def test_quality_cost_calls_and_length_are_those_of_what_was_served() -> None:
    some = recordings()

    async def answer(request: ChatRequest) -> Served:
        prompt = next(each for each in some.prompts if each.text == request.question)
        good, bad = some.of(prompt.prompt_id, "good"), some.of(prompt.prompt_id, "bad")
        assert good is not None
        assert bad is not None
        return Served(good, (good, bad), 0.75)

    figures = backtest.figures("both", await backtest.replay(some.prompts, answer))
    assert figures.quality == pytest.approx(0.75)
    assert figures.low < 0.75 < figures.high
    assert figures.cost == pytest.approx(110)
    assert figures.calls == 2
    assert figures.error == pytest.approx(0.0, abs=1e-9)


async def test_a_question_nobody_answered_counts_as_wrong() -> None:
    async def answer(request: ChatRequest) -> Served:
        return Served(None, ())

    tallies = await backtest.replay(recordings(3).prompts, answer)
    assert [each.quality for each in tallies] == [0.0, 0.0, 0.0]


def test_the_baselines_are_between_chance_and_oracle() -> None:
    some = recordings()
    means = {
        name: backtest.figures(name, tallies).quality
        for name, tallies in {
            "chance": backtest.chance(some, some.prompts),
            "best": backtest.single(some, some.prompts, "good"),
            "oracle": backtest.oracle(some, some.prompts),
        }.items()
    }
    assert means == {"chance": 0.5, "best": 0.75, "oracle": 1.0}
    assert backtest.ranking(some, some.prompts) == ["good", "bad"]


def test_states_are_fitted_under_the_names_models_are_called_by() -> None:
    questions = fitting.read(recordings())
    weights = fitting.fit_voters(questions)
    question = questions[0].question
    assert weights.of(called("good"), question) > weights.of(called("bad"), question)
    trust = fitting.fit_trust(questions)
    assert trust[called("good")] > 0.5 > trust[called("bad")]
    curves = fitting.fit_confidence(questions, weights)
    assert curves.curve("vote share", question.kind) is not None
    assert fitting.fit_picker(questions) is None
