"""The detector that is there without anything to download: patterns, check digits, words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from teppan.learn.privacy import addresses, structured
from teppan.learn.privacy.eastern import ChineseNames, JapaneseNames
from teppan.learn.privacy.lexicon import lexicon
from teppan.learn.privacy.names import LatinNames, repeated
from teppan.learn.privacy.numbers import CODES, IDS
from teppan.learn.privacy.phones import Phones
from teppan.learn.privacy.plain import plain
from teppan.learn.privacy.spans import Kind, Span, settled

PLACEHOLDER = re.compile(
    r"\[(?:NAME|EMAIL|PHONE|ADDRESS|CARD|ACCOUNT|ID|CODE|IP|SECRET|BIRTH|HANDLE)_\d{1,6}\]"
)
"""What a private word is replaced with: never private itself, and no part of anything that is."""

HOLE = "\ufffc"
"""Stands where a placeholder stands: nothing matches it."""
_EAST = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


class PatternDetector:
    """Finds structured kinds, names and addresses; in English, Spanish, German, Chinese, Japanese.

    `regions` are countries (`US`) whose telephone numbers may come without a country code.
    `without` are kinds that are left alone: `code` where booking codes identify nobody.
    Raises `ConfigError` when the package `phonenumbers` is missing.
    """

    def __init__(self, regions: Sequence[str] = (), without: Sequence[Kind] = ()) -> None:
        self._without = frozenset(without)
        self._phones = Phones(regions)
        self._words = lexicon()
        self._latin = LatinNames(self._words)
        self._chinese = ChineseNames(self._words)
        self._japanese = JapaneseNames(self._words)

    def find(self, text: str, languages: Sequence[str] = ()) -> list[Span]:
        """Settled spans: in order and without overlaps."""
        same, places = plain(text)
        same = PLACEHOLDER.sub(lambda found: HOLE * len(found[0]), same)
        spans = [span for span in self._spans(same, languages) if span.kind not in self._without]
        spans += [*repeated(same, spans, self._words)] if "name" not in self._without else []
        spans = [span for span in settled(spans, same) if HOLE not in same[span.start : span.end]]
        return [
            Span(places[each.start], places[each.end - 1] + 1, each.kind, each.sure)
            for each in spans
        ]

    def _spans(self, text: str, languages: Sequence[str]) -> Iterator[Span]:
        yield from structured.matches(text)
        yield from structured.matches(text, IDS)
        yield from structured.matches(text, CODES)
        yield from self._phones.matches(text, languages)
        yield from addresses.matches(text)
        yield from self._latin.matches(text)
        if _EAST.search(text):
            if not languages or "zh" in languages:
                yield from self._chinese.matches(text)
            if not languages or "ja" in languages:
                yield from self._japanese.matches(text)
