"""The tools reckon with the facts as they are written, and the rules check by the same ones."""

from __future__ import annotations

import re
import tomllib
from dataclasses import asdict

import pytest

from packs.kitchen import FOLDER, module

facts = module("hibachi_facts")
TEXT = (FOLDER / "facts.md").read_text("utf-8")

WANTED = {
    "adult": 5500,
    "child": 3000,
    "child_from": 6,
    "child_to": 12,
    "free_to": 5,
    "minimum": 55000,
    "filet": 500,
    "lobster": 1000,
    "third_protein": 800,
    "noodles": 400,
    "gyoza": 1500,
    "edamame": 600,
    "plates": 300,
    "tables": 900,
    "deposit": 10000,
    "per_mile": 200,
    "free_miles": 30,
    "most_miles": 100,
    "usual_tip": 20,
    "notice_hours": 48,
    "guests_hours": 48,
    "asked_hours": 48,
    "move_days": 4,
    "refund_days": 4,
    "guests_per_chef": 27,
    "first_start": 11,
    "last_start": 21,
    "proteins": ("chicken", "steak", "shrimp", "scallops", "salmon", "tofu"),
    "included": ("fried rice", "vegetables", "salad", "sauces"),
}
OF_RULES = {
    "adult": "adult",
    "child": "child",
    "minimum": "minimum",
    "travel": "per_mile",
    "filet": "filet",
    "lobster": "lobster",
    "third-protein": "third_protein",
    "noodles": "noodles",
    "gyoza": "gyoza",
    "edamame": "edamame",
    "plates": "plates",
    "tables": "tables",
    "deposit": "deposit",
}


def test_the_tools_know_every_figure_of_the_facts() -> None:
    assert asdict(facts.FACTS) == WANTED


def test_the_rules_check_by_the_prices_that_the_tools_reckon_with() -> None:
    rules = tomllib.loads((FOLDER / "rules.toml").read_text("utf-8"))
    prices = {each["id"]: each for each in rules["price"]}
    said = {name: round(prices[name]["amount"] * 100) for name in OF_RULES}
    assert said == {name: WANTED[field] for name, field in OF_RULES.items()}
    assert prices["travel"]["beyond"] == WANTED["free_miles"]
    assert prices["tip"]["percent"] == WANTED["usual_tip"]


@pytest.mark.parametrize("name", sorted({*facts.MONEY, *facts.NUMBERS}))
def test_a_figure_that_is_changed_in_the_facts_is_changed_in_the_tools(name: str) -> None:
    plain = " ".join(re.sub(r"<!--.*?-->", "", TEXT, flags=re.DOTALL).split())
    found = re.search({**facts.MONEY, **facts.NUMBERS}[name], plain)
    assert found is not None
    changed = f"{plain[: found.start(1)]}7{plain[found.end(1) :]}"
    wanted = 700 if name in facts.MONEY else 19 if name == "last_start" else 7
    assert getattr(facts.read_facts(changed), name) == wanted


@pytest.mark.parametrize("name", sorted({*facts.MONEY, *facts.NUMBERS, *facts.LISTS}))
def test_a_figure_that_is_no_longer_said_stops_the_pack(name: str) -> None:
    plain = " ".join(TEXT.split())
    pattern = {**facts.MONEY, **facts.NUMBERS, **facts.LISTS}[name]
    with pytest.raises(ValueError, match="has no sentence for"):
        facts.read_facts(re.sub(pattern, "", plain))


def test_a_question_in_a_comment_is_no_fact() -> None:
    noted = f"<!-- Adults are $1 each -->\n{TEXT}"
    assert facts.read_facts(noted).adult == WANTED["adult"]
