"""One person cannot move a ranking, nor a few who agree; what is not known is not claimed."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
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
    what is said of one model."""
    return Vote("large", 0.0, f"sybil{n}", f"bad_{n}", dice.uniform(0, DAYS) * DAY, True)


def sybils_that_come_again(n: int, dice: random.Random) -> Vote:
    """Each on several days, as regular customers do, for the second and against the best."""
    at = dice.uniform(0, DAYS) * DAY
    return Vote(("large", "middle")[n % 2], float(n % 2), f"sybil{n // 3}", f"bad_{n}", at, True)


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
    sybils_that_come_again,
    sybils_with_three_answers,
    sybils_of_one_network,
    flatterers,
)


def claims(standings: list[Standing]) -> set[tuple[str, str]]:
    return {(each.model, worse) for each in standings for worse in each.above}


def by_plain_mean(standings: list[Standing]) -> list[str]:
    return [each.model for each in sorted(standings, key=lambda each: -each.mean)]


@pytest.mark.parametrize("attack", ATTACKERS, ids=lambda attack: attack.__name__)
@pytest.mark.parametrize("seed", range(5))
def test_attackers_with_5_percent_of_the_feedback_change_no_ranking(
    seed: int, attack: Callable[[int, random.Random], Vote]
) -> None:
    dice, true = random.Random(seed + 100), {("large", "small"), ("large", "middle")}
    after = claims(ranking(honest(seed) + [attack(n, dice) for n in range(ATTACKS)]))
    assert after <= true | {("middle", "small")}


@given(
    st.lists(st.tuples(st.sampled_from(sorted(TRUTH)), st.floats(0, 1)), min_size=ATTACKS // 10),
    st.integers(0, 20),
)
@settings(max_examples=25, deadline=None)
def test_no_statements_of_5_percent_make_a_false_order(
    lies: list[tuple[str, float]], seed: int
) -> None:
    votes = [each for each in honest(seed) if int(each.about[3:]) < 600]
    lies = lies[: round(len(votes) * 0.05 / 0.95)]
    votes += [
        Vote(model, value, f"liar{n}", f"bad_{n}", n * 9_000.0, True)
        for n, (model, value) in enumerate(lies)
    ]
    assert not {("middle", "large"), ("small", "middle"), ("small", "large")} & claims(
        ranking(votes)
    )


def test_liars_weigh_no_more_against_regulars_who_say_much_than_their_number() -> None:
    """Forty regulars say fifty things of each of two equal models, of which ten count; 105 liars
    speak once or twice. They are 5 % of what is said, and far more of what counts."""
    votes = [
        Vote(model, float(n * 7 % 2000 < 1500), f"u{n % 40}", f"{model}_{n}", n * 1_200.0, True)
        for model in ("a", "b")
        for n in range(2000)
    ]
    lies = [Vote("a", 0.0, f"s{n // 2}", f"bad_{n}", n * 11_000.0, True) for n in range(210)]
    assert claims(ranking(votes)) == claims(ranking(votes + lies)) == set()


def test_an_order_that_one_in_twenty_could_have_made_is_not_claimed() -> None:
    """Of 1,000 statements 50 may be false: enough to make 0.75 of 0.72, not of 0.60."""
    close = steady("a", 500, 0.78) + steady("b", 500, 0.72)
    apart = steady("a", 500, 0.85) + steady("b", 500, 0.60)
    assert claims(ranking(close)) == set()
    assert claims(ranking(apart)) == {("a", "b")}
    assert [each.place for each in ranking(close)] == [1, 1]
    assert [(each.model, each.place) for each in ranking(apart)] == [("a", 1), ("b", 2)]


def test_names_the_business_vouches_for_settle_what_anybody_may_not() -> None:
    truth = (("a", 0.85), ("b", 0.75))
    anybody = [vote for model, rate in truth for vote in steady(model, 1_000, rate)]
    known = [vote for model, rate in truth for vote in steady(model, 1_000, rate, claimed=False)]
    assert claims(ranking(anybody)) == set()
    assert claims(ranking(known)) == {("a", "b")}


def steady(model: str, many: int, rate: float, *, claimed: bool = True) -> list[Vote]:
    """So many thumbs, of which exactly this share is up; a source says two, days apart."""
    ups = round(many * rate)
    return [
        Vote(
            model,
            float(n * 7 % many < ups),
            f"{model}-u{n % (many // 2)}",
            f"{model}-tr_{n}",
            (n * 11 % DAYS) * DAY,
            claimed,
        )
        for n in range(many)
    ]


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
    apart = [each for each in honest(1) if each.model != "middle"]
    [large, small] = ranking(apart + steady("small", 600, 0.4))
    assert large.above == ("small",)
    assert small.above == ()


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
