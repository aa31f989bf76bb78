"""The names that other systems already set mean our settings, between the file and `TEPPAN_`."""

from __future__ import annotations

import pytest

from teppan.config.environment import MEANINGS
from teppan.config.load import parse
from teppan.config.schema import Settings
from teppan.core.errors import ConfigError

VALUES = {
    "AI_ROUTER_ENABLED": ("false", False),
    "AI_ROUTER_DEFAULT_PROVIDER": ("openai", "openai"),
    "AI_ROUTER_COMPLEX_THRESHOLD": ("0.25", 0.25),
    "AI_ROUTER_ENSEMBLE_THRESHOLD": ("0.75", 0.75),
    "AI_COST_TRACKING_ENABLED": ("0", False),
    "AI_COST_ALERT_THRESHOLD_DAILY": ("12.50", "12.50"),
    "AI_COST_ALERT_THRESHOLD_MONTHLY": ("99", "99"),
    "AI_SHADOW_LEARNING_ENABLED": ("true", True),
    "AI_SHADOW_MODEL": ("ollama/llama", "ollama/llama"),
    "AI_SHADOW_SIMILARITY_THRESHOLD": ("0.9", 0.9),
}


def read(settings: Settings, name: str) -> object:
    section, field = MEANINGS[name]
    return getattr(getattr(settings, section), field)


def test_every_name_has_its_test() -> None:
    assert VALUES.keys() == MEANINGS.keys()


@pytest.mark.parametrize("name", sorted(VALUES))
def test_a_name_sets_its_setting(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value, meant = VALUES[name]
    assert read(parse({}, "nothing"), name) != meant
    monkeypatch.setenv(name, value)
    assert read(parse({}, "nothing"), name) == meant


def test_it_wins_over_the_file_and_our_own_name_wins_over_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = {"router": {"complex_threshold": 0.1, "sticky": 5.0}}
    monkeypatch.setenv("AI_ROUTER_COMPLEX_THRESHOLD", "0.2")
    router = parse(file, "teppan.toml").router
    assert (router.complex_threshold, router.sticky) == (0.2, 5.0)
    monkeypatch.setenv("TEPPAN_ROUTER__COMPLEX_THRESHOLD", "0.4")
    assert parse(file, "teppan.toml").router.complex_threshold == 0.4


def test_an_empty_value_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_SHADOW_MODEL", " ")
    assert parse({}, "nothing").shadow.model is None


def test_a_wrong_value_is_told_by_the_name_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_ROUTER_COMPLEX_THRESHOLD", "very")
    with pytest.raises(ConfigError, match="AI_ROUTER_COMPLEX_THRESHOLD"):
        parse({}, "the environment")
