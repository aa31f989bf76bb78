"""No conversation is on two sides, and what judges is later than what trained."""

from __future__ import annotations

import random
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from teppan.learn.datasets.splitting import Placed, split

PLACED = st.lists(
    st.tuples(
        st.integers(0, 50), st.lists(st.sampled_from([f"g{n}" for n in range(12)]), max_size=2)
    ),
    max_size=60,
)
SHARES = st.sampled_from([0.0, 0.1, 0.25])


def placed(made: list[tuple[int, list[str]]]) -> list[Placed]:
    return [Placed(f"{n}", float(at), names) for n, (at, names) in enumerate(made)]


@given(PLACED, SHARES, SHARES)
def test_no_group_is_on_two_sides_and_sides_follow_in_time(
    made: list[tuple[int, list[str]]], validation: float, test: float
) -> None:
    examples = placed(made)
    found = split(examples, validation, test)
    assert set(found) == {each.id for each in examples}
    sides = defaultdict(set)
    times = defaultdict(list)
    for each in examples:
        side = found[each.id]
        if side is not None:
            times[side].append(each.at)
            for name in each.names:
                sides[name].add(side)
    assert all(len(each) == 1 for each in sides.values())
    for earlier, later in (("train", "validation"), ("validation", "test"), ("train", "test")):
        if times[earlier] and times[later]:
            assert max(times[earlier]) < min(times[later])


@given(PLACED, st.randoms(use_true_random=False))
def test_the_order_of_examples_makes_no_difference(
    made: list[tuple[int, list[str]]], chance: random.Random
) -> None:
    examples = placed(made)
    other = list(examples)
    chance.shuffle(other)
    assert split(examples) == split(other)


def test_without_groups_the_shares_are_what_was_asked_for() -> None:
    found = split([Placed(f"{n}", float(n)) for n in range(100)], 0.1, 0.2)
    sides = [found[f"{n}"] for n in range(100)]
    assert sides == ["train"] * 70 + ["validation"] * 10 + ["test"] * 20


def test_groups_that_are_joined_by_a_third_stay_together() -> None:
    examples = [
        Placed("a", 1.0, ["x"]),
        Placed("b", 99.0, ["y"]),
        Placed("c", 2.0, ["x", "y"]),
        *(Placed(f"{n}", float(n + 3)) for n in range(20)),
    ]
    found = split(examples)
    assert (found["a"], found["c"], found["b"]) == ("train", "train", None)


def test_nothing_is_no_error() -> None:
    assert split([]) == {}
