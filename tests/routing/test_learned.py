"""A fitted router: it finds who answers which question well, and promises what it measured."""

from __future__ import annotations

import random

import msgspec
import numpy as np
import pytest

from teppan.providers.embed import HashingEmbedder
from teppan.routing import learning
from teppan.routing.asked import Asked
from teppan.routing.learned import (
    MARGIN,
    Point,
    Router,
    price_as_good,
    price_for,
    price_within,
    worth,
)
from teppan.serve.strategies.estimates import typed

SUBJECTS = {
    "integral of the function": ("dear", 0.95, 0.3),
    "derive the matrix eigenvalues": ("dear", 0.9, 0.35),
    "colour of the table cloth": ("cheap", 0.9, 0.92),
    "name of the capital city": ("cheap", 0.93, 0.9),
}


def questions(count: int, seed: int, *, one_each: bool = False) -> list[Asked]:
    dice, found = random.Random(seed), []
    for number in range(count):
        subject = dice.choice(list(SUBJECTS))
        _, dear, cheap = SUBJECTS[subject]
        qualities = {
            "dear": float(dice.random() < dear),
            "cheap": float(dice.random() < cheap),
        }
        if one_each:
            model = dice.choice(("dear", "cheap"))
            qualities = {model: qualities[model]}
        text = f"What is the {subject} number {number} of item {dice.randrange(90)}?"
        costs = {model: {"dear": 5000.0, "cheap": 100.0}[model] for model in qualities}
        found.append(Asked(text, qualities, costs, 0.5 if one_each else 1.0))
    return found


@pytest.fixture(scope="module")
def router() -> Router:
    made = learning.fit(questions(300, 1))
    assert made is not None
    return made


def gain(router: Router, text: str) -> float:
    predicted = router.predict(text)
    return predicted["dear"].raw - predicted["cheap"].raw


def test_the_gain_is_predicted_for_questions_never_seen(router: Router) -> None:
    hard = [gain(router, f"What is the integral of the function number {n}?") for n in "789"]
    easy = [gain(router, f"What is the colour of the table cloth number {n}?") for n in "789"]
    assert min(hard) > max(easy) + 0.2


def test_chances_are_calibrated(router: Router) -> None:
    fresh = questions(400, 2)
    said = [router.predict(each.text)["cheap"].chance for each in fresh]
    came = [each.qualities["cheap"] for each in fresh]
    assert sum(said) / len(said) == pytest.approx(sum(came) / len(came), abs=0.06)
    sure = [right for chance, right in zip(said, came, strict=True) if chance > 0.7]
    unsure = [right for chance, right in zip(said, came, strict=True) if chance < 0.5]
    assert sum(sure) / len(sure) > sum(unsure) / len(unsure) + 0.3


def test_the_frontier_gives_cheaper_choices_for_dearer_prices(router: Router) -> None:
    costs = [point.cost for point in router.frontier]
    prices = [point.price for point in router.frontier]
    assert costs == sorted(costs, reverse=True)
    assert prices == sorted(prices)
    assert not router.estimated
    assert price_for(router.frontier, 0.0) == prices[-1]
    assert price_within(router.frontier, costs[-1] - 1) is None


def test_a_target_takes_the_cheapest_point_that_keeps_it() -> None:
    points = (Point(0.0, 0.9, 100.0), Point(0.1, 0.88, 40.0), Point(1.0, 0.7, 5.0))
    assert price_for(points, 0.95) == 0.1
    assert price_for(points, 1.0) == 0.0
    assert price_within(points, 50.0) == 0.1


def test_as_good_as_the_reference_is_the_cheapest_point_before_the_first_that_fails() -> None:
    points = (
        Point(0.0, 0.93, 90.0, 0.024, 0.01),
        Point(0.1, 0.92, 40.0, 0.021, 0.01),
        Point(0.5, 0.9, 9.0, 0.005, 0.01),
        Point(1.0, 0.92, 5.0, 0.02, 0.001),
    )
    assert price_as_good(points, 0.01) == 0.1
    assert price_as_good(points, 0.03) == 1.0
    assert price_as_good(points[2:], 0.01) is None
    assert price_as_good((Point(0.0, 0.9, 90.0),), 0.01) is None


def test_what_is_worse_by_more_than_the_margin_is_seldom_called_as_good() -> None:
    dice = np.random.default_rng(7)
    taken = 0
    for _ in range(400):
        points = []
        worse = dice.random(400)
        for step in range(12):  # the same questions at each price, ever more of them lost
            gains = np.where(worse < 0.05 + 0.005 * step, -1.0, 0.0)
            gains[worse > 0.97] = 1.0
            error = float(gains.std()) / 20.0
            points.append(Point(float(step), 0.9, 90.0 - step, float(gains.mean()), error))
        taken += price_as_good(points, MARGIN) is not None
    assert taken <= 0.05 * 400


def sure_questions(count: int, seed: int) -> list[Asked]:
    """As `questions`, but each model always or never knows a subject."""
    return [
        msgspec.structs.replace(
            each, qualities={"dear": 1.0, "cheap": float("integral" not in each.text)}
        )
        for each in questions(count, seed)
    ]


def test_a_fit_aims_at_the_reference_at_a_part_of_its_cost() -> None:
    router = learning.fit(sure_questions(400, 8), reference="dear")
    assert router is not None
    assert router.reference == "dear"
    aimed = next(point for point in router.frontier if point.price == router.price)
    assert router.price > 0.0
    assert aimed.cost < 0.5 * router.costs["dear"]
    lost = 0.0
    for each in sure_questions(400, 9):
        values = worth(router, router.predict(each.text), router.costs, router.price)
        lost += 1.0 - each.qualities[max(values, key=lambda model: values[model])]
    assert lost <= MARGIN * 400


def test_a_fit_that_cannot_prove_it_is_as_good_aims_at_the_highest_quality() -> None:
    router = learning.fit(questions(200, 8), reference="dear")
    assert router is not None
    assert price_as_good(router.frontier[1:], MARGIN) is None
    assert router.price == 0.0


def test_the_reference_of_a_fit_that_does_not_know_it_is_the_best_single(router: Router) -> None:
    other = learning.fit(questions(300, 1), reference="nobody")
    assert other is not None
    assert other.reference == other.favourite == router.reference
    cheap = learning.fit(questions(300, 1), reference="cheap")
    assert cheap is not None
    assert cheap.reference == "cheap"
    assert cheap.frontier[0].gain is not None
    assert cheap.frontier[0].gain > 0.1


def test_routing_by_worth_keeps_the_quality_at_a_part_of_the_cost(router: Router) -> None:
    price = price_for(router.frontier, 0.97)
    assert price is not None
    quality, cost, best = 0.0, 0.0, 0.0
    for each in questions(400, 3):
        values = worth(router, router.predict(each.text), router.costs, price)
        chosen = max(values, key=lambda model: values[model])
        quality += each.qualities[chosen]
        best += each.qualities["dear"]
        cost += each.costs[chosen]
    assert quality > 0.95 * best
    assert cost < 0.75 * 400 * 5000.0


def test_where_nothing_can_be_told_the_favourite_answers_when_only_quality_counts() -> None:
    dice = random.Random(4)
    noise = [
        Asked(
            f"question {dice.random()} about {dice.choice('abcdefg')}",
            {"x": float(dice.random() < 0.8), "y": float(dice.random() < 0.6)},
            {"x": 10.0, "y": 1.0},
        )
        for _ in range(200)
    ]
    router = learning.fit(noise)
    assert router is not None
    assert router.favourite == "x"
    chosen = []
    for each in noise[:50]:
        values = worth(router, router.predict(f"another {each.text}"), router.costs, 0.0)
        chosen.append(max(values, key=lambda model: values[model]))
    assert chosen.count("x") >= 45


def test_a_log_with_one_answer_for_each_question_teaches_too_and_says_that_it_estimates() -> None:
    router = learning.fit(questions(500, 5, one_each=True))
    assert router is not None
    assert router.estimated
    assert router.frontier
    assert router.frontier[0].gain is None
    assert router.price == 0.0
    hard = gain(router, "What is the integral of the function number 7?")
    assert hard > gain(router, "What is the colour of the table cloth number 7?") + 0.15


def test_too_little_teaches_nothing() -> None:
    assert learning.fit(questions(20, 6)) is None
    assert learning.fit([Asked("q", {"only": 1.0})] * 60) is None


def test_the_state_is_read_back_from_json_as_it_was(router: Router) -> None:
    read = typed(msgspec.json.decode(msgspec.json.encode({"router": router})))["router"]
    text = "What is the integral of the function number 7?"
    assert read.predict(text) == router.predict(text)


def test_meaning_joins_in_where_questions_have_vectors() -> None:
    asked = questions(120, 7)
    rows = HashingEmbedder().vectors([each.text for each in asked])
    with_rows = [
        msgspec.structs.replace(each, vector=row) for each, row in zip(asked, rows, strict=True)
    ]
    router = learning.fit(with_rows, embedder="hashing", unseen=False)
    assert router is not None
    assert router.meaning is not None
    vector = rows[0]
    with_meaning = router.predict(asked[0].text, vector)
    assert with_meaning != router.predict(asked[0].text)
    assert np.isfinite(with_meaning["dear"].raw)
