"""The learned threshold keeps the bound it was given, on traffic it has never seen."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.serve.cache.learner import FIRST, Learner, Signs
from teppan.serve.cache.stats import interval


def question(chance: random.Random, hard: frozenset[str]) -> tuple[Signs, str, bool]:
    """Signs that speak more or less for a hit, and whether it would be right."""
    kin = f"kin{chance.randrange(20)}"
    lead = chance.uniform(-0.05, 0.35)
    signs = Signs(chance.uniform(0.75, 1.0), lead, chance.uniform(0.3, 1.0), chance.randrange(1, 9))
    odds = -1.0 + 14.0 * lead + 2.0 * signs.share - (6.0 if kin in hard else 0.0)
    return signs, kin, chance.random() < 1.0 / (1.0 + 2.718**-odds)


def served(bound: float, seed: int, hard: frozenset[str] = frozenset()) -> tuple[int, int, Learner]:
    chance, learner = random.Random(seed), Learner(bound)
    hits = wrong = 0
    for _ in range(4000):
        signs, kin, same = question(chance, hard)
        if learner.serves(signs, kin):
            hits += 1
            wrong += not same
            if chance.random() < 0.02:
                learner.learn(signs, kin, same, verified=True)
        else:
            learner.learn(signs, kin, same)
    return hits, wrong, learner


@pytest.mark.parametrize("bound", [0.02, 0.05, 0.1])
def test_the_share_of_wrong_hits_stays_within_the_bound(bound: float) -> None:
    hits, wrong, _ = served(bound, seed=3)
    assert hits > 400
    assert wrong / hits <= 1.3 * bound


def test_a_larger_bound_serves_more() -> None:
    assert served(0.02, 5)[0] < served(0.1, 5)[0]


def test_a_region_that_is_often_wrong_is_judged_by_itself() -> None:
    _, _, learner = served(0.05, 7, frozenset(("kin0", "kin1")))
    signs = Signs(0.9, 0.25, 0.9, 5)
    assert learner.weigh(signs, "kin0") < learner.weigh(signs, "kin9") - 0.1
    assert learner.weigh(signs, "never seen") > learner.weigh(signs, "kin0")


def test_nothing_is_served_before_something_was_seen() -> None:
    learner, best = Learner(0.5), Signs(1.0, 0.7, 1.0, 16)
    assert not any(learner.serves(best, "k") for _ in range(FIRST))


def test_verified_hits_that_were_wrong_make_it_careful() -> None:
    _, _, learner = served(0.05, 9)
    before = learner.threshold
    for _ in range(60):
        learner.learn(Signs(0.95, 0.3, 0.95, 8), "kin3", False, verified=True)
    learner.fit()
    assert learner.threshold > before


def test_what_was_learned_can_be_learned_again_from_its_record() -> None:
    chance, one, other = random.Random(1), Learner(0.05), Learner(0.05)
    seen = [(*question(chance, frozenset()), False) for _ in range(300)]
    for signs, kin, same, _ in seen:
        one.learn(signs, kin, same)
    one.fit()
    other.relearn(seen)
    asked = Signs(0.9, 0.2, 0.8, 3)
    assert other.weigh(asked, "kin1") == pytest.approx(one.weigh(asked, "kin1"), abs=1e-3)


@given(st.integers(0, 400), st.integers(0, 400))
def test_an_interval_holds_its_share(found: int, more: int) -> None:
    low, high = interval(found, found + more)
    assert 0.0 <= low <= high <= 1.0
    if found + more:
        assert low <= found / (found + more) <= high
