"""Advice follows from figures: each trigger at its mark, each reason not to train by itself."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from teppan.cost.advisor import FEW_EXAMPLES, FULL_FILE, Advice, Facts, Rental, advise

THRESHOLD, RENTAL = 300_000_000, Rental(1_200_000)

READY = Facts(
    days=30.0,
    calls=300_000,
    unknown=0,
    cost=2_000_000_000,
    input=300_000_000,
    output=90_000_000,
    busiest=900,
    rows=300_000,
    examples=50_000,
    rated=5_000,
    overhead=0.002,
    shares={"a/large": 1_200_000_000, "a/small": 800_000_000},
)
"""A business for which everything speaks for a model of its own."""


def due(advice: Advice) -> set[str]:
    return {each.name for each in advice.triggers if each.holds}


def test_a_business_that_is_ready_is_told_to_train() -> None:
    advice = advise(READY, THRESHOLD, RENTAL)
    assert advice.train
    assert due(advice) == {"own model", "GPU", "training"}
    assert advice.gpu.rent == 876_000_000
    assert advice.gpu.grow == pytest.approx(0.438)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"cost": 200_000_000}, "less than the $300.00"),
        ({"cost": 500_000_000}, "a GPU would cost $876.00 a month"),
        ({"busiest": 250_000}, "one GPU is not enough"),
        ({"examples": FEW_EXAMPLES - 1}, "1,999 answers are kept"),
        ({"rated": 10}, "quality of the answers is unknown"),
        ({"unknown": 3}, "3 of 300,000 calls have no known price"),
        ({"input": 3_000_000_000, "output": 900_000_000}, "hardly beats"),
        ({"shares": {"a/large": 1_990_000_000, "a/small": 10_000_000}}, "a/large takes 100%"),
        ({"cache_and_router": False}, "the cache or the router is off"),
    ],
)
def test_each_reason_alone_is_enough_not_to_train(changes: dict[str, object], reason: str) -> None:
    advice = advise(replace(READY, **changes), THRESHOLD, RENTAL)
    assert not advice.train
    assert any(reason in told for told in advice.against_training), advice.against_training
    assert "training" not in due(advice)


@pytest.mark.parametrize(
    ("changes", "trigger"),
    [
        ({"busiest": 1_200_000}, "second gateway"),
        ({"overhead": 0.05}, "second gateway"),
        ({"overhead": 0.05}, "PostgreSQL"),
        ({"rows": FULL_FILE + 1}, "PostgreSQL"),
        ({"overhead": 0.05, "limits": True}, "Redis"),
    ],
)
def test_an_upgrade_is_due_when_its_figure_passes_the_mark(
    changes: dict[str, object], trigger: str
) -> None:
    advice = advise(replace(READY, **changes), THRESHOLD, RENTAL)
    assert trigger in due(advice)
    assert trigger not in due(advise(READY, THRESHOLD, RENTAL))
    assert all(each.measured and each.mark for each in advice.triggers)


def test_what_is_there_already_is_not_due_again() -> None:
    facts = replace(READY, overhead=0.05, limits=True, server=True, redis=True)
    assert not {"PostgreSQL", "Redis"} & due(advise(facts, THRESHOLD, RENTAL))


def test_a_few_days_are_carried_on_to_a_month_and_that_is_said() -> None:
    advice = advise(replace(READY, days=3.0, cost=200_000_000), THRESHOLD, RENTAL)
    assert advice.gpu.api == 2_000_000_000
    assert any("3.0 days" in note for note in advice.notes)


def test_an_hour_of_traffic_is_not_taken_for_a_whole_month_of_such_hours() -> None:
    advice = advise(replace(READY, days=1 / 24, cost=1_000_000), THRESHOLD, RENTAL)
    assert advice.gpu.api == 30_000_000


def test_what_batches_would_save_is_said_where_it_is_known() -> None:
    notes = advise(replace(READY, batchable=1_000_000_000), THRESHOLD, RENTAL).notes
    assert any("batches would save $1000.00" in note for note in notes)
    assert not advise(READY, THRESHOLD, RENTAL).notes


def test_without_any_traffic_nothing_is_due_and_that_is_said() -> None:
    nothing = Facts(0.0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    advice = advise(nothing, THRESHOLD, RENTAL)
    assert due(advice) == set()
    assert advice.gpu.grow is None
    assert "nothing was asked" in advice.notes[0]
