"""Ids sort by time, content has one name, and a scope allows what it says."""

from __future__ import annotations

import pytest

from teppan.core.clock import FixedClock
from teppan.core.ids import Scope, content_hash, new_id
from teppan.core.secret import Secret


def test_ids_are_unique_and_carry_their_prefix() -> None:
    made = [new_id("tr") for _ in range(1_000)]
    assert len(set(made)) == 1_000
    assert all(each.startswith("tr_") and len(each) == 29 for each in made)


def test_ids_made_later_sort_later() -> None:
    stamps = [new_id("tr")[:13] for _ in range(50)]
    assert stamps == sorted(stamps)


def test_the_same_content_has_the_same_name() -> None:
    assert content_hash(b"a") == content_hash(b"a") != content_hash(b"b")


@pytest.mark.parametrize(
    ("models", "model", "allowed"),
    [
        ((), "any/model", True),
        (("a/b",), "a/b", True),
        (("a/b",), "a/bc", False),
        (("a/*",), "a/bc", True),
        (("a/*",), "ab/c", False),
        (("*",), "x/y", True),
    ],
)
def test_a_scope_allows_names_and_prefixes(
    models: tuple[str, ...], model: str, allowed: bool
) -> None:
    assert Scope("t", "k", models).allows(model) is allowed


def test_a_secret_is_never_shown() -> None:
    secret = Secret("sk-very-private")
    assert "private" not in f"{secret} {secret!r} {[secret]} {vars(type(secret))}"
    assert secret.reveal() == "sk-very-private"


async def test_a_fixed_clock_moves_only_when_somebody_sleeps() -> None:
    clock = FixedClock(100.0)
    await clock.sleep(2.5)
    assert (clock.monotonic(), clock.slept) == (102.5, [2.5])
