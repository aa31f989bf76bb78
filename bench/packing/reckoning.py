"""The example pack's arithmetic, written a second time: from the prices of its rules, in whole
dollars, without any of its code. What a tool says must be this."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Mapping
from typing import Any

from teppan.config.rules import Rulebook

FREE_MILES, MOST_MILES = 30, 100
"""Of the facts: how far we drive free of charge, and at all."""
EXTRAS: Mapping[str, str] = {
    "filet": "filet",
    "lobster": "lobster",
    "third_protein": "third-protein",
    "noodles": "noodles",
    "gyoza": "gyoza",
    "edamame": "edamame",
    "plates": "plates",
    "tables": "tables",
}
"""Arguments of `quote` and the prices they are at."""


class Reckoner:
    """What `quote` and `travel_fee` must say."""

    def __init__(self, book: Rulebook) -> None:
        self._prices = {name: int(price.amount) for name, price in book.prices.items()}

    def exact(self, tool: str, arguments: Mapping[str, Any], result: str) -> bool | None:
        """Whether the result states the sum; `None` where there is nothing to reckon."""
        told = _read(result)
        wanted = self.quote(arguments) if tool == "quote" else self.travel(arguments.get("miles"))
        named = "total" if tool == "quote" else "fee"
        if tool not in ("quote", "travel_fee") or wanted is None or not isinstance(told, dict):
            return None
        return bool(_dollars(str(told.get(named, ""))) == wanted)

    def quote(self, arguments: Mapping[str, Any]) -> int | None:
        if arguments.get("place"):
            return None
        prices = self._prices
        guests = arguments.get("adults", 0) * prices["adult"]
        guests += (arguments.get("children") or 0) * prices["child"]
        total = max(prices["minimum"], guests)
        for name, count in (arguments.get("extras") or {}).items():
            total += (count or 0) * prices[EXTRAS[name]]
        miles = arguments.get("miles")
        if miles is None:
            return int(total)
        travel = self.travel(miles)
        return None if travel is None else int(total + travel)

    def travel(self, miles: float | None) -> int | None:
        """A mile that was begun is not the customer's to guess: only whole miles are reckoned."""
        if miles is None or miles != math.floor(miles) or miles > MOST_MILES:
            return None
        return max(0, int(miles) - FREE_MILES) * self._prices["travel"]


def drawn(count: int) -> list[tuple[str, dict[str, Any]]]:
    """Calls with arguments drawn at random, the same every time."""
    chance = random.Random("reckoning")
    made: list[tuple[str, dict[str, Any]]] = []
    for _ in range(count):
        if chance.random() < 0.3:
            made.append(("travel_fee", {"miles": chance.randint(0, MOST_MILES)}))
            continue
        adults, children = chance.randint(1, 60), chance.choice((0, chance.randint(0, 25)))
        small = chance.choice((0, chance.randint(0, 6)))
        guests = adults + children + small
        extras = {
            name: chance.randint(1, 20 if name in ("gyoza", "edamame") else guests)
            for name in EXTRAS
            if chance.random() < 0.25
        }
        call: dict[str, Any] = {"adults": adults, "children": children, "small_children": small}
        if extras:
            call["extras"] = extras
        if chance.random() < 0.5:
            call["miles"] = chance.randint(0, MOST_MILES)
        made.append(("quote", call))
    return made


def _read(result: str) -> Any:
    try:
        return json.loads(result)
    except ValueError:
        return None


def _dollars(text: str) -> int | float | None:
    found = re.fullmatch(r"\$([\d,]+(?:\.\d+)?)", text.strip())
    if found is None:
        return 0 if re.search(r"free|no fee", text, re.IGNORECASE) else None
    value = float(found[1].replace(",", ""))
    return int(value) if value == int(value) else value
