"""What is on the menu, and what may be said about allergies."""

from __future__ import annotations

import tomllib

import pytest

from packs.kitchen import FOLDER, module
from teppan.config.rules import read_rules

tools, facts = module("tools"), module("hibachi_facts")


def names(search: str) -> list[str]:
    return [each["name"] for each in tools.menu(search)["dishes"]]


def test_the_whole_menu_holds_all_proteins_and_nothing_that_is_not_offered() -> None:
    assert set(facts.FACTS.proteins) | set(facts.FACTS.included) <= set(names(""))
    assert "wagyu" not in names("")


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("shrimps", "shrimp"),
        ("Lobster", "lobster tail"),
        ("dumplings", "gyoza"),
        ("an extra protein", "third protein"),
        ("sake or beer", "alcohol"),
        ("rice", "fried rice"),
        ("chairs", "tables and chairs"),
        ("birthday cake", "cake"),
    ],
)
def test_a_dish_is_found_by_the_names_people_give_it(search: str, found: str) -> None:
    assert names(search) == [found]


@pytest.mark.parametrize(
    ("search", "kind"), [("which meats are there", "protein"), ("what comes with it", "included")]
)
def test_dishes_are_found_by_their_kind(search: str, kind: str) -> None:
    found = tools.menu(search)["dishes"]
    assert {each["kind"] for each in found} == {kind}
    assert len(found) > 3


def test_wagyu_is_plainly_not_offered() -> None:
    (told,) = tools.menu("wagyu")["dishes"]
    assert told["kind"] == "not offered"
    assert told["note"].startswith("There is no wagyu.")


def test_what_nobody_wrote_down_is_not_offered_either() -> None:
    told = tools.menu("duck")
    assert told["dishes"] == []
    assert "not on the menu" in told["note"]


@pytest.mark.parametrize("diet", ["vegetarian", "halal", "gluten free"])
def test_diets_are_told_as_the_facts_tell_them(diet: str) -> None:
    (note,) = tools.menu(f"is there {diet} food")["notes"]
    first = note.partition(";")[0].partition(". ")[0].rstrip(".")
    assert first in " ".join((FOLDER / "facts.md").read_text("utf-8").split())


@pytest.mark.parametrize("asked", ["nuts", "nut allergy", "peanuts", "almond"])
def test_nuts_are_a_plain_no(asked: str) -> None:
    told = tools.allergens(asked)
    assert (told["used"], told["say"]) == (False, "No nuts and no peanut oil are used.")


@pytest.mark.parametrize("asked", ["shellfish", "shell fish", "shrimp", "Crab", "lobsters"])
def test_shellfish_is_in_these_dishes_and_can_be_cooked_first(asked: str) -> None:
    told = tools.allergens(asked)
    assert told["in"] == ["shrimp", "scallops", "lobster tail"]
    assert "shared" in told["say"]
    assert "first" in told["what_we_can_do"]


@pytest.mark.parametrize("asked", ["egg", "soy", "sesame", "wheat", "salmon"])
def test_each_other_allergen_names_its_dishes_and_the_shared_grill(asked: str) -> None:
    told = tools.allergens(asked)
    assert told["used"] is True
    assert told["in"]
    assert "shared" in told["say"]


@pytest.mark.parametrize("asked", ["milk", "kiwi", "coconut", "lactose"])
def test_what_is_not_known_is_not_guessed(asked: str) -> None:
    told = tools.allergens(asked)
    assert told["used"] == "unknown"
    assert "Do not guess" in told["say"]


def test_several_allergens_are_told_one_by_one() -> None:
    told = tools.allergens("seafood and nuts")["allergens"]
    assert [each["allergen"] for each in told] == ["shellfish", "fish", "nuts"]


def test_each_dish_that_is_served_says_what_it_holds() -> None:
    served = [each for each in tools.menu()["dishes"] if each["kind"] in ("protein", "included")]
    assert all(each["holds"] for each in served)


def test_no_word_of_the_tools_breaks_a_rule_about_allergies() -> None:
    path = FOLDER / "rules.toml"
    book = read_rules(tomllib.loads(path.read_text("utf-8")), path)
    (rule,) = [each for each in book.rules if each.id == "allergy"]
    promised = [each.words for each in rule.checks if each.kind == "promise"]
    said = str([tools.allergens(each) for each in ("shellfish", "egg", "soy", "gluten", "nuts")])
    assert promised
    assert not any(words is not None and words.search(said) for words in promised)
