"""The words that questions are judged by, per language: `words.toml`, or an operator's own."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

FALLBACK = "en"
"""Whose words are used for a language that has none."""


class Lexicon(Struct, frozen=True):
    """The words of one language; `spaced` when its words stand apart.

    `word*` stands for every word that begins so. `strong_good` to `strong_bad` tell moods,
    `turns` are words after which the mood counts more than before.
    """

    spaced: bool
    complex: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    strong_good: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    strong_bad: tuple[str, ...] = ()
    negations: tuple[str, ...] = ()
    stronger: tuple[str, ...] = ()
    weaker: tuple[str, ...] = ()
    turns: tuple[str, ...] = ()


@cache
def shipped() -> Mapping[str, Lexicon]:
    """The lexicons that come with Teppan, by language."""
    text = (files(__package__) / "words.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Lexicon])


def lexicon_of(language: str) -> Lexicon:
    """The lexicon of a language; the English one for a language without any."""
    book = shipped()
    return book.get(language) or book[FALLBACK]


class Finder:
    """Finds words in texts. Repeats count once: it is what a text speaks of that is asked."""

    __slots__ = ("_pattern", "words")

    def __init__(self, words: Sequence[str], *, spaced: bool) -> None:
        self.words = tuple(words)
        self._pattern = pattern_of(words, spaced=spaced)

    def found(self, text: str) -> tuple[str, ...]:
        """The words of the list that are in `text` (lower case), each once, in their order."""
        if self._pattern is None:
            return ()
        return tuple(dict.fromkeys(match.group() for match in self._pattern.finditer(text)))


def pattern_of(words: Sequence[str], *, spaced: bool) -> re.Pattern[str] | None:
    """A pattern that finds any of the words, the longest first; `None` for no words."""
    if not words:
        return None
    parts = sorted((word.lower() for word in words), key=len, reverse=True)
    if not spaced:
        return re.compile("|".join(re.escape(part.rstrip("*")) for part in parts))
    each = (
        re.escape(part[:-1]) + r"\w*" if part.endswith("*") else re.escape(part) for part in parts
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(each)})(?!\w)")


@cache
def finder(kind: str, language: str) -> Finder:
    """The shipped finder of a kind of words (`complex`, `tools`, ...) in a language."""
    lexicon = lexicon_of(language)
    return Finder(getattr(lexicon, kind), spaced=lexicon.spaced)
