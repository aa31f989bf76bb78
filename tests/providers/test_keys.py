"""Keys take turns; a throttled one rests, a refused one is dead until it is probed."""

from __future__ import annotations

from teppan.core.clock import FixedClock
from teppan.providers.keys import KeyPolicy, KeyRing


def ring(count: int = 3) -> tuple[KeyRing, FixedClock]:
    clock = FixedClock()
    return KeyRing(count, clock, KeyPolicy(dead=600, out_of_credit=300)), clock


def test_healthy_keys_take_turns() -> None:
    keys, _ = ring()
    assert [keys.pick("m") for _ in range(7)] == [0, 1, 2, 0, 1, 2, 0]


def test_a_throttled_key_rests_for_that_model_only() -> None:
    keys, clock = ring(2)
    keys.throttled(0, "m", 10)
    assert [keys.pick("m") for _ in range(3)] == [1, 1, 1]
    assert {keys.pick("other"), keys.pick("other")} == {0, 1}
    clock.advance(10)
    assert {keys.pick("m"), keys.pick("m")} == {0, 1}


def test_when_all_keys_rest_the_wait_is_that_of_the_first_to_wake() -> None:
    keys, clock = ring(2)
    keys.throttled(0, "m", 10)
    keys.throttled(1, "m", 4)
    assert keys.pick("m") is None
    assert not keys.any_fresh("m")
    assert keys.wait("m") == 4
    clock.advance(4)
    assert keys.pick("m") == 1


def test_a_second_shorter_rest_does_not_shorten_the_first() -> None:
    keys, _ = ring(1)
    keys.throttled(0, "m", 10)
    keys.throttled(0, "m", 1)
    assert keys.wait("m") == 10


def test_a_refused_key_is_dead_for_every_model_and_then_probed_once_at_a_time() -> None:
    keys, clock = ring(2)
    keys.refused(0)
    assert {keys.pick(model) for model in "abcd"} == {1}
    clock.advance(600)
    picked = [keys.pick("m") for _ in range(4)]
    assert picked.count(0) == 1
    keys.succeeded(0)
    assert {keys.pick("m"), keys.pick("m")} == {0, 1}


def test_with_every_key_dead_or_empty_there_is_nothing_to_wait_for() -> None:
    keys, _ = ring(2)
    keys.refused(0)
    keys.out_of_credit(1)
    assert keys.pick("m") is None
    assert keys.wait("m") is None


def test_a_dead_key_does_not_hide_that_another_one_only_rests() -> None:
    keys, _ = ring(2)
    keys.refused(0)
    keys.throttled(1, "m", 3)
    assert keys.wait("m") == 3
