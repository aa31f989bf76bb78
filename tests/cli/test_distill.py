"""`teppan distill`, from a list of tasks to examples, with simulated vendors behind it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import structlog
import tomlkit

from cli.conftest import MODELS, printed, teppan, told
from teppan.core.ids import LOCAL
from teppan.core.signal import Signal
from teppan.simulate.server import Fleet
from teppan.store import Store

PACK = Path(__file__).parents[2] / "packs" / "myhibachi"
TASKS = [
    {"question": "What is 6 times 7?", "reference": "42", "id": "sum", "intent": "faq"},
    {"question": "What is 9 times 12?", "intent": "faq"},
    {"question": "What is 9 times 13?", "intent": "faq"},
    {"question": "what is 9 times 13"},
    {"question": "How much do you charge per adult?"},
]


@pytest.fixture(autouse=True)
def fresh_log() -> None:
    """As in a process of its own: tests that look at the log leave it printing to stdout."""
    structlog.reset_defaults()


@pytest.fixture
def tasks(folder: Path) -> Path:
    """A list in a folder whose gateway has a critic of its own, prices and terms."""
    settings = folder / "teppan.toml"
    tables = tomlkit.parse(settings.read_text())
    tables["learn"] = {"terms": {"openai": "free", "anthropic": "own", "mistral": "free"}}
    tables["models"] = {"support": {"strategy": "critic"}}
    tables["prices"] = [
        {"model": f"{vendor}/*", "input": "1", "output": "10", "since": "2025-01-01"}
        for vendor in MODELS
    ]
    settings.write_text(tomlkit.dumps(tables))
    listed = folder / "tasks.jsonl"
    listed.write_text("\n".join(map(json.dumps, TASKS)))
    return listed


def examples(folder: Path) -> list[Signal]:
    async def looked() -> list[Signal]:
        store = await Store.open(folder / "teppan.db")
        try:
            return await store.signals.list(LOCAL)
        finally:
            await store.close()

    return asyncio.run(looked())


def distill(tasks: Path, *more: str) -> list[str]:
    return ["distill", "--tasks", str(tasks), "--model", "support", *more]


def test_a_list_is_asked_of_a_pack_and_what_is_vouched_for_becomes_examples(
    tasks: Path, folder: Path, fleet: Fleet
) -> None:
    settings = folder / "teppan.toml"
    lines = settings.read_text().replace('[models.support]\nstrategy = "critic"\n', "")
    settings.write_text(f'{lines}\n[gateway]\npack = "{PACK}"\n')
    done = told(teppan(*distill(tasks, "--json")))
    assert done["complete"]
    tally = done["tally"]
    assert (tally["kept"] + tally["dropped"], tally["failed"]) == (5, 0)
    assert tally["kept"] >= 1
    assert tally["spent"] == tally["cost"] > 0
    made = examples(folder)
    assert len(made) == tally["kept"]
    assert {each.provenance.source for each in made} == {"distilled"}
    shown = printed(["distill", "show", done["run"]])
    assert "leak: a question of pack conversations" in shown
    assert "duplicate" in shown


def test_a_budget_that_is_too_small_stops_it_and_a_larger_one_goes_on(
    tasks: Path, fleet: Fleet
) -> None:
    planned = told(teppan(*distill(tasks, "--dry-run", "--json")))
    plan = planned["plan"]
    assert (plan["given"], plan["duplicates"], plan["leaking"], plan["todo"]) == (5, 1, 0, 4)
    assert 0 < planned["total"]["about"] < planned["total"]["most"]
    stopped = teppan(*distill(tasks, "--budget", "0.000001"))
    assert stopped.exit_code == 6
    assert "what is left of the budget" in stopped.stdout
    assert "4 are left; the same command goes on" in stopped.stdout
    assert fleet.calls.total == 0
    assert "kept" in printed(distill(tasks, "--budget", "5.00"))
    assert fleet.calls.total > 0
    (run,) = told(teppan("distill", "list", "--json"))
    assert run["kept"] + run["dropped"] == 5
    assert run["run"]["name"] == planned["run"]
    assert planned["run"] in printed(["distill", "list"])


def test_what_customers_asked_is_asked_anew_without_who_asked(folder: Path, tasks: Path) -> None:
    question = "I am Anna Miller, anna@example.com. What is 17 times 3?"
    assert told(teppan("ask", question, "--model", "openai/sim-gpt-small", "--json"))
    done = told(teppan("distill", "--from-traces", "1", "--model", "support", "--json"))
    assert done["run"].startswith("traces-support")
    (result,) = told(teppan("distill", "show", done["run"], "--json"))["tasks"]
    assert result["trace_id"]
    for each in examples(folder):
        if each.provenance.source == "distilled":
            assert "[EMAIL_1]" in each.messages[-1].text
            assert "Miller" not in each.messages[-1].text


def test_what_cannot_be_done_is_said_before_anything_is_asked(
    tasks: Path, folder: Path, fleet: Fleet
) -> None:
    (folder / "bad.jsonl").write_text('"fine"\n{"question": "a", "refrence": "b"}\n')
    wrong = {
        ("--tasks", "bad.jsonl", "--model", "support"): "line 2, `refrence`",
        ("--tasks", str(tasks), "--model", "suport"): "`suport`",
        ("--tasks", str(tasks), "--model", "agent/booking"): "cannot be distilled",
    }
    for words, said in wrong.items():
        refused = teppan("distill", *words)
        assert refused.exit_code in (2, 4)
        assert said in str(refused.exception)
    for words in (["--model", "support"], distill(tasks, "--expand", "2")[1:]):
        assert teppan("distill", *words).exit_code == 2
    assert teppan(*distill(tasks, "--budget", "lots")).exit_code == 2
    assert teppan("distill", "show", "none").exit_code == 4
    assert "there are no runs" in printed(["distill", "list"])
    settings = folder / "teppan.toml"
    settings.write_text(
        settings.read_text().replace('"free"', '"restricted"').replace('"own"', '"restricted"')
    )
    assert "may be learned from" in str(teppan(*distill(tasks)).exception)
    assert fleet.calls.total == 0
