"""Promise 1: what was acknowledged survives `kill -9`, exactly once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HARNESS = Path(__file__).parents[2] / "bench" / "kill.py"


def killed(child: str, cycles: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(HARNESS), "--child", child, "--cycles", str(cycles), "--json"],
        stdout=subprocess.PIPE,
        timeout=1500,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report["figures"]


@pytest.mark.timeout(1600)
@pytest.mark.parametrize(("child", "cycles"), [("gateway", 5), ("store", 5)])
def test_no_acknowledged_row_is_lost_or_doubled_by_kill_9(child: str, cycles: int) -> None:
    figures = killed(child, cycles)
    assert figures["cycles"] == cycles
    assert figures["acknowledged"] > 20
    assert (figures["lost"], figures["doubled"]) == (0, 0), figures["lost_ids"]
    assert (figures["cost_differs"], figures["damaged"]) == (0, 0)


@pytest.mark.timeout(600)
def test_the_harness_notices_rows_that_were_acknowledged_too_early() -> None:
    assert killed("naive", cycles=3)["lost"] > 0
