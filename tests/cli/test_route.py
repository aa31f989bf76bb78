"""`teppan route`: explain a choice before it is made, fit from recordings, aim at a target."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from cli.conftest import printed, teppan, told

pytestmark = pytest.mark.usefixtures("folder")

GOOD, CHEAP = "anthropic/sim-claude-small", "openai/sim-gpt-small"


def recordings(folder: Path) -> None:
    """Questions of which one kind defeats the cheap model."""
    chance, rows = random.Random(3), []
    for number in range(120):
        hard = number % 2 == 0
        kind = "integral of the polynomial" if hard else "colour of the table cloth"
        for model, skill in ((GOOD, 0.95), (CHEAP, 0.2 if hard else 0.95)):
            rows.append(
                {
                    "prompt_id": f"q{number}",
                    "benchmark": "mine",
                    "prompt": f"What is the {kind} number {number}?",
                    "model": model,
                    "response": "something",
                    "score": float(chance.random() < skill),
                    "cost_usd": 0.004 if model == GOOD else 0.0001,
                }
            )
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def serve_by(folder: Path, lines: str) -> None:
    settings = folder / "teppan.toml"
    settings.write_text(f"{settings.read_text()}\n{lines}\n")


def test_explain_shows_features_scores_the_choice_and_what_each_would_cost(folder: Path) -> None:
    for vendor, input in (("openai", "0.1"), ("anthropic", "3"), ("mistral", "1")):
        serve_by(
            folder,
            f'[[prices]]\nmodel = "{vendor}/*"\ninput = "{input}"\noutput = "5"\n'
            'since = "2024-01-01"',
        )
    shown = printed(["route", "explain", "Compare both packages and recommend one, please"])
    assert "COMPLEX" in shown
    assert "teppan/consensus" in shown
    assert "complex_keywords" in shown
    assert "$0." in shown
    seen = told(teppan("route", "explain", "Do you bring the grill?", "--json"))
    assert seen["level"] == "SIMPLE"
    assert seen["probability"] == 1.0
    assert seen["costs"][seen["model"]] is not None
    assert seen["model"] == CHEAP
    assert seen["costs"]["teppan/consensus"] > seen["costs"][seen["model"]]


def test_explain_of_a_model_that_does_not_route_says_so() -> None:
    result = teppan("route", "explain", "hello", "--model", "teppan/consensus")
    assert result.exit_code != 0
    assert "no model of the strategy `auto`" in str(result.exception)


def test_switched_off_the_explanation_names_the_default(folder: Path) -> None:
    serve_by(
        folder, f'[router]\nenabled = false\n[models.mine]\nstrategy = "auto"\ndefault = "{CHEAP}"'
    )
    seen = told(teppan("route", "explain", "hello", "--model", "mine", "--json"))
    assert (seen["model"], seen["kind"]) == (CHEAP, "off")


def test_targets_come_from_the_provider_that_is_preferred(folder: Path) -> None:
    serve_by(folder, '[router]\ndefault_provider = "mistral"')
    seen = told(teppan("route", "explain", "hello", "--json"))
    assert seen["model"].startswith("mistral/")


def test_a_router_is_fitted_aimed_and_explains_with_chances(folder: Path) -> None:
    recordings(folder)
    fitted = told(
        teppan(
            "route",
            "fit",
            "--recordings",
            "rows.jsonl",
            "--no-traces",
            "--fitted",
            "fitted.json",
            "--json",
        )
    )
    assert fitted["models"] == sorted([GOOD, CHEAP])
    assert fitted["recorded"] == 120
    aimed = told(
        teppan(
            "route", "calibrate", "--target-quality", "0.95", "--fitted", "fitted.json", "--json"
        )
    )
    assert aimed["price"] > 0.0
    assert "aimed at" in printed(["route", "calibrate", "--fitted", "fitted.json"])
    serve_by(folder, '[gateway]\nfitted = "fitted.json"\n[router]\nkind = "learned"')
    hard = "What is the integral of the polynomial number 7?"
    seen = told(teppan("route", "explain", hard, "--json"))
    assert (seen["kind"], seen["model"]) == ("learned", GOOD)
    assert seen["chances"][GOOD] > seen["chances"][CHEAP] + 0.2
    easy = told(teppan("route", "explain", "What is the colour of the table cloth?", "--json"))
    assert easy["model"] == CHEAP
    answer = told(teppan("ask", hard, "--model", "teppan/auto", "--json"))
    assert answer["model"] == GOOD


FIT = ("route", "fit", "--recordings", "rows.jsonl", "--no-traces", "--fitted", "fitted.json")


def test_a_fit_aims_at_the_quality_of_the_reference_model_of_the_costs(folder: Path) -> None:
    recordings(folder)
    serve_by(folder, f'[costs]\nreference_model = "{CHEAP}"')
    fitted = told(teppan(*FIT, "--json"))
    assert fitted["reference"] == CHEAP
    assert fitted["favourite"] == GOOD
    assert fitted["price"] > 0.0
    assert fitted["frontier"][0]["gain"] > 0.2
    shown = " ".join(printed(list(FIT)).split())
    assert f"not worse than those of {CHEAP} by more than 1 point" in shown
    aimed = told(
        teppan("route", "calibrate", "--margin", "0.3", "--fitted", "fitted.json", "--json")
    )
    assert aimed["price"] >= fitted["price"]


def test_a_reference_that_answered_nothing_is_named_and_the_best_single_taken(folder: Path) -> None:
    recordings(folder)
    serve_by(folder, '[costs]\nreference_model = "openai/unheard-of"')
    shown = " ".join(printed(list(FIT)).split())
    assert "openai/unheard-of answered too few of these questions" in shown
    assert f"reference: {GOOD}" in shown


def test_a_target_that_was_not_measured_or_not_reached_is_refused(folder: Path) -> None:
    recordings(folder)
    told(teppan(*FIT, "--json"))
    words = ["route", "calibrate", "--fitted", "fitted.json", "--margin"]
    result = teppan(*words, "0.1", "--target-cost", "0.5")
    assert "give one of" in str(result.exception)
    states = json.loads((folder / "fitted.json").read_text())
    for point in states["router"]["frontier"]:
        point["error"] = 1.0
    (folder / "fitted.json").write_text(json.dumps(states))
    assert "nothing is proven" in str(teppan(*words, "0.01").exception)
    for point in states["router"]["frontier"]:
        point["gain"] = point["error"] = None
    (folder / "fitted.json").write_text(json.dumps(states))
    assert "nothing was measured" in str(teppan(*words, "0.01").exception)


def test_other_states_of_the_file_stay(folder: Path) -> None:
    recordings(folder)
    (folder / "fitted.json").write_text('{"mine": 1}')
    words = ["route", "fit", "--recordings", "rows.jsonl", "--no-traces", "--fitted", "fitted.json"]
    assert "learned from 120 questions" in printed(words)
    assert json.loads((folder / "fitted.json").read_text())["mine"] == 1


def test_too_little_to_learn_from_is_said_with_the_remedy() -> None:
    result = teppan("route", "fit", "--fitted", "fitted.json")
    assert result.exit_code == 2
    assert "/v1/feedback" in str(result.exception)


@pytest.mark.parametrize(
    ("words", "told_of"),
    [
        (["calibrate"], "gateway.fitted"),
        (["calibrate", "--fitted", "nothing.json"], "nothing.json"),
        (["fit", "--recordings", "nothing.jsonl", "--fitted", "f.json"], "nothing.jsonl"),
    ],
)
def test_a_file_that_is_not_there_is_named(words: list[str], told_of: str) -> None:
    result = teppan("route", *words)
    assert result.exit_code == 2
    assert told_of in str(result.exception)
