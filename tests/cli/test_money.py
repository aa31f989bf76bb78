"""`costs`, `budgets`, `advisor`: money as the command line tells it."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog

from cli.conftest import QUESTION, printed, teppan, told

MODEL = "openai/sim-gpt-small"
PRICES = """
[[prices]]
model = "openai/*"
input = "1"
output = "10"
since = "2025-01-01"

[[prices]]
model = "mistral/*"
input = "100"
output = "1000"
since = "2025-01-01"
"""


@pytest.fixture(autouse=True)
def fresh_log() -> None:
    """As in a process of its own: tests that look at the log leave it printing to stdout."""
    structlog.reset_defaults()


@pytest.fixture
def priced(folder: Path) -> Path:
    settings = folder / "teppan.toml"
    settings.write_text(settings.read_text() + PRICES)
    return settings


def add(settings: Path, text: str) -> None:
    settings.write_text(f"{settings.read_text()}\n{text}\n")


def ask(model: str = MODEL, *more: str) -> None:
    assert told(teppan("ask", QUESTION, "--model", model, "--json", *more))


@pytest.mark.usefixtures("folder")
def test_before_anything_was_asked_there_is_nothing_to_tell() -> None:
    told_costs = told(teppan("costs", "--json"))
    assert (told_costs["rows"], told_costs["cost"], told_costs["savings"]) == ([], 0, None)
    assert "no model with a known price" in told_costs["no_savings_because"]
    assert "There are no budgets" in printed(["budgets"])
    assert "nothing was asked yet" in printed(["advisor"])


@pytest.mark.usefixtures("priced")
def test_what_the_reference_model_would_have_cost_stands_beside_what_was_paid() -> None:
    ask()
    ask("mistral/sim-mistral-small")
    found = told(teppan("costs", "--json"))
    saved = found["savings"]
    assert saved["reference"] == "mistral/sim-mistral-small"
    assert saved["paid"] == found["cost"] == sum(row["cost"] for row in found["rows"])
    assert found["saved"] == saved["would"] - saved["paid"] > 0
    assert saved["cache"] + saved["context"] + saved["models"] == found["saved"]
    assert "would have cost" in printed(["costs"])


def test_a_reference_model_without_a_price_is_said_not_zeroed(priced: Path) -> None:
    add(priced, '[costs]\nreference_model = "openai/unheard-of"\n')
    priced.write_text(priced.read_text().replace('"openai/*"', f'"{MODEL}"'))
    ask()
    assert "price of the reference model openai/unheard-of is unknown" in printed(["costs"])


@pytest.mark.usefixtures("priced")
def test_costs_are_summed_by_month_and_conversation_and_for_one_month() -> None:
    ask()
    (month,) = told(teppan("costs", "--by", "month", "--json"))["rows"]
    assert len(month["name"]) == len("2026-11")
    of_month = told(teppan("costs", "--month", month["name"], "--json"))["rows"]
    assert [row["name"] for row in of_month] == [MODEL]
    assert told(teppan("costs", "--month", "2001-01", "--json"))["rows"] == []
    assert "(of none)" in printed(["costs", "--by", "conversation"])
    assert teppan("costs", "--month", "november").exit_code == 2


def test_a_budget_refuses_and_is_told_with_its_alert(priced: Path) -> None:
    add(priced, '[[budgets]]\nname = "shop"\nwhose = "key"\ndollars = "0.50"\nperiod = "day"\n')
    ask()
    (row,) = told(teppan("budgets", "--json"))["budgets"]
    assert (row["budget"], row["kind"], row["held"]) == ("shop:local", "hard", 0)
    assert 0 < row["spent"] == row["limit"] - row["left"]
    priced.write_text(priced.read_text().replace('"0.50"', '"0.000001"'))
    refused = teppan("ask", QUESTION, "--model", MODEL)
    assert refused.exit_code == 6
    assert "`shop:local`" in str(refused.exception)
    shown = printed(["budgets"])
    assert "shop:local" in shown
    assert "shop:local refused a call" in shown
    assert "shop:local refused a call" in printed(["costs"])


def test_a_budget_without_a_price_refuses_and_says_where_to_add_it(folder: Path) -> None:
    add(folder / "teppan.toml", '[[budgets]]\nname = "all"\ndollars = "5"\n')
    refused = teppan("ask", QUESTION, "--model", MODEL)
    assert refused.exit_code == 3
    assert "[[prices]]" in str(refused.exception)


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ('[costs]\ntime_zone = "Mars/Olympus"', "costs.time_zone"),
        ('[costs]\ntracking = false\n[[budgets]]\nname = "a"\ndollars = "1"', "costs.tracking"),
        ('[[budgets]]\nname = "a:b"\ndollars = "1"', "a:b"),
        ('[[budgets]]\nname = "a"\ndollars = "1"\nonly = "x"', "`only` needs `whose`"),
        ('[[budgets]]\nname = "a"\ndollars = "1"\n' * 2, "two of this name"),
        ("[[limits]]\nper = 'day'", "limits.0"),
    ],
)
def test_a_setting_that_cannot_work_is_named_before_anything_is_asked(
    folder: Path, setting: str, named: str
) -> None:
    add(folder / "teppan.toml", setting)
    refused = teppan("ask", QUESTION, "--model", MODEL)
    assert refused.exit_code == 2
    assert named in str(refused.exception)


@pytest.mark.usefixtures("priced")
def test_the_advisor_shows_each_figure_and_says_not_to_train() -> None:
    ask()
    advice = told(teppan("advisor", "--json"))
    assert {each["name"] for each in advice["triggers"]} == {
        "own model", "second gateway", "PostgreSQL", "Redis", "GPU", "training"
    }  # fmt: skip
    assert advice["train"] is False
    assert any("a student needs" in reason for reason in advice["against_training"])
    shown = printed(["advisor"])
    assert "Do not train now" in shown
    assert "tokens a second read" in shown
