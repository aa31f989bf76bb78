"""Who pays for a call: each budget finds its pot, or has nothing to do with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teppan.core.budget import thresholds
from teppan.core.errors import ConfigError
from teppan.core.ids import Scope
from teppan.cost.budget import Budget, Pots, checked
from teppan.cost.calendar import Calendar

ANNA = Scope("anna", "key-a")
NOON = 1_763_726_400.0  # 2025-11-21 12:00 UTC


def names(*budgets: Budget, model: str = "a/x") -> list[str]:
    return [pot.budget for pot in Pots(budgets, Calendar()).of(ANNA, model, NOON)]


def test_a_budget_counts_the_whole_or_each_apart() -> None:
    assert names(
        Budget("all", 1),
        Budget("tenants", 1, "tenant"),
        Budget("keys", 1, "key"),
        Budget("models", 1, "model"),
    ) == ["all", "tenants:anna", "keys:key-a", "models:a/x"]


def test_a_budget_for_one_leaves_the_others_alone() -> None:
    assert names(Budget("b", 1, "tenant", "anna"), Budget("c", 1, "key", "key-b")) == ["b:anna"]


def test_all_models_of_a_vendor_share_a_pot_where_the_budget_says_so() -> None:
    vendor = Budget("v", 1, "model", "a/*")
    assert names(vendor) == names(vendor, model="a/y") == ["v:a/*"]
    assert names(vendor, model="ab/x") == []


def test_a_pot_lasts_a_local_day_or_month() -> None:
    day, month = Budget("d", 5, period="day", hard=False), Budget("m", 7)
    first, second = Pots([day, month], Calendar("Europe/Berlin")).of(ANNA, "a/x", NOON)
    assert (first.window, first.end - first.begin) == ("2025-11-21", 86_400)
    assert (second.window, second.hard, second.limit) == ("2025-11", True, 7)
    assert first.begin == NOON - 13 * 3600


@given(st.integers(0, 10**12))
def test_alerts_of_a_budget_lie_within_it_in_order(limit: int) -> None:
    hard, soft = Pots([Budget("h", limit), Budget("s", limit, hard=False)], Calendar()).of(
        ANNA, "a/x", NOON
    )
    amounts = [amount for _, amount in thresholds(hard)]
    assert amounts == sorted(amounts)
    assert amounts[-1] == limit
    assert thresholds(soft) == (("s at 100 %", limit),)


@pytest.mark.parametrize("name", ["", "a:b", "a/b", "x" * 65, " a", "a\n"])
def test_a_name_that_could_be_mistaken_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="a name is of letters"):
        checked([Budget(name, 1)])


def test_names_are_given_once_and_only_needs_a_whom() -> None:
    with pytest.raises(ConfigError, match="two of this name"):
        checked([Budget("a", 1), Budget("a", 2)])
    with pytest.raises(ConfigError, match="`only` needs"):
        checked([Budget("a", 1, "whole", "anna")])
