"""Voter weights are recovered from votes of known skill, and shrink where nothing is known."""

from __future__ import annotations

import random

import msgspec
import pytest

from teppan.estimate import voters
from teppan.estimate.voters import Question, VoterWeights, Votes, question_of

SKILL = {"good": 0.8, "fair": 0.55, "poor": 0.3, "worse": 0.25}


def simulated(count: int, seed: int = 1, echo: bool = False) -> list[Votes]:
    """Questions with four possible answers, `0` being right; `copy` repeats what `fair` says."""
    chance = random.Random(seed)
    votes = []
    for number in range(count):
        answers = {
            model: "0" if chance.random() < skill else chance.choice("123")
            for model, skill in SKILL.items()
        }
        if echo:
            answers["copy"] = answers["fair"]
        task = ("law", "maths")[number % 2]
        votes.append(Votes(Question("option", task, (0.1,) * 5), answers, frozenset("0")))
    return votes


@pytest.fixture(scope="module")
def fitted() -> VoterWeights:
    return voters.fit(simulated(600))


def right(weights: VoterWeights, votes: list[Votes]) -> float:
    won = 0
    for each in votes:
        fallen: dict[str, float] = {}
        for model, answer in each.answers.items():
            fallen[answer] = fallen.get(answer, 0.0) + weights.of(model, each.question)
        won += max(fallen, key=lambda answer: fallen[answer]) == "0"
    return won / len(votes)


def test_weights_come_out_in_the_order_of_skill(fitted: VoterWeights) -> None:
    question = Question("option", "law")
    weights = [fitted.of(model, question) for model in SKILL]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] > 1.5 * weights[1] > 0


def test_the_learned_vote_is_better_than_one_head_one_vote(fitted: VoterWeights) -> None:
    fresh = simulated(600, seed=2)
    plain = VoterWeights(1.0, {}, {}, 0)
    assert right(fitted, fresh) > right(plain, fresh) + 0.02
    assert right(fitted, fresh) > 0.75


def test_a_model_that_repeats_another_shares_its_weight() -> None:
    alone = voters.fit(simulated(600)).of("fair", Question("option"))
    weights = voters.fit(simulated(600, echo=True))
    together = weights.of("fair", Question("option")) + weights.of("copy", Question("option"))
    assert together == pytest.approx(alone, rel=0.25)


def test_an_unknown_model_has_an_average_weight_and_an_unknown_task_the_general_one(
    fitted: VoterWeights,
) -> None:
    assert fitted.of("new", Question("option")) == fitted.average > 0
    assert fitted.of("good", Question("unheard of")) == pytest.approx(fitted.general["good"])
    assert fitted.of("good", Question("option", "unheard of")) > 0


def test_a_vote_that_is_mostly_wrong_speaks_against_its_answer() -> None:
    """`liar` says what is wrong where `fair` is wrong, so agreeing with it is a bad sign."""
    votes = []
    chance = random.Random(9)
    for each in simulated(600):
        lie = "1" if chance.random() < 0.95 else "0"
        votes.append(Votes(each.question, {**each.answers, "liar": lie}, each.right))
    weights = voters.fit(votes)
    assert weights.of("liar", Question("option")) < 0.0 < weights.of("good", Question("option"))


def test_nothing_is_learned_from_nothing_and_the_same_from_the_same() -> None:
    assert voters.fit([]).of("any", Question("option")) == 1.0
    assert voters.fit(simulated(60)) == voters.fit(simulated(60))


def test_the_state_survives_json(fitted: VoterWeights) -> None:
    assert msgspec.json.decode(msgspec.json.encode(fitted), type=VoterWeights) == fitted


def test_a_question_is_known_by_its_form_before_anyone_answers() -> None:
    assert question_of("Which?\nA. 1\nB. 2\nC. 3").kind == "option"
    assert question_of("def f(x):\n    return x").kind == "literal"
    assert question_of("If 3 men dig 4 holes, how many?").kind == "number"
    assert question_of("Write a poem", "writing") == question_of("Write a poem", "writing")
    assert len(question_of("").traits) == 5
