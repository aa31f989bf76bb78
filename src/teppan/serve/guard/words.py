"""The words of `words.toml`, ready: how people deny, offer, take back, and write numbers."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from teppan.config.patterns import compiled

FILE = Path(__file__).with_name("words.toml")


class Words(Struct, frozen=True):
    """What `words.toml` holds; each pattern finds any of its list."""

    idioms: re.Pattern[str]
    denials: re.Pattern[str]
    affirms: re.Pattern[str]
    topics: re.Pattern[str]
    turns: re.Pattern[str]
    taken_back: re.Pattern[str]
    free: re.Pattern[str]
    asks: re.Pattern[str]
    numbers: Mapping[str, int]
    numbered: re.Pattern[str]
    """A run of number words."""
    han: re.Pattern[str]
    """A number in Han signs before something it counts."""


@lru_cache(maxsize=1)
def words() -> Words:
    """Read once; never changed."""
    table = tomllib.loads(FILE.read_text("utf-8"))

    def made(name: str) -> re.Pattern[str]:
        pattern = compiled(table[name])
        assert pattern is not None
        return pattern

    numbers = _numbers(table["numbers"])
    word = "|".join(sorted(numbers, key=len, reverse=True))
    return Words(
        idioms=made("idioms"),
        denials=made("denials"),
        affirms=made("affirms"),
        topics=made("topics"),
        turns=made("turns"),
        taken_back=made("taken_back"),
        free=made("free"),
        asks=made("asks"),
        numbers=numbers,
        numbered=re.compile(rf"\b(?:{word})(?:(?:-| y | and | )(?:{word}))*\b", re.IGNORECASE),
        han=re.compile(rf"([〇一二两兩三四五六七八九十百千]+)(?=[{table['han']['counters']}])"),
    )


def _numbers(table: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, listed in table.items():
        tens = name.startswith("tens")
        for place, word in enumerate(listed.split()):
            value = 10 * (place + 3) if tens else place + 1
            found[word] = value
    return found
