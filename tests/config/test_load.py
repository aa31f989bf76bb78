"""Settings come from TOML and the environment; what is wrong is named, and no key is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from teppan.config.load import load, parse, resolve_key
from teppan.core.errors import ConfigError


def test_nothing_at_all_gives_the_defaults() -> None:
    settings = parse({}, "nothing")
    assert (settings.server.host, settings.store.durability) == ("127.0.0.1", "power")


def test_a_file_that_is_not_there_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="teppan init"):
        load(tmp_path / "none.toml")


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEPPAN_SERVER__PORT", "9001")
    assert parse({"server": {"port": 9000}}, "file").server.port == 9001


def test_a_misspelt_setting_is_named() -> None:
    with pytest.raises(ConfigError, match=r"`server\.prot`: there is no such setting"):
        parse({"server": {"prot": 1}}, "teppan.toml")


def test_a_wrong_value_is_named_but_not_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        parse({"store": {"durability": "sk-secret"}}, "teppan.toml")
    assert "store.durability" in caught.value.message
    assert "sk-secret" not in caught.value.message


def test_a_key_is_found_by_reference(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file\n")
    assert resolve_key("env:K", {"K": "from-env"}).reveal() == "from-env"
    assert resolve_key(f"file:{tmp_path / 'key'}").reveal() == "from-file"


@pytest.mark.parametrize("reference", ["sk-literal", "env:", "env:MISSING", "file:/nowhere/key"])
def test_a_key_that_cannot_be_resolved_is_refused_without_being_shown(reference: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_key(reference, {})
    assert "sk-literal" not in caught.value.message


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse({}, "nothing").server.port = 1  # type: ignore[misc]
