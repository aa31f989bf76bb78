"""One person cannot move a ranking, nor a few who agree; what is not known is not claimed."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.estimate.ratings import DAY, Caps, Standing, Vote, moves, ranking

TRUTH = {"large": 0.85, "middle": 0.75, "small": 0.60}
HONEST, CUSTOMERS, DAYS = 3_000, 700, 30
ATTACKS = round(HONEST * 0.05 / 0.95)
"""So many statements are 5 % of all feedback."""


def honest(seed: int) -> list[Vote]:
    """A month of thumbs; about half of the customers come on several days."""
    dice = random.Random(seed)
    votes = []
    for n in range(HONEST):
        model = dice.choice(list(TRUTH))
        regular = dice.random() < 0.6
        source = f"u{dice.randrange(CUSTOMERS)}" if regular else f"once{n}"
        value = float(dice.random() < TRUTH[model])
        votes.append(Vote(model, value, source, f"tr_{n}", dice.uniform(0, DAYS) * DAY, True))
    return votes


def one_person(n: int, dice: random.Random) -> Vote:
    return Vote("large", 0.0, "mallory", f"bad_{n}", dice.uniform(0, DAYS) * DAY, True)


def five_friends(n: int, dice: random.Random) -> Vote:
    return Vote("large", 0.0, f"friend{n % 5}", f"bad_{n}", dice.uniform(0, DAYS) * DAY, True)


def sybils_in_one_night(n: int, dice: random.Random) -> Vote:
    return Vote("large", 0.0, f"sybil{n}", f"bad_{n}", 12.9 * DAY + n, True)


def sybils_every_day(n: int, dice: random.Random) -> Vote:
    """Nothing tells them from customers: names, answers and days of their own. They are 14 % of
    what is said of one model, and may exchange two models whose bounds touch; nothing more."""
    return Vote("large", 0.0, f"sybil{n}", f"bad_{n}", dice.uniform(0, DAYS) * DAY, True)


def sybils_with_three_answers(n: int, dice: random.Random) -> Vote:
    at = dice.uniform(0, DAYS) * DAY
    return Vote("large", 0.0, f"sybil{n}", f"bad_{n % 3}", at, True)


def sybils_of_one_network(n: int, dice: random.Random) -> Vote:
    at = dice.uniform(0, DAYS) * DAY
    return Vote("large", 0.0, f"sybil{n}", f"bad_{n}", at, True, network="evil")


def flatterers(n: int, dice: random.Random) -> Vote:
    """Praise the worst, blame the best."""
    model = ("small", "large")[n % 2]
    at = dice.uniform(0, DAYS) * DAY
    return Vote(model, float(model == "small"), f"friend{n % 8}", f"bad_{n}", at, True)


ATTACKERS = (
    one_person,
    five_friends,
    sybils_in_one_night,
    sybils_every_day,
    sybils_with_three_answers,
    sybils_of_one_network,
    flatterers,
)


def order(standings: list[Standing]) -> list[str]:
    return [each.model for each in standings]


def by_plain_mean(standings: list[Standing]) -> list[str]:
    return [each.model for each in sorted(standings, key=lambda each: -each.mean)]


@pytest.mark.parametrize("attack", ATTACKERS, ids=lambda attack: attack.__name__)
@pytest.mark.parametrize("seed", range(5))
def test_attackers_with_5_percent_of_the_feedback_change_no_ranking(
    seed: int, attack: Callable[[int, random.Random], Vote]
) -> None:
    votes, dice = honest(seed), random.Random(seed + 100)
    before = ranking(votes)
    after = ranking(votes + [attack(n, dice) for n in range(ATTACKS)])
    assert order(before) == list(TRUTH)
    if attack is not sybils_every_day:
        assert order(after) == order(before)
    sure = {(each.model, worse) for each in before for worse in each.above}
    turned = {(worse, each.model) for each in after for worse in each.above}
    assert not sure & turned


@pytest.mark.parametrize("attack", [one_person, sybils_in_one_night, sybils_every_day])
def test_the_plain_mean_is_moved_by_the_same_attackers(
    attack: Callable[[int, random.Random], Vote],
) -> None:
    moved = 0
    for seed in range(5):
        dice = random.Random(seed + 100)
        votes = honest(seed) + [attack(n, dice) for n in range(ATTACKS)]
        moved += by_plain_mean(ranking(votes)) != list(TRUTH)
    assert moved >= 3


def test_one_person_who_says_it_ten_thousand_times_weighs_no_more_than_ten_answers() -> None:
    votes = honest(0)
    [first] = [each for each in ranking(votes) if each.model == "large"]
    flood = [one_person(n, random.Random(n)) for n in range(10_000)]
    [then] = [each for each in ranking(votes + flood) if each.model == "large"]
    assert first.value is not None
    assert then.value is not None
    assert first.value - then.value < 0.02
    assert then.capped >= 10_000
    assert then.mean < 0.1


def test_the_bounds_hold_the_truth() -> None:
    held = [
        standing.low <= TRUTH[standing.model] <= standing.high
        for seed in range(20)
        for standing in ranking(honest(seed))
    ]
    assert sum(held) >= 0.95 * len(held)


def test_a_model_that_is_clearly_better_is_above_for_sure() -> None:
    [large, middle, small] = ranking(honest(1))
    assert "small" in large.above
    assert small.above == ()
    assert "large" not in middle.above


def test_too_little_is_not_ranked() -> None:
    few = [Vote("a", 1.0, f"u{n}", f"tr_{n}") for n in range(29)]
    of_one = [Vote("b", 1.0, "key:shop", f"tr_{n}") for n in range(500)]
    found = {each.model: each for each in ranking(few + of_one)}
    assert found["a"].value is found["b"].value is None
    assert (found["a"].mean, found["b"].sources, found["b"].above) == (1.0, 1, ())


def test_perfect_ratings_are_not_perfect_knowledge() -> None:
    [a] = ranking([Vote("a", 1.0, f"u{n}", f"tr_{n}", n * 7_000) for n in range(60)])
    assert a.value == 1.0
    assert a.low < 0.97


def test_who_changes_their_mind_counts_with_the_last_word() -> None:
    votes = [Vote("a", 0.0, f"u{n}", f"tr_{n}", n) for n in range(40)]
    votes += [Vote("a", 1.0, f"u{n}", f"tr_{n}", n + 50) for n in range(40)]
    [a] = ranking(votes)
    assert (a.value, a.ignored, a.answers) == (1.0, 40, 40)


def test_a_router_hears_a_source_three_times_a_day_and_a_business_more() -> None:
    assert [moves(n, vouched=False) for n in (1, 3, 4)] == [True, True, False]
    assert [moves(n, vouched=True) for n in (4, 300, 301)] == [True, True, False]


VOTES = st.lists(
    st.builds(
        Vote,
        st.sampled_from(["a", "b"]),
        st.floats(-0.5, 1.5) | st.just(float("nan")),
        st.sampled_from([f"u{n}" for n in range(12)]),
        st.sampled_from([f"tr_{n}" for n in range(40)]),
        st.floats(0, 5 * DAY),
        st.booleans(),
        st.sampled_from(["", "net"]),
    ),
    max_size=120,
)


@given(VOTES, st.randoms(use_true_random=False))
def test_whatever_is_said_the_figures_make_sense(votes: list[Vote], dice: random.Random) -> None:
    found = ranking(votes, Caps(answers=3, sources=2))
    assert sum(each.rated for each in found) == len(votes)
    for each in found:
        assert 0 <= each.low <= each.high <= 1
        assert each.capped + each.ignored <= each.rated
        if each.value is not None:
            assert each.low - 1e-9 <= each.value <= each.high + 1e-9
            assert each.model not in each.above
