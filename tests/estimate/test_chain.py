"""A cascade is fitted to spend little, and its live score is the one it was fitted with."""

from __future__ import annotations

import random

import msgspec
import pytest

from teppan.estimate import chain, voters
from teppan.estimate.chain import Chain, Example, Given
from teppan.estimate.scorer import Heard, Scorers, Wording, wording_of
from teppan.estimate.voters import Question, VoterWeights, Votes

MODELS = {"cheap": (0.7, 1.0), "second": (0.7, 2.0), "dear": (0.9, 100.0)}
"""Skill and price."""


def simulated(count: int) -> list[Example]:
    """Hard questions are hard for all, and a wrong answer hedges."""
    chance = random.Random(5)
    examples = []
    for _ in range(count):
        given = {}
        for model, (skill, price) in MODELS.items():
            right = chance.random() < skill
            hedges = 0.0 if right and chance.random() < 0.8 else 2.0
            answer = "0" if right else chance.choice("1234567")
            given[model] = Given(answer, Wording(5.0, hedges, True), float(right), price)
        examples.append(Example(Question("option", "", (0.0,) * 5), given))
    return examples


@pytest.fixture(scope="module")
def weights() -> VoterWeights:
    return voters.fit(
        [
            Votes(each.question, {m: g.answer or "" for m, g in each.given.items()}, frozenset("0"))
            for each in simulated(400)
        ]
    )


@pytest.fixture(scope="module")
def fitted(weights: VoterWeights) -> Chain:
    (found,) = chain.fit(simulated(400), sorted(MODELS), weights, [40.0])
    assert found is not None
    return found


def test_a_chain_stays_within_its_budget_and_climbs_by_price(fitted: Chain) -> None:
    assert fitted.cost <= 40.0
    assert fitted.models == ("cheap", "second", "dear")
    assert fitted.quality > 0.88


def test_a_budget_that_nothing_meets_has_no_chain(weights: VoterWeights) -> None:
    assert chain.fit(simulated(50), sorted(MODELS), weights, [0.5]) == [None]


def test_agreement_and_plain_words_raise_the_score(fitted: Chain) -> None:
    question = Question("option", "", (0.0,) * 5)
    sure, unsure = Wording(5.0, 0.0, True), Wording(5.0, 2.0, True)

    def score(agrees: bool, wording: Wording) -> float:
        heard = [Heard("cheap", True, 1.0), Heard("second", agrees, 1.0)]
        probability = fitted.scorers.of(heard, "cheap", wording, question)
        assert probability is not None
        return probability

    assert score(True, sure) > score(True, unsure)
    assert score(True, sure) > score(False, sure)
    assert 0.0 < score(False, unsure) < score(True, sure) < 1.0


def test_steps_that_were_never_fitted_have_no_score() -> None:
    heard = [Heard("anyone", True, 1.0)]
    assert Scorers({}).of(heard, "anyone", wording_of("yes", plain=True), Question("text")) is None


def test_a_chain_survives_json(fitted: Chain) -> None:
    assert msgspec.json.decode(msgspec.json.encode(fitted), type=Chain) == fitted
