"""`teppan cache`: asked twice is a hit, shown and saved; cleared it is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import QUESTION, printed, teppan, told

pytestmark = pytest.mark.usefixtures("folder")
MODEL = "openai/sim-gpt-small"


def test_a_question_asked_again_by_meaning_is_shown_as_a_hit_until_it_is_cleared(
    folder: Path,
) -> None:
    settings = folder / "teppan.toml"
    settings.write_text(settings.read_text() + "\n[cache]\nsemantic = true\nverify = 0.0\n")
    for text in (QUESTION, QUESTION.upper()):
        assert teppan("ask", text, "--model", MODEL).exit_code == 0
    found = told(teppan("cache", "stats", "--json"))
    assert (found["semantic"], found["misses"], found["false_hit_rate"]) == (1, 1, None)
    assert found["hit_rate"] == 0.5
    shown = printed(["cache", "stats"])
    assert "none checked yet" in shown
    assert "50.0 %" in shown
    assert "forgotten" in printed(["cache", "clear"])
    assert teppan("ask", QUESTION.upper(), "--model", MODEL).exit_code == 0
    assert told(teppan("cache", "stats", "--json"))["semantic"] == 1


def test_another_tenant_has_a_cache_of_its_own() -> None:
    assert teppan("ask", QUESTION, "--model", MODEL).exit_code == 0
    assert told(teppan("cache", "stats", "--tenant", "other", "--json"))["misses"] == 0
