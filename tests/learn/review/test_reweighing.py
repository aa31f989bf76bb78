"""Reasons are worth what reviewers find behind them; a few decisions move little."""

from __future__ import annotations

import random

import pytest

from teppan.learn.review.reweighing import reweighed
from teppan.learn.review.worth import Weights, joined
from teppan.store.review_rows import Reason

SHIPPED = Weights()


def spoke(name: str, value: float = 1.0) -> tuple[Reason, ...]:
    return (Reason(name, value, 0.5, "said"),)


def test_without_decisions_nothing_changes() -> None:
    assert reweighed(SHIPPED, []) == SHIPPED


def test_a_reason_behind_which_nothing_is_ever_wrong_loses_its_weight() -> None:
    few = reweighed(SHIPPED, [(spoke("doubt"), False)] * 3)
    many = reweighed(SHIPPED, [(spoke("doubt"), False)] * 200)
    assert SHIPPED.doubt > few.doubt > 0.75 * SHIPPED.doubt
    assert many.doubt < 0.05
    assert many.downvoted == SHIPPED.downvoted


def test_weights_come_to_the_truth() -> None:
    dice = random.Random(3)
    truth = {"doubt": 0.1, "rules": 0.9, "edge": 0.4}
    judged = [
        (spoke(name, dice.random()), dice.random() < share)
        for name, share in truth.items()
        for _ in range(2000)
    ]
    found = reweighed(SHIPPED, judged)
    for name, share in truth.items():
        assert getattr(found, name) == pytest.approx(share, abs=0.05)


def test_other_weights_give_another_worth() -> None:
    parts = (*spoke("doubt"), *spoke("edge"))
    assert joined(parts) == pytest.approx(0.75)
    assert joined(parts, Weights(doubt=0.0, edge=0.2)) == pytest.approx(0.2)
    assert joined(spoke("unheard of"), Weights()) == 0.5
