"""`ask`, `ensemble`, `models`: one question from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import MODELS, QUESTION, printed, teppan, told
from teppan.simulate.server import Fleet

pytestmark = pytest.mark.usefixtures("folder")


def test_ask_prints_the_answer_as_it_comes() -> None:
    assert "42" in printed(["ask", QUESTION, "--model", "openai/sim-gpt-small"])


def test_ask_reads_the_question_from_a_pipe() -> None:
    answer = told(teppan("ask", "-", "--json", "-m", "openai/sim-gpt-small", stdin=QUESTION))
    assert "42" in answer["answer"]
    assert answer["model"] == "openai/sim-gpt-small"
    assert answer["cost_micros"] is None or answer["cost_micros"] > 0
    assert answer["trace_id"].startswith("tr_")


def test_no_question_is_said_plainly() -> None:
    result = teppan("ask", stdin="  \n")
    assert result.exit_code == 2
    assert "give a text, or pipe one in" in result.output


def test_an_ensemble_shows_the_answer_how_sure_it_is_and_every_response() -> None:
    words = ["--input", QUESTION, "--models", "3", "--strategy", "consensus", "--task-type", "math"]
    shown = printed(["ensemble", *words])
    assert "42" in shown
    assert "confidence 0." in shown or "confidence 1." in shown
    assert "consensus, 3 calls" in shown
    # a third that came too late to change anything may be missing
    assert sum(f"{vendor}/{name}" in shown for vendor, name in MODELS.items()) >= 2
    answer = told(teppan("ensemble", *words, "--json"))
    assert {each["model"] for each in answer["responses"]} <= {
        f"{v}/{n}" for v, n in MODELS.items()
    }
    assert 0.0 <= answer["confidence"] <= 1.0
    assert answer["calls"] == 3


def test_an_ensemble_may_be_of_named_models() -> None:
    models = "openai/sim-gpt-small, mistral/sim-mistral-small"
    answer = told(teppan("ensemble", "-i", QUESTION, "--models", models, "--json"))
    assert answer["calls"] == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["ensemble", "-i", "x", "--strategy", "oracle"], 2, "consensus"),
        (["ensemble", "-i", "x", "--models", "0"], 2, "at least 1"),
        (["ask", "x", "-m", "nobody/knows"], 4, "nobody/knows"),
        (["ask", "x", "--config", "missing.toml"], 2, "teppan init"),
    ],
)
def test_what_is_wrong_is_named_and_has_its_exit_code(
    words: list[str], code: int, said: str
) -> None:
    result = teppan(*words)
    assert result.exit_code == code
    assert said in str(result.exception)


def test_what_a_model_says_cannot_drive_the_terminal(fleet: Fleet) -> None:
    fleet.faults.add("say:\x1b[2Jgone [/bold] [red]", vendor="openai")
    for words in (["ask", "x"], ["ask", "x", "--no-stream"]):
        shown = printed([*words, "-m", "openai/sim-gpt-small"])
        assert "\x1b" not in shown
        assert "gone [/bold] [red]" in shown
    shown = printed(["ensemble", "-i", "x", "--models", "openai/sim-gpt-small"])
    assert "\x1b[2J" not in shown
    assert "gone [/bold] [red]" in shown
    assert "gone [/bold] [red]" in printed(["trace", told(teppan("trace", "--json"))[0]["id"]])


def test_models_lists_what_can_be_called() -> None:
    names = {row["name"]: row["kind"] for row in told(teppan("models", "--json"))}
    assert names["openai/sim-gpt-small"] != "virtual"
    assert names["teppan/consensus"] == "virtual"
    assert "teppan/consensus" in printed(["models"])


def test_the_settings_file_may_be_elsewhere(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    names = told(teppan("models", "--json", "--config", str(folder / "teppan.toml")))
    assert any(row["name"] == "openai/sim-gpt-small" for row in names)
