"""What can be eaten, and what it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from .hibachi_facts import FACTS
from .hibachi_prices import money

Kind = Literal["protein", "included", "upgrade", "extra", "rental", "not offered"]


@dataclass(frozen=True)
class Dish:
    """`holds` are allergens that are always in it; `words` are other names for it."""

    name: str
    kind: Kind
    price: str
    holds: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    note: str = ""

    def told(self) -> dict[str, object]:
        told: dict[str, object] = {"name": self.name, "kind": self.kind, "price": self.price}
        if self.holds:
            told["holds"] = list(self.holds)
        if self.note:
            told["note"] = self.note
        return told


# What each dish holds: decisions.md, "Allergens". `gluten` is wheat, from soy sauce or dough.
_SEASONED = ("soy", "gluten", "sesame")
HOLDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "chicken": _SEASONED,
        "steak": _SEASONED,
        "shrimp": ("shellfish", *_SEASONED),
        "scallops": ("shellfish", *_SEASONED),
        "salmon": ("fish", *_SEASONED),
        "tofu": _SEASONED,
        "fried rice": ("egg", *_SEASONED),
        "vegetables": _SEASONED,
        "salad": _SEASONED,
        "sauces": ("egg", *_SEASONED),
        "filet mignon": _SEASONED,
        "lobster tail": ("shellfish", *_SEASONED),
        "noodles": ("egg", *_SEASONED),
        "gyoza": _SEASONED,
        "edamame": ("soy",),
    }
)
GLUTEN_FREE = (
    "Gluten-free soy sauce is free of charge when it is asked for "
    f"{FACTS.asked_hours} hours ahead; noodles and gyoza hold wheat in any case."
)
SHARED = "The grill is shared, so traces cannot be ruled out."
CLEANED = (
    "For a shellfish allergy the chef can cook the guest's meal first, on a freshly cleaned grill."
)
NO_NUTS = "No nuts and no peanut oil are used."
ASK = "The facts do not say. Do not guess: a person of the team must answer this."

ALLERGENS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "shellfish": ("crustacean", "shrimp", "prawn", "crab", "lobster", "scallop", "seafood"),
        "fish": ("salmon", "seafood"),
        "egg": ("eggs", "mayonnaise", "mayo"),
        "soy": ("soya", "soybean", "tofu", "edamame"),
        "sesame": ("sesame oil", "tahini"),
        "gluten": ("wheat", "celiac", "coeliac", "flour"),
        "nuts": ("nut", "peanut", "almond", "walnut", "cashew", "pecan", "hazelnut", "tree nut"),
        "milk": ("dairy", "lactose", "butter", "cheese", "cream"),
    }
)


def _holds(name: str) -> tuple[str, ...]:
    """A dish that is new in the facts is not served by the tools before somebody says this."""
    if name not in HOLDS:
        raise ValueError(f"say in hibachi_menu.HOLDS which allergens {name!r} holds")
    return HOLDS[name]


DISHES: tuple[Dish, ...] = (
    *(Dish(name, "protein", "included, two per guest", _holds(name)) for name in FACTS.proteins),
    *(Dish(name, "included", "included", _holds(name)) for name in FACTS.included),
    Dish(
        "filet mignon",
        "upgrade",
        f"{money(FACTS.filet)} more per person",
        HOLDS["filet mignon"],
        ("fillet", "beef tenderloin"),
    ),
    Dish(
        "lobster tail",
        "upgrade",
        f"{money(FACTS.lobster)} more per person",
        HOLDS["lobster tail"],
    ),
    Dish(
        "third protein",
        "upgrade",
        f"{money(FACTS.third_protein)} more per person",
        words=("extra meat", "extra protein", "third meat", "more meat"),
    ),
    Dish("noodles", "extra", f"{money(FACTS.noodles)} more per person", HOLDS["noodles"]),
    Dish("gyoza", "extra", f"{money(FACTS.gyoza)} a dozen", HOLDS["gyoza"], ("dumplings",)),
    Dish("edamame", "extra", f"{money(FACTS.edamame)} a bowl", HOLDS["edamame"]),
    Dish("plates and cutlery", "rental", f"{money(FACTS.plates)} per guest", words=("dishes",)),
    Dish("tables and chairs", "rental", f"{money(FACTS.tables)} per guest"),
    Dish(
        "wagyu",
        "not offered",
        "not offered",
        words=("kobe",),
        note=f"There is no wagyu. Filet mignon is {money(FACTS.filet)} more per person.",
    ),
    Dish("pork", "not offered", "not offered", note="It is not on the menu."),
    Dish(
        "alcohol",
        "not offered",
        "not offered",
        words=("sake", "beer", "wine"),
        note="We bring none and sell none; guests may bring their own.",
    ),
    Dish(
        "cake",
        "not offered",
        "not offered",
        words=("dessert",),
        note="We bring no cake; the chef makes an onion volcano and sings for birthdays.",
    ),
)

DIETS: Mapping[str, str] = MappingProxyType(
    {
        "vegetarian": "Vegetarians get tofu and a double portion of vegetables at the same price.",
        "vegan": "Vegetarians get tofu and a double portion of vegetables at the same price. "
        f"Whether all of it is vegan: {ASK}",
        "halal": "Chicken and steak can be halal at no extra charge when it is asked for "
        f"{FACTS.asked_hours} hours ahead.",
        "kosher": ASK,
        "gluten": GLUTEN_FREE,
    }
)


KINDS: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        "protein": ("protein", "meat"),
        "included": ("included", "side", "comes with"),
        "upgrade": ("upgrade",),
        "extra": ("extra", "appetizer", "starter"),
        "rental": ("rental", "rent", "rented"),
    }
)
"""Words for all dishes of a kind, where none is named."""


def searched(words: str) -> dict[str, object]:
    """The dishes that the words name; all of them for no words."""
    plain = " ".join(re.findall(r"[a-z]+", words.casefold()))
    if not plain:
        offered = [dish.told() for dish in DISHES if dish.kind != "not offered"]
        return {"dishes": offered, "note": "Every guest chooses two proteins."}
    kinds = {kind for kind, words in KINDS.items() if _named(plain, words)}
    found = [dish.told() for dish in DISHES if _named(plain, _names(dish))]
    found = found or [dish.told() for dish in DISHES if dish.kind in kinds]
    diets = [told for name, told in DIETS.items() if _named(plain, (name,))]
    if not found and not diets:
        return {
            "dishes": [],
            "note": f"{words!r} is not on the menu. Do not offer it.",
            "proteins": list(FACTS.proteins),
        }
    return {"dishes": found, "notes": diets} if diets else {"dishes": found}


def told_of_allergen(words: str) -> dict[str, object]:
    """What holds it, what can be done, and what must be said; a list for several."""
    plain = " ".join(re.findall(r"[a-z]+", words.casefold()))
    names = [each for each, more in ALLERGENS.items() if _named(plain, (each, *more))]
    told = [_told(name) for name in names] or [_told(words)]
    return told[0] if len(told) == 1 else {"allergens": told}


def _told(name: str) -> dict[str, object]:
    if name == "nuts":
        return {"allergen": name, "used": False, "say": NO_NUTS, "in": []}
    found = [dish for dish, holds in HOLDS.items() if name in holds]
    if not found:
        return {"allergen": name, "used": "unknown", "say": ASK, "also": SHARED}
    told: dict[str, object] = {"allergen": name, "used": True, "in": found, "say": SHARED}
    if name == "shellfish":
        told["what_we_can_do"] = CLEANED
    elif name == "gluten":
        told["what_we_can_do"] = GLUTEN_FREE
    told["never"] = "Never call a meal safe or free of it."
    return told


def _names(dish: Dish) -> tuple[str, ...]:
    """All that a dish may be called, also by one word of its name: `lobster`."""
    parts = [each for each in dish.name.split() if each not in ("and", "third", "protein")]
    return (dish.name, *parts, *dish.words)


def _named(plain: str, names: tuple[str, ...]) -> bool:
    """Whether the words say one of the names, in the singular or plural."""
    plain = plain.replace("shell fish", "shellfish")
    return any(re.search(rf"\b{re.escape(each.rstrip('s'))}(?:e?s)?\b", plain) for each in names)
