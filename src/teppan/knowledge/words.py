"""The words a text is found by, the same for what is asked and what is known.

Without accents and plural endings; in scripts written without spaces every pair of letters, and of
Han every letter too, so that Chinese and Japanese are found without a dictionary (Nie, Gao, Zhang
and Zhou, IRAL 2000: pairs with single letters do as well as words). `letters` writes them in plain
ASCII, which every full-text search takes as it is and in which nothing of a question can be read as
a command.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_FUNCTION_WORDS = Path(__file__).with_name("function_words.txt")
"""Words of every question that say nothing about what is asked (en, es, de, fr, it, pt, zh)."""

_WORD = re.compile(r"[^\W_]+")
_DENSE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+")
"""Scripts written without spaces: Thai, Lao, Burmese, Khmer, kana, Han."""
_HAN = re.compile(r"[\u3400-\u9fff]")
_LONGEST = 40
"""Letters of a word that count: two longer ones that begin alike are one."""


def words(text: str) -> list[str]:
    """In the order of the text's scripts, not of the text: each as often as it is said."""
    low = unicodedata.normalize("NFKC", text).lower()
    found: list[str] = []
    empty = _function_words()
    for run in _DENSE.findall(low):
        found += [run[i : i + 2] for i in range(len(run) - 1)]
        single = _HAN.findall(run) if len(run) > 1 else [run]
        found += [each for each in single if each not in empty]
    plain = unicodedata.normalize("NFKD", _DENSE.sub(" ", low))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    for word in _WORD.findall(plain):
        if word not in empty and (len(word) > 1 or word.isdigit()):
            found.append(_stem(word)[:_LONGEST])
    return found


def terms(text: str) -> list[str]:
    """What a text is found by, in plain letters."""
    return letters(words(text))


def letters(found: Iterable[str]) -> list[str]:
    """The same words as `[a-z0-9]+`: what is not ASCII by its bytes, behind an `x`."""
    return [
        word if word.isascii() and word.isalnum() else f"x{word.encode('utf-8', 'replace').hex()}"
        for word in found
    ]


@cache
def _function_words() -> frozenset[str]:
    return frozenset(_FUNCTION_WORDS.read_text("utf-8").split())


def _stem(word: str) -> str:
    """Without the endings that only tell how many: rough, and the same for both sides."""
    if len(word) > 4 and word.endswith(("es", "en")):
        return word[:-2]
    if len(word) > 3 and word.endswith(("s", "e", "n")):
        return word[:-1]
    return word
