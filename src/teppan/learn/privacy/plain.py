"""A text as the patterns read it: one form of digits, spaces and dashes, nothing invisible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

_SPACES = "\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_QUOTES = "\u2018\u2019\u02bc"
_DIGITS = ("\u0660", "\u06f0", "\u0966")
"""Where the Arabic, Persian and Devanagari digits begin."""

_SAME: Mapping[int, int | str] = MappingProxyType(
    {
        **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
        **{ord(each): " " for each in _SPACES},
        **{ord(each): "-" for each in _DASHES},
        **{ord(each): "'" for each in _QUOTES},
        **{ord(zero) + digit: str(digit) for zero in _DIGITS for digit in range(10)},
        ord("\r"): "\n",
    }
)
"""One letter for one letter, so that places stay what they are."""

_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")


def plain(text: str) -> tuple[str, Sequence[int]]:
    """The plain text, and where each of its letters and its end stand in the given one."""
    same = text.translate(dict(_SAME))
    if _INVISIBLE.isdisjoint(same):
        return same, range(len(same) + 1)
    places = [place for place, letter in enumerate(same) if letter not in _INVISIBLE]
    return "".join(same[place] for place in places), [*places, len(same)]
