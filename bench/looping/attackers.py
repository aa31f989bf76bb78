"""Who wants to move a ranking: how they rate, and what honest people say meanwhile.

The models' true ratings are known, so an order that is claimed is right or wrong. Attackers make
5 % of all that is said; they have names that nobody vouches for, as anybody on a page has.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from teppan.estimate.ratings import DAY, Vote

SHARE = 0.05
CUSTOMERS, DAYS = 700, 30
Crowd = Callable[[int, int, Sequence[str], random.Random], Vote]
"""From a number, how many there are, the models (the best first) and dice to a statement."""


def honest(truth: Mapping[str, float], size: int, seed: int, *, vouched: float = 0.0) -> list[Vote]:
    """A month of thumbs. Six of ten statements are of customers who come again; `vouched` is the
    share of sources that the business itself names."""
    dice = random.Random(f"honest {seed}")
    models, votes = list(truth), []
    for n in range(size):
        model = dice.choice(models)
        source = f"u{dice.randrange(CUSTOMERS)}" if dice.random() < 0.6 else f"once{n}"
        known = random.Random(f"{seed} {source}").random() < vouched
        value = float(dice.random() < truth[model])
        at = dice.uniform(0, DAYS) * DAY
        votes.append(Vote(model, value, source, f"tr_{n}", at, not known))
    return votes


def attack(crowd: Crowd, models: Sequence[str], size: int, seed: int) -> list[Vote]:
    """So many statements of a crowd that they are 5 % beside `size` honest ones."""
    dice = random.Random(f"attack {seed}")
    many = round(size * SHARE / (1.0 - SHARE))
    return [crowd(n, many, models, dice) for n in range(many)]


def _lie(model: str, value: float, source: str, n: object, at: float, network: str = "") -> Vote:
    return Vote(model, value, source, f"bad_{n}", at, True, network)


def _some_day(dice: random.Random) -> float:
    return dice.uniform(0, DAYS) * DAY


def one_person(n: int, many: int, models: Sequence[str], dice: random.Random) -> Vote:
    return _lie(models[0], 0.0, "mallory", n, _some_day(dice))


def five_friends(n: int, many: int, models: Sequence[str], dice: random.Random) -> Vote:
    return _lie(models[0], 0.0, f"friend{n % 5}", n, _some_day(dice))


def eight_flatterers(n: int, many: int, models: Sequence[str], dice: random.Random) -> Vote:
    model = (models[-1], models[0])[n % 2]
    return _lie(model, float(n % 2 == 0), f"friend{n % 8}", n, _some_day(dice))


def names_in_one_night(n: int, many: int, models: Sequence[str], dice: random.Random) -> Vote:
    return _lie(models[0], 0.0, f"sybil{n}", n, 12.9 * DAY + n)


def names_of_one_network(n: int, many: int, models: Sequence[str], dice: random.Random) -> Vote:
    return _lie(models[0], 0.0, f"sybil{n}", n, _some_day(dice), "evil")


def names_on_three_answers(n: int, many: int, models: Sequence[str], dice: random.Random) -> Vote:
    return _lie(models[0], 0.0, f"sybil{n}", n % 3, _some_day(dice))


def names_over_the_month(n: int, many: int, models: Sequence[str], dice: random.Random) -> Vote:
    """Names, answers and days of their own: nothing tells them from customers."""
    return _lie(models[0], 0.0, f"sybil{n}", n, _some_day(dice))


def names_that_come_again(n: int, many: int, models: Sequence[str], dice: random.Random) -> Vote:
    """The same, each name on several days, as regular customers do."""
    return _lie(models[0], 0.0, f"sybil{n // 3}", n, _some_day(dice))


def names_for_the_second(n: int, many: int, models: Sequence[str], dice: random.Random) -> Vote:
    """Half blame the best, half praise the second."""
    model = models[n % 2]
    return _lie(model, float(n % 2), f"sybil{n // 3}", n, _some_day(dice))


def names_against_the_second(n: int, many: int, models: Sequence[str], dice: random.Random) -> Vote:
    """Who would have a false order claimed: the last lifted over the one before it."""
    model = (models[-1], models[-2])[n % 2]
    return _lie(model, float(n % 2 == 0), f"sybil{n // 3}", n, _some_day(dice))


CROWDS: Mapping[str, Crowd] = {
    "one person": one_person,
    "five friends": five_friends,
    "eight who praise the worst and blame the best": eight_flatterers,
    "invented names in one night": names_in_one_night,
    "invented names of one network": names_of_one_network,
    "invented names on three answers": names_on_three_answers,
    "invented names over the month": names_over_the_month,
    "invented names that come again": names_that_come_again,
    "invented names that lift the second over the best": names_for_the_second,
    "invented names that lift the last over the one before": names_against_the_second,
}
