"""The try-out's test keeps its promise of error, however often it is looked at."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from teppan.learn.lessons.lift import Bound, decide, interval, wealth

BOUND = Bound()
DIFFERENCES = st.lists(st.floats(-1, 1), max_size=40)


def runs(better: float, worse: float, *, seeds: int, far_worse: float = 0.0) -> dict[str, int]:
    """How often lessons with these chances of a better and a worse answer end how, when it is
    looked after every case."""
    found: dict[str, int] = {}
    for seed in range(seeds):
        chance = random.Random(seed)
        near: list[float] = []
        far = [-1.0 if chance.random() < far_worse else 0.0 for _ in range(8)]
        decision = decide(near, far, BOUND)
        while decision.what == "more" and len(near) < BOUND.most:
            luck = chance.random()
            near.append(1.0 if luck < better else -1.0 if luck < better + worse else 0.0)
            decision = decide(near, far, BOUND)
        found[decision.what] = found.get(decision.what, 0) + 1
    return found


def test_a_lesson_that_lifts_nothing_passes_no_more_often_than_promised() -> None:
    # 150 runs, each looked at after every case: 5 % are 8, and 3 deviations 8 more
    assert runs(0.2, 0.2, seeds=150).get("passed", 0) <= 16
    assert runs(0.02, 0.02, seeds=150).get("passed", 0) <= 16


def test_a_lesson_that_harms_does_not_pass() -> None:
    assert runs(0.1, 0.4, seeds=200).get("passed", 0) <= 1


def test_one_that_lifts_passes_and_is_rarely_refused() -> None:
    found = runs(0.5, 0.1, seeds=200)
    assert found["passed"] >= 190
    assert found.get("refused", 0) <= 10


def test_one_that_spoils_other_questions_is_refused() -> None:
    found = runs(0.8, 0.0, seeds=200, far_worse=0.5)
    assert found["refused"] >= 190


def test_the_interval_holds_the_mean_whenever_one_looks() -> None:
    missed = 0
    for seed in range(30):
        chance = random.Random(seed)
        seen: list[float] = []
        for _ in range(40):
            seen.append(1.0 if chance.random() < 0.4 else -1.0 if chance.random() < 0.2 else 0.0)
            low, high = interval(seen, 0.1)
            if not low <= 0.4 - 0.6 * 0.2 <= high:
                missed += 1
                break
    assert missed <= 3 + 5


@given(DIFFERENCES)
def test_wealth_is_never_negative_and_the_interval_is_one(differences: list[float]) -> None:
    assert wealth(differences) >= 0
    low, high = interval(differences)
    assert -1 <= low <= high <= 1


def test_few_cases_decide_nothing_and_unrelated_ones_are_needed() -> None:
    assert decide([], [], BOUND).what == "more"
    assert decide([1.0] * 6, [0.0] * 6, BOUND).what == "more"
    assert decide([1.0] * 8, [], BOUND).what == "helps"
    assert decide([1.0] * 8, [0.0] * 4, BOUND).what == "passed"
    assert decide([1.0] * 8, [-1.0] * 2, BOUND).what == "refused"
    assert decide([0.0] * 96, [0.0] * 4, BOUND).what == "refused"
