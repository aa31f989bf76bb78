"""A text as rules read it: plain signs, numbers in digits, sentences and clauses.

What the eye sees counts: full-width signs are made plain, invisible ones and emphasis marks are
taken out, so that `ca**viar**` is caviar. Number words become digits: `twenty-five guests` is
`25 guests`, `二十位` is `20位`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from teppan.serve.guard.words import words

LONGEST = 20_000
"""Characters that are checked; a longer text is not checked, and says so."""

_CLAUSES = 30

_MARKS = re.compile(r"[*_`~#]+|\\(?=[$])")
_QUOTES = str.maketrans("’‘ʼ", "'''")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？!?])|[;；\n]+")
_CLAUSE = re.compile(
    r",(?!\d)|(?<!\d),|,(?=\d{1,2}[\u2e80-\uffef])|[、]|:(?!\d|//)|\s+[–—-]\s+|[()]"
    r"|\s+(?=(?:and|but|so|though|although|however|while|y|pero|aunque|sino|und|aber|sondern) )",
    re.IGNORECASE,
)
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
_HAN_DIGITS = {sign: value for value, sign in enumerate("〇一二三四五六七八九")} | {
    "两": 2,
    "兩": 2,
}


class TooLong(Exception):
    """The text is longer than rules look at."""


class Reading(Struct, frozen=True):
    """`text` is the whole, `sentences` its sentences, each as its clauses."""

    text: str
    sentences: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=512)
def read(text: str) -> Reading:
    """The text, plain and cut. Raises `TooLong`."""
    if len(text) > LONGEST:
        raise TooLong(f"it has {len(text)} characters; rules look at {LONGEST}")
    told = digits(plain(text))
    cut = (_clauses(each.strip()) for each in _SENTENCE.split(told) if each and each.strip())
    return Reading(told, tuple(part for each in cut for part in _bearable(each)))


def _bearable(clauses: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """A sentence of more clauses than people say in one, in parts; so no text is looked at by the
    square of its length."""
    for begin in range(0, len(clauses), _CLAUSES):
        yield clauses[begin : begin + _CLAUSES]


def plain(text: str) -> str:
    """What the eye sees, without emphasis."""
    if not text.isascii():
        folded = unicodedata.normalize("NFKC", text).translate(_QUOTES)
        text = "".join(sign for sign in folded if unicodedata.category(sign) != "Cf")
    return _MARKS.sub("", text)


def digits(text: str) -> str:
    """The text with number words as digits."""
    known = words()
    told = known.numbered.sub(_value, text)
    if told.isascii():
        return told
    return known.han.sub(lambda found: str(_han(found.group(1))), told)


def _value(found: re.Match[str]) -> str:
    """`twenty-five` is 25; words that do not make one number stay apart."""
    numbers = words().numbers
    parts = re.split(r"( and | y |-| )", found.group())
    told: list[str] = [str(numbers[parts[0].lower()])]
    last = numbers[parts[0].lower()]
    for joint, word in zip(parts[1::2], parts[2::2], strict=True):
        value = numbers[word.lower()]
        if value == 100 and 0 < last < 10:
            last *= 100
            told[-1] = str(last)
        elif (20 <= last < 100 and last % 10 == 0 and value < 10 and joint != " and ") or (
            last >= 100 and last % 100 == 0 and value < 100
        ):
            last += value
            told[-1] = str(last)
        else:
            told += [joint, str(value)]
            last = value
    return "".join(told)


def _han(signs: str) -> int:
    total, digit = 0, 0
    for sign in signs:
        if sign in _HAN_UNITS:
            total, digit = total + max(digit, 1) * _HAN_UNITS[sign], 0
        else:
            digit = digit * 10 + _HAN_DIGITS[sign]
    return total + digit


def _clauses(sentence: str) -> tuple[str, ...]:
    found = [each.strip() for each in _CLAUSE.split(sentence) if each and each.strip()]
    return tuple(found) or (sentence,)
