"""A text as the pieces it is made of: words with their neighbours, and runs of letters in words.

Which model a question suits is told by its subject and its form; both show in words. No
dictionary is needed, so it works for any language and for words never seen whole. Where a script
has no spaces, every two letters that stand side by side are a word (Nie, Gao, Zhang and Zhou, IRAL
2000), and runs are shorter: a sign of Han says more than a letter.
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
_SIZES, _SHORT = (3, 4, 5), (1, 2, 3)
_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d")
_DENSE = re.compile(r"([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+)")
"""Scripts written without spaces: Thai, Lao, Burmese, Khmer, kana, Han."""


def pieces(text: str, kind: Kind) -> Mapping[str, int]:
    """How often each piece stands in a text."""
    plain = read(text).lower()
    dense = () if plain.isascii() else tuple(_DENSE.findall(plain))
    words = _WORD.findall(_DENSE.sub(" ", plain) if dense else plain)
    if kind == "words":
        counts = Counter(words)
        counts.update(f"{one} {other}" for one, other in pairwise(words))
        counts.update(run[at : at + 2] for run in dense for at in range(max(1, len(run) - 1)))
        return counts
    counts = Counter()
    for word in words:
        counts.update(_runs(word))
    for run in dense:
        counts.update(run[at : at + size] for size in _SHORT for at in range(len(run) - size + 1))
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
