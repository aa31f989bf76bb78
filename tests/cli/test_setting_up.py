"""`init`, `config`, `doctor`, and what every verb has in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import printed, teppan, told
from teppan import __version__
from teppan.cli.main import VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str) -> None:
    result = teppan(verb, "--help")
    assert result.exit_code == 0
    assert len(result.output) > 100


def test_the_version_is_printed() -> None:
    assert teppan("--version").output.strip() == f"teppan {__version__}"


def test_an_unknown_verb_is_refused() -> None:
    assert teppan("cook").exit_code == 2


def test_init_writes_a_file_that_is_valid_and_keeps_one_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    printed(["init"])
    assert "valid" in printed(["config"])
    (tmp_path / "teppan.toml").write_text("# mine\n")
    assert teppan("init").exit_code == 2
    assert (tmp_path / "teppan.toml").read_text() == "# mine\n"
    printed(["init", "--force"])
    assert (tmp_path / "teppan.toml").read_text() != "# mine\n"


def test_config_names_the_field_that_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "teppan.toml").write_text("[server]\nprot = 1\n")
    result = teppan("config")
    assert result.exit_code == 2
    assert "server.prot" in str(result.exception)


def test_config_lists_every_setting() -> None:
    rows = told(teppan("config", "--fields", "--json"))
    assert {"setting": "server.port", "default": "8080"}.items() <= next(
        row for row in rows if row["setting"] == "server.port"
    ).items()


def test_doctor_is_content_where_vendors_answer(folder: Path) -> None:
    findings = {each["check"]: each for each in told(teppan("doctor", "--json"))}
    assert findings["openai"]["state"] == "fine"
    assert findings["database"]["state"] == "fine"
    assert str(folder) in findings["disk"]["told"]
    assert "ok" in printed(["doctor"])


def test_doctor_names_the_remedy_and_fails_where_something_is_wrong(folder: Path) -> None:
    (folder / "teppan.toml").write_text("[server]\nport = 'x'\n")
    result = teppan("doctor", "--json")
    assert result.exit_code == 1
    assert "server.port" in result.stdout
