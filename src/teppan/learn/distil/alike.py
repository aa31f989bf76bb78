"""Which questions are asked already: the same words in another order or spelling of small things.

Two questions are near-identical when they hold the same numbers and share `SAME` of their words.
Other numbers make another question: what 12 and what 14 adults pay are two examples, not one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

from teppan.knowledge.words import words

SAME = 0.85
"""Share of their words that near-identical questions have in common (Jaccard)."""
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_SPACE = re.compile(r"[\W_]+")


class _Shape(Struct, frozen=True):
    plain: str
    words: frozenset[str]
    numbers: tuple[str, ...]


class Alike:
    """A growing set of questions. `share` is that of common words; 1.0 finds only the same ones."""

    def __init__(self, texts: Iterable[str] = (), share: float = SAME) -> None:
        self._share = share
        self._names: dict[str, str] = {}
        self._by_word: dict[str, list[_Shape]] = defaultdict(list)
        for text in texts:
            self.add(text)

    def __len__(self) -> int:
        return len(self._names)

    def add(self, text: str, name: str = "") -> None:
        """Knows this question from now on; `name` is what `find` tells."""
        shape = _shape(text)
        if shape.plain in self._names:
            return
        self._names[shape.plain] = name or text
        for word in shape.words:
            self._by_word[word].append(shape)

    def find(self, text: str) -> str | None:
        """The name of a known question that is near-identical; `None` for a new one."""
        shape = _shape(text)
        if shape.plain in self._names:
            return self._names[shape.plain]
        # Two that share enough share one of the rarest words: so many may differ, and one more.
        rare = sorted(shape.words, key=lambda word: (len(self._by_word.get(word, ())), word))
        for word in rare[: int(len(rare) * (1.0 - self._share)) + 1]:
            for known in self._by_word.get(word, ()):
                if known.numbers == shape.numbers and self._near(known.words, shape.words):
                    return self._names[known.plain]
        return None

    def _near(self, one: frozenset[str], other: frozenset[str]) -> bool:
        return len(one & other) >= self._share * len(one | other)


def plain(text: str) -> str:
    """The letters and digits of a text, in one case and width."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def _shape(text: str) -> _Shape:
    flat = unicodedata.normalize("NFKC", text)
    numbers = tuple(sorted(_NUMBER.findall(flat)))
    return _Shape(plain(text), frozenset(words(text)), numbers)
