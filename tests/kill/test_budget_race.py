"""Promise 2: a hard budget is exact over several processes, and kill -9 leaks nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench" / "budgets.py"


def raced(*parts: str, rounds: int) -> dict[str, Any]:
    only = [word for part in parts for word in ("--only", part)]
    done = subprocess.run(
        [sys.executable, str(BENCH), "--json", "--rounds", str(rounds), *only],
        stdout=subprocess.PIPE,
        timeout=1500,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    skipped = [found["skipped"] for found in report["figures"].values() if "skipped" in found]
    if skipped:
        pytest.skip(skipped[0])
    return report


def missed(report: dict[str, Any]) -> dict[str, Any]:
    return {name: goal for name, goal in report["goals"].items() if not goal["met"]}


@pytest.mark.timeout(1600)
def test_two_processes_share_a_budget_for_one_and_its_holds_die_with_them() -> None:
    report = raced("sqlite_two", "sqlite_kill", rounds=10)
    assert not missed(report)
    assert report["figures"]["sqlite_kill"]["kills"] == 1


@pytest.mark.timeout(1600)
def test_two_gateways_on_postgres_and_redis_admit_exactly_what_is_allowed() -> None:
    report = raced("postgres_two", "postgres_kill", "gateways", rounds=10)
    assert not missed(report)
    assert report["figures"]["gateways"]["rounds"] == 1


def test_the_race_is_one_that_careless_bookkeeping_loses() -> None:
    assert raced("naive", rounds=5)["figures"]["naive"]["wrong"] == 5
