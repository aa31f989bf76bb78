"""`keys`, `trace`, `costs`: what is kept, read back."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from cli.conftest import QUESTION, printed, teppan, told

pytestmark = pytest.mark.usefixtures("folder")


def test_a_key_is_shown_once_and_listed_without_its_secret() -> None:
    made = told(teppan("keys", "create", "shop", "--model", "openai/*", "--days", "7", "--json"))
    listed = teppan("keys", "list", "--json")
    (record,) = told(listed)
    assert record["id"] == made["id"]
    assert record["models"] == ["openai/*"]
    assert record["expires"] > record["created"]
    assert made["key"] not in listed.stdout
    assert made["key"] not in printed(["keys", "list"])


def test_a_revoked_key_is_listed_as_revoked() -> None:
    made = told(teppan("keys", "create", "shop", "--json"))
    assert made["id"] in printed(["keys", "revoke", made["id"]])
    assert "revoked" in printed(["keys", "list"])


def test_revoking_a_key_that_is_not_there_says_so() -> None:
    assert teppan("keys", "revoke", "key_nobody").exit_code == 4


def test_a_trace_tells_what_happened_and_the_costs_add_up() -> None:
    answer = told(
        teppan("ensemble", "-i", QUESTION, "--models", "3", "--task-type", "math", "--json")
    )
    trace = told(teppan("trace", answer["trace_id"], "--json"))
    assert len(trace["calls"]) == answer["calls"]
    assert {call["price_version"] for call in trace["calls"]}
    shown = printed(["trace", answer["trace_id"]])
    assert QUESTION in shown
    assert "Model calls" in shown
    assert answer["trace_id"] in printed(["trace"])
    rows = told(teppan("costs", "--json"))["rows"]
    assert sum(row["calls"] for row in rows) == answer["calls"]
    known = [call["cost"] for call in trace["calls"] if call["cost"] is not None]
    assert sum(row["cost"] or 0 for row in rows) == sum(known)
    assert "openai/sim-gpt-small" in printed(["costs"])
    (tenant,) = told(teppan("costs", "--by", "tenant", "--json"))["rows"]
    assert tenant["calls"] == answer["calls"]


def test_a_trace_that_is_not_there_has_its_own_exit_code() -> None:
    result = teppan("trace", "tr_nobody")
    assert result.exit_code == 4
    assert "tr_nobody" in str(result.exception)


def test_traces_are_exported_in_the_format_that_backtest_reads(folder: Path) -> None:
    for number in range(12):
        told(teppan("ensemble", "-i", f"What is {number} plus 7?", "--task-type", "math", "--json"))
    printed(["trace", "--export", "answers.jsonl"])
    rows = [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]
    assert {row["model"].partition("/")[0] for row in rows} == {"openai", "anthropic", "mistral"}
    for row in rows:
        row["score"] = float(str(int(row["prompt"].split()[2]) + 7) in row["response"])
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "scored.jsonl").write_text(text)
    tables = told(teppan("backtest", "scored.jsonl", "--json", "--fit", "fitted.json"))
    ((_, table),) = tables.items()
    assert {"random", "oracle", "consensus", "cascade"} <= {row["strategy"] for row in table}
    fitted = json.loads((folder / "fitted.json").read_text())
    assert "voters" in fitted
    assert "replay/" not in json.dumps(fitted)
    settings = folder / "teppan.toml"
    settings.write_text(f'{settings.read_text()}\n[gateway]\nfitted = "fitted.json"\n')
    answer = told(teppan("ensemble", "-i", QUESTION, "--task-type", "math", "--json"))
    assert "42" in answer["answer"]


def test_backtest_fits_cascades_that_the_gateway_serves_by(folder: Path) -> None:
    chance = random.Random(1)
    skills = {"openai/sim-gpt-small": (0.7, 0.0001), "mistral/sim-mistral-small": (0.95, 0.004)}
    rows = []
    for number in range(60):
        for model, (skill, cost) in skills.items():
            right = chance.random() < skill
            answer = number + 7 if right else number + 8
            rows.append(
                {
                    "prompt_id": f"q{number}",
                    "benchmark": "sums",
                    "category": "math",
                    "prompt": f"What is {number} plus 7?",
                    "model": model,
                    "response": f"The answer is {answer}.",
                    "score": float(right),
                    "cost_usd": cost,
                }
            )
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    shown = printed(["backtest", "rows.jsonl", "--fit", "fitted.json"])
    assert "cascade, 10%" in shown
    assert "a cascade of openai/sim-gpt-small" in shown
    chains = json.loads((folder / "fitted.json").read_text())["cascade"]
    assert {model for chain in chains for model in chain["models"]} <= set(skills)


def test_backtest_says_what_is_wrong_with_a_file(folder: Path) -> None:
    (folder / "bad.jsonl").write_text('{"prompt_id": 1}\n')
    result = teppan("backtest", "bad.jsonl")
    assert result.exit_code == 2
    assert "bad.jsonl" in str(result.exception)
