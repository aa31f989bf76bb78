"""The words of `names.toml`, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from msgspec import Struct


class Lexicon(Struct, frozen=True):
    """Small letters throughout. `plain` given names are nothing else; `doubtful` ones are words "
    "too."""

    plain: frozenset[str]
    doubtful: frozenset[str]
    family: frozenset[str]
    never: frozenset[str]
    particles: frozenset[str]
    zh_family: frozenset[str]
    zh_double: tuple[str, ...]
    zh_given: frozenset[str]
    zh_titles: tuple[str, ...]
    zh_people: tuple[str, ...]
    zh_stops: frozenset[str]
    ja_family: tuple[str, ...]
    ja_ends: frozenset[str]
    ja_titles: tuple[str, ...]
    ja_people: tuple[str, ...]

    @property
    def given(self) -> frozenset[str]:
        return self.plain | self.doubtful


@cache
def lexicon() -> Lexicon:
    data = tomllib.loads(files("teppan.learn.privacy").joinpath("names.toml").read_text("utf-8"))
    given, zh, ja = data["given"], data["zh"], data["ja"]
    doubtful = frozenset(given["doubtful"].split())
    never = frozenset(data["not"]["words"].split())
    return Lexicon(
        plain=frozenset(given["plain"].split()) - doubtful - never,
        doubtful=doubtful,
        family=frozenset(data["family"]["latin"].split()),
        never=never,
        particles=frozenset(data["not"]["particles"].split()),
        zh_family=frozenset("".join(zh["family"].split())),
        zh_double=tuple(zh["double"].split()),
        zh_given=frozenset("".join(zh["given"].split())),
        zh_titles=tuple(zh["titles"].split()),
        zh_people=tuple(zh["people"].split()),
        zh_stops=frozenset(zh["stops"]),
        ja_family=tuple(sorted(ja["family"].split(), key=len, reverse=True)),
        ja_ends=frozenset(ja["ends"]),
        ja_titles=tuple(ja["titles"].split()),
        ja_people=tuple(ja["people"].split()),
    )
