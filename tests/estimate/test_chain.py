"""A cascade is fitted to spend little, and its live score is the one it was fitted with."""

from __future__ import annotations

import random

import msgspec
import pytest

from teppan.estimate import chain, voters
from teppan.estimate.chain import Chain
from teppan.estimate.scorer import Heard, Scorers, Wording, features, wording_of
from teppan.estimate.table import Example, Given, Table
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
            given[model] = Given(answer, float(right), Wording(5.0, hedges, True), price)
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
        found = fitted.scorers.of(heard, "cheap", wording, question)
        assert found is not None
        return found.chance

    assert score(True, sure) > score(True, unsure)
    assert score(True, sure) > score(False, sure)
    assert 0.0 < score(False, unsure) < score(True, sure) < 1.0


def test_going_on_is_worth_it_where_the_answer_is_doubtful(
    fitted: Chain, weights: VoterWeights
) -> None:
    question, hedging = Question("option", "", (0.0,) * 5), Wording(5.0, 2.0, True)

    def gain(agrees: bool) -> float:
        weight = {model: weights.of(model, question) for model in MODELS}
        heard = [
            Heard("cheap", True, weight["cheap"]),
            Heard("second", agrees, weight["second"]),
        ]
        found = fitted.scorers.of(heard, "cheap", hedging, question)
        assert found is not None
        return found.gain

    assert gain(agrees=True) < 0.0 < gain(agrees=False)


def test_questions_that_defeat_every_model_are_not_asked_on(weights: VoterWeights) -> None:
    """Of two kinds of doubt only the one that the dear model resolves is worth its price."""
    chance, examples = random.Random(7), []
    for number in range(900):
        hopeless = number % 2 == 0
        given = {}
        for model, (skill, price) in MODELS.items():
            right = chance.random() < (0.1 if hopeless else skill)
            answer = "0" if right else chance.choice("1234567")
            given[model] = Given(answer, float(right), Wording(5.0, 0.0, True), price)
        trait = 1.0 if hopeless else -1.0
        examples.append(Example(Question("option", "", (trait, 0.0, 0.0, 0.0, 0.0)), given))
    (found,) = chain.fit(examples, sorted(MODELS), weights, [30.0])
    assert found is not None
    asked = found.models[:-1]
    heard = [
        Heard(model, at == 0, weights.of(model, Question("option")))
        for at, model in enumerate(asked)
    ]
    scores = [
        found.scorers.of(heard, heard[0].model, Wording(5.0, 0.0, True), Question("option", "", t))
        for t in ((1.0, 0.0, 0.0, 0.0, 0.0), (-1.0, 0.0, 0.0, 0.0, 0.0))
    ]
    assert scores[0] is not None
    assert scores[1] is not None
    assert scores[0].chance < scores[1].chance
    assert scores[0].gain < 0.0 < scores[1].gain


def test_votes_without_texts_and_costs_teach_too(weights: VoterWeights) -> None:
    whole = simulated(100)
    bare = [
        Example(
            each.question, {m: Given(g.answer, g.score) for m, g in each.given.items() if m != "x"}
        )
        for each in simulated(300)
    ]
    (found,) = chain.fit([*whole, *bare], sorted(MODELS), weights, [40.0])
    assert found is not None
    assert found.cost <= 40.0
    assert found.models[-1] == "dear"


def test_the_live_features_are_those_the_chain_was_fitted_on(weights: VoterWeights) -> None:
    examples = simulated(40)
    table = Table(examples, sorted(MODELS), weights)
    columns = (table.models.index("cheap"), table.models.index("second"))
    fitted_on, _ = table.step(columns)
    for row, example in zip(fitted_on, examples, strict=True):
        votes = {m: max(0.0, weights.of(m, example.question)) for m in ("cheap", "second")}
        answers = {model: example.given[model].answer for model in votes}
        lead = max(votes, key=lambda m: sum(votes[n] for n in votes if answers[n] == answers[m]))
        heard = [Heard(m, answers[m] == answers[lead], weight) for m, weight in votes.items()]
        speakers = [each.model for each in heard if each.agrees]
        speaker = max(speakers, key=lambda model: votes[model])
        wording = example.given[speaker].wording
        assert wording is not None
        mean, spread = table.length_of(table.models.index(speaker))
        live = features(heard, (wording.length - mean) / spread, wording, example.question)
        assert live == pytest.approx(list(row))


def test_steps_that_were_never_fitted_have_no_score() -> None:
    heard = [Heard("anyone", True, 1.0)]
    assert Scorers({}).of(heard, "anyone", wording_of("yes", plain=True), Question("text")) is None


def test_a_chain_survives_json(fitted: Chain) -> None:
    assert msgspec.json.decode(msgspec.json.encode(fitted), type=Chain) == fitted
