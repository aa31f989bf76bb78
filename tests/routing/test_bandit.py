"""The adaptive router: it finds the better model, keeps trying the others, and can say why."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teppan.routing.bandit import NEW, Arm, Pull, best_chances, choose
from teppan.routing.book import Book, Reward

QUALITY = {"a/good": 0.85, "b/fair": 0.7, "c/poor": 0.45}
FREE = dict.fromkeys(QUALITY, 0.0)


def pulled(arms: Mapping[str, Arm], chance: float, **changes: float) -> Pull:
    options = {"price_weight": 0.2, "explore": 0.05} | changes
    return choose(arms, FREE, category="pricing", chance=chance, **options)


def play(pick: Callable[[dict[str, Arm], random.Random], str], seed: int, rounds: int) -> float:
    """The regret of a way to pick, over so many questions."""
    dice, arms, regret = random.Random(seed), dict.fromkeys(QUALITY, NEW), 0.0
    for _ in range(rounds):
        model = pick(arms, dice)
        regret += max(QUALITY.values()) - QUALITY[model]
        arms[model] = arms[model].with_reward(float(dice.random() < QUALITY[model]), 0)
    return regret


def greedy(arms: dict[str, Arm], dice: random.Random) -> str:
    if dice.random() < 0.1:
        return dice.choice(list(arms))
    return max(arms, key=lambda name: arms[name].mean)


def test_its_regret_is_below_that_of_chance_and_of_epsilon_greedy() -> None:
    ways: dict[str, Callable[[dict[str, Arm], random.Random], str]] = {
        "ours": lambda arms, dice: pulled(arms, dice.random(), explore=0.01).model,
        "greedy": greedy,
        "chance": lambda arms, dice: dice.choice(list(arms)),
    }
    regret = {
        name: sum(play(pick, seed, 1000) for seed in range(6)) / 6 for name, pick in ways.items()
    }
    assert regret["ours"] < regret["greedy"] < regret["chance"]


def test_no_model_falls_below_the_floor() -> None:
    arms = {"a": _arm(500, 0.95), "b": _arm(500, 0.2), "c": _arm(500, 0.1)}
    pull = pulled(arms, 0.999, explore=0.04)
    assert min(pull.chances.values()) >= 0.04
    assert sum(pull.chances.values()) == pytest.approx(1.0)
    assert pull.model == "c"
    assert pull.probability == pytest.approx(0.04, abs=1e-6)


def test_a_floor_that_cannot_be_is_the_same_share_for_all() -> None:
    assert pulled(dict.fromkeys("abc", NEW), 0.5, explore=0.9).probability == pytest.approx(1 / 3)


def test_the_probability_told_is_how_often_it_is_chosen() -> None:
    arms = {"a": _arm(20, 0.7), "b": _arm(10, 0.65), "c": _arm(4, 0.5)}
    dice = random.Random(3)
    counts = dict.fromkeys(arms, 0)
    for _ in range(4000):
        counts[pulled(arms, dice.random()).model] += 1
    chances = pulled(arms, 0.5).chances
    for name, count in counts.items():
        assert count / 4000 == pytest.approx(chances[name], abs=0.03)


def test_quadrature_agrees_with_sampling() -> None:
    means, spreads = [0.7, 0.65, 0.5], [0.1, 0.15, 0.2]
    dice = random.Random(5)
    wins = [0, 0, 0]
    for _ in range(20_000):
        drawn = [dice.gauss(mean, spread) for mean, spread in zip(means, spreads, strict=True)]
        wins[drawn.index(max(drawn))] += 1
    for ours, sampled in zip(best_chances(means, spreads), wins, strict=True):
        assert ours == pytest.approx(sampled / 20_000, abs=0.015)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(1e-3, 1.0)), min_size=1, max_size=6))
def test_chances_are_shares_of_one(beliefs: list[tuple[float, float]]) -> None:
    chances = best_chances([mean for mean, _ in beliefs], [spread for _, spread in beliefs])
    assert sum(chances) == pytest.approx(1.0)
    assert min(chances) >= 0.0


def test_a_price_is_weighed_against_quality() -> None:
    arms = {"dear": _arm(400, 0.8), "cheap": _arm(400, 0.75)}
    costs = {"dear": 20_000.0, "cheap": 100.0}
    options = {"category": "any", "explore": 0.0, "chance": 0.5}
    assert choose(arms, costs, price_weight=0.2, **options).model == "cheap"
    assert choose(arms, costs, price_weight=0.0, **options).model == "dear"


def test_the_reason_says_who_won_how_often() -> None:
    arms = {"openai/gpt-4o": Arm(120, 102.0, 102.0, 102, 0), "b/y": _arm(120, 0.3)}
    assert pulled(arms, 0.1).reason == "openai/gpt-4o won 85 % of 120 pricing questions"
    assert "tried again" in pulled(arms, 0.9999).reason
    assert "tried" in pulled(dict.fromkeys("ab", NEW), 0.1).reason


class Kept:
    """Records in memory, shared by several books as a store is by several gateways."""

    def __init__(self) -> None:
        self.arms: dict[tuple[str, str], Arm] = {}

    async def load(self, router: str) -> dict[tuple[str, str], Arm]:
        return dict(self.arms)

    async def add(self, router: str, reward: Reward) -> Arm:
        key = reward.category, reward.model
        arm = self.arms.get(key, NEW).with_reward(reward.quality, reward.cost)
        self.arms[key] = arm
        return arm


async def test_a_book_knows_what_other_gateways_learned() -> None:
    kept = Kept()
    one, other = Book("r", kept), Book("r", kept)
    await one.reward(Reward("pricing", "a", 1.0, 10, "t1"))
    assert one.arms("pricing", ["a", "b"]) == {"a": kept.arms["pricing", "a"], "b": NEW}
    await other.reward(Reward("pricing", "a", 0.0, 10, "t2"))
    assert other.arms("pricing", ["a"])["a"].pulls == 2
    await one.refresh()
    assert one.arms("pricing", ["a"]) == other.arms("pricing", ["a"])
    assert one.arms("menu", ["a"])["a"] == NEW


def _arm(pulls: int, quality: float) -> Arm:
    wins = round(pulls * quality)
    return Arm(pulls, float(wins), float(wins), wins, 0)
