"""The words of `lexicon.toml`, indexed for reading."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

FILE = Path(__file__).with_name("lexicon.toml")


class Lexicon(Struct, frozen=True):
    """Words (or runs of signs, in scripts without spaces) to what they mean.

    `poles` gives the pairs (axis, group) a word stands for; `numbers` its value as text.
    `openings` and `closings` are token sequences, the longest first.
    """

    languages: Mapping[str, frozenset[str]]
    stop: frozenset[str]
    fillers: frozenset[str]
    generic: frozenset[str]
    openings: tuple[tuple[str, ...], ...]
    closings: tuple[tuple[str, ...], ...]
    negation: frozenset[str]
    contracted: frozenset[str]
    negating_signs: re.Pattern[str]
    idioms: tuple[tuple[str, ...], ...]
    synonyms: Mapping[str, str]
    units: Mapping[str, str]
    spans: Mapping[str, str]
    times: Mapping[str, str]
    poles: Mapping[str, tuple[tuple[int, int], ...]]
    numbers: Mapping[str, str]
    fractions: Mapping[str, str]
    roles: frozenset[str]
    signs: re.Pattern[str]
    """Words of scripts without spaces, to be found inside a run of signs."""


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Read once; never changed."""
    table = tomllib.loads(FILE.read_text("utf-8"))
    languages = {name: frozenset(words.split()) for name, words in table["languages"].items()}
    units, spans, times = (_turned(table[name]) for name in ("units", "spans", "times"))
    poles = _poles(table["opposites"]["lines"])
    numbers = _turned(table["numbers"])
    negation = table["negation"]
    signs = [word for word in (*units, *spans, *times, *poles) if not _spaced(word)]
    negating = [*negation["han"], *negation["kana"]]
    return Lexicon(
        languages=languages,
        stop=frozenset().union(*languages.values()),
        fillers=frozenset(table["fillers"]["words"].split()),
        generic=frozenset(
            stem for word in table["generic"]["words"].split() for stem in (word, bare(word))
        ),
        openings=_phrases(table["fillers"]["openings"]),
        closings=_phrases(table["fillers"]["closings"]),
        negation=frozenset(negation["words"].split()),
        contracted=frozenset(negation["contracted"].split()),
        negating_signs=re.compile("|".join(map(re.escape, negating))),
        idioms=_phrases(negation["idioms"]),
        synonyms=_turned(table["synonyms"]),
        units=units,
        spans=spans,
        times=times,
        poles=poles,
        numbers=numbers,
        fractions=_turned(table["fractions"]),
        roles=frozenset(table["roles"]["words"].split()),
        signs=re.compile("|".join(map(re.escape, sorted(signs, key=len, reverse=True)))),
    )


def bare(word: str) -> str:
    """The word without its ending, roughly: enough to know two forms of one word."""
    rest = word
    for ending in ("ing", "ied", "ies", "ed", "es", "s", "ly"):
        if rest.endswith(ending) and len(rest) - len(ending) >= 3 and not rest.endswith("ss"):
            rest = rest.removesuffix(ending)
            rest += "y" if ending in ("ied", "ies") else ""
            break
    if len(rest) > 3 and rest[-1] == rest[-2] and rest[-1] not in "ls":
        rest = rest[:-1]
    return rest.removesuffix("e") if len(rest) > 3 else rest


def spread(text: str) -> list[str]:
    """Tokens of a phrase: words as they are, signs of scripts without spaces one by one."""
    tokens: list[str] = []
    for word in text.split():
        if _spaced(word):
            tokens.append(word)
        else:
            tokens += word
    return tokens


def _spaced(word: str) -> bool:
    return word.isascii() or not any("\u3040" <= sign <= "\u9fff" for sign in word)


def _phrases(texts: list[str]) -> tuple[tuple[str, ...], ...]:
    found = (tuple(spread(text.replace("i'd", "i would"))) for text in texts)
    return tuple(sorted(found, key=len, reverse=True))


def _turned(table: Mapping[str, str]) -> dict[str, str]:
    """Word -> name, of a table name -> words."""
    return {word: name for name, words in table.items() for word in words.split()}


def _poles(lines: list[str]) -> dict[str, tuple[tuple[int, int], ...]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for axis, line in enumerate(lines):
        for group, words in enumerate(line.split("|")):
            for word in words.split():
                found.setdefault(word, []).append((axis, group))
    return {word: tuple(places) for word, places in found.items()}
