"""Lessons that help stay, those that harm go soon; both errors are simulated."""

from __future__ import annotations

import random

from teppan.learn.lessons.helping import due, judged
from teppan.store.lesson_rows import Sums, Used


def lived(effect: float, *, seed: int, nights: int = 120) -> tuple[str, int]:
    """What becomes of a lesson with this effect on quality, and after how many answers without it:
    thirty answers a night, one in ten of them without."""
    chance = random.Random(seed)
    given, withheld = Sums(), Sums()
    used: Used | None = None
    for _ in range(nights):
        for _ in range(30):
            held_back = chance.random() < 0.1
            mean = 0.6 + (0.0 if held_back else effect)
            quality = min(1.0, max(0.0, chance.gauss(mean, 0.3)))
            if held_back:
                withheld = withheld.and_(quality)
            else:
                given = given.and_(quality)
        verdict = judged(given, withheld, used, 0.02, 20)
        used = verdict.used
        if verdict.what != "stays":
            return verdict.what, withheld.n
    return "stays", withheld.n


def fates(effect: float, seeds: int = 100) -> dict[str, int]:
    found: dict[str, int] = {}
    for seed in range(seeds):
        what, _ = lived(effect, seed=seed)
        found[what] = found.get(what, 0) + 1
    return found


def test_a_lesson_that_helps_is_rarely_taken_back() -> None:
    found = fates(0.15)
    assert found["stays"] >= 93
    assert found.get("harms", 0) == 0


def test_one_that_does_nothing_is_taken_back_in_time_and_not_called_harmful() -> None:
    found = fates(0.0)
    assert found.get("stays", 0) <= 35
    assert found.get("harms", 0) <= 5  # in 100


def test_one_that_harms_is_taken_back_soon() -> None:
    ends = [lived(-0.3, seed=seed) for seed in range(100)]
    assert all(what != "stays" for what, _ in ends)
    assert sorted(after for _, after in ends)[95] <= 50


def test_it_is_looked_at_when_the_control_has_doubled_and_not_in_between() -> None:
    assert [due(n, 20) for n in (0, 19, 20, 39, 40, 80, 10**9)] == [0, 0, 1, 1, 2, 3, 10]
    worse, better = Sums(100, 10.0, 1.0), Sums(25, 25.0, 25.0)
    first = judged(worse, better, None, 0.02, 20)
    assert first.what == "harms"
    assert judged(worse, better, first.used, 0.02, 20).what == "stays"
    assert judged(worse, Sums(), None, 0.02, 20).used.effect is None
