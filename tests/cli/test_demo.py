"""The demo's customer says what stands in the pack, on a day to come."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from teppan.cli.demo import packaged
from teppan.cli.demo.talking import lines_of


def test_a_saturday_to_come_is_filled_in() -> None:
    lines = lines_of(packaged(), dt.date(2026, 11, 28))
    assert any("2027-01-02" in line for line in lines)
    assert not any("{" in line for line in lines)
    assert dt.date(2027, 1, 2).weekday() == 5


def test_a_pack_without_a_conversation_has_none(tmp_path: Path) -> None:
    assert lines_of(tmp_path, dt.date(2026, 11, 28)) == []
