"""A text as the pieces it is made of: words with their neighbours, and runs of letters in words.

Which model a question suits is told by its subject and its form; both show in words. No
dictionary is needed, so it works for any language and for words never seen whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Literal

Kind = Literal["words", "letters"]

KINDS: tuple[Kind, ...] = ("words", "letters")

READ = 2400
"""Characters of a question that are looked at: its begin, and of a longer one also its end."""
_SIZES = (3, 4, 5)
_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d")


def pieces(text: str, kind: Kind) -> Mapping[str, int]:
    """How often each piece stands in a text."""
    words = _WORD.findall(read(text).lower())
    if kind == "words":
        counts = Counter(words)
        counts.update(f"{one} {other}" for one, other in pairwise(words))
        return counts
    counts = Counter()
    for word in words:
        counts.update(_runs(word))
    return counts


@lru_cache(maxsize=20_000)
def _runs(word: str) -> tuple[str, ...]:
    """The runs of letters of a word; words repeat."""
    padded = f" {_DIGITS.sub('0', word)} "
    return tuple(padded[at : at + size] for size in _SIZES for at in range(len(padded) - size + 1))


def read(text: str) -> str:
    """The part of a text that is looked at."""
    if len(text) <= READ:
        return text
    return text[: READ * 2 // 3] + "\n" + text[-READ // 3 :]
