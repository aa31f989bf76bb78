"""Whether two questions ask the same, and whether two answers to it disagree.

Nearly the same words are not the same question: "for 10 adults" and "for 12 adults", "halal" and
"vegan", "with" and "without" differ in what matters. So questions are the same when their figures
and denials are, and when each word that only one has is a slip of the pen, or polite.

Answers disagree when they give other figures for the same thing, deny what the other says, or
begin with yes and with no. It reads words, not truth.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from teppan.knowledge.words import words
from teppan.learn.coherence import contradiction
from teppan.learn.datasets.shingles import plain

_FIGURE = re.compile(r"\d+(?:[.,:/]\d+)*")
_DENIES = re.compile(
    r"\b(?:no|not|never|none|without|cannot|can't|don't|doesn't|didn't|isn't|aren't|won't)\b|n't\b"
    r"|\b(?:ningun[oa]?|nunca|sin|kein\w*|nicht|nie|ohne|pas|sans|non|senza)\b|不|没|無|无|ない|ません",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"\b(?:please|pls|thanks?(?: you)?|thx|hi|hello|hey|dear|team|good (?:morning|day|evening)"
    r"|quick question|just wondering|i was wondering|could you (?:please )?tell me|tell me"
    r"|hola|por favor|gracias|buen[oa]s (?:d[ií]as|tardes)|hallo|guten (?:tag|morgen)|bitte|danke"
    r"|bonjour|merci|s'il vous pla[iî]t)\b|你好|您好|请问|请|谢谢|こんにちは|すみません"
    r"|お願いします|教えてください",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^\W*(?:yes|yeah|yep|sure|of course|certainly|absolutely|sí|si|claro|ja|natürlich|oui|"
    r"bien sûr|sì)(?!\w)|^\W*(?:是的|可以|有的|はい|ええ)",
    re.IGNORECASE,
)
_NO = re.compile(
    r"^\W*(?:no|nope|sorry,? (?:but )?(?:we|no)|unfortunately|"
    r"there (?:is|are) no|we (?:do not|don't|cannot|can't|never)|es gibt kein\w*|"
    r"lo siento|nein|leider|non|"
    r"malheureusement)(?!\w)|^\W*(?:不是|不可以|不能|没有|抱歉|いいえ|申し訳)",
    re.IGNORECASE,
)
_LEAD = re.compile(f"(?:{_YES.pattern}|{_NO.pattern})[,.!:;]?", re.IGNORECASE)
_FREE = re.compile(
    r"\b(?:free|gratis|included|no (?:extra )?(?:cost|charge)|nothing|complimentary|incluid[oa]s?"
    r"|kostenlos|kostenfrei|inklusive|inbegriffen|gratuit\w*|compris)\b|免费|不收费|包含|無料|込み",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"[$€£¥]|\b(?:dollars?|euros?|usd|eur|d[oó]lares)\b|美元|元|ドル|円", re.IGNORECASE
)
_SEPARATOR = re.compile(r"(?<=\d)[,.](?=\d{3}(?!\d))")
_SHORT = 4
"""Letters from which a word may be misspelt; in a shorter one every letter counts."""


class Asked(Struct, frozen=True):
    """What matters of a question."""

    figures: tuple[str, ...]
    denies: bool
    about: frozenset[str]


def bare(question: str) -> str:
    """A question in one form of letters, without greetings and thanks."""
    return plain(_POLITE.sub(" ", question)) or plain(question)


@lru_cache(maxsize=4096)
def asked(question: str) -> Asked:
    """What a question is about, without what is polite."""
    rest = _POLITE.sub(" ", question)
    about = frozenset(each for each in words(rest) if not each.isdigit())
    return Asked(figures(question), _DENIES.search(rest) is not None, about)


def same(one: str, other: str) -> bool:
    """Whether two nearly identical questions ask the same."""
    if one == other:
        return True
    first, second = asked(one), asked(other)
    if first.figures != second.figures or first.denies != second.denies:
        return False
    left, right = first.about - second.about, second.about - first.about
    return all(any(slip(a, b) for b in right) for a in left) and all(
        any(slip(a, b) for a in left) for b in right
    )


def disagree(one: str, other: str, question: str = "") -> bool:
    """Whether two answers to the same question cannot both be right, as far as words tell. What
    figures the question has tell nothing of its answers."""
    if (_YES.search(one) and _NO.search(other)) or (_NO.search(one) and _YES.search(other)):
        return True
    known = set(figures(question))
    first, second = set(figures(one)) - known, set(figures(other)) - known
    if first and second and not first & second:
        return True
    if _gratis(one, first) and _priced(other, second):
        return True
    if _gratis(other, second) and _priced(one, first):
        return True
    one, other = _LEAD.sub("", one), _LEAD.sub("", other)
    return bool(contradiction(one, [other]) or contradiction(other, [one]))


def _gratis(text: str, told: set[str]) -> bool:
    return not told and _FREE.search(text) is not None


def _priced(text: str, told: set[str]) -> bool:
    return bool(told) and _MONEY.search(text) is not None and _FREE.search(text) is None


def figures(text: str) -> tuple[str, ...]:
    """The numbers of a text, sorted, each as often as it is said; `1,100` is `1100`, `9:00` is `9`,
    `3,50` is `3.5`."""
    found = _FIGURE.findall(_SEPARATOR.sub("", text))
    return tuple(sorted(_figure(each) for each in found))


def _figure(written: str) -> str:
    value = written.removesuffix(":00").replace(",", ".")
    return value.rstrip("0").rstrip(".") if value.count(".") == 1 else value


def says_the_same(one: str, other: str) -> bool:
    """Whether two nearly identical answers say the same: their figures and denials are equal."""
    if plain(one) == plain(other):
        return True
    return figures(one) == figures(other) and len(_DENIES.findall(one)) == len(
        _DENIES.findall(other)
    )


def slip(one: str, other: str) -> bool:
    """Whether two words are one, misspelt: a letter apart, two in words of ten and more."""
    if min(len(one), len(other)) < _SHORT or not (one.isascii() or one.isalpha()):
        return False
    return distance(one, other) <= (2 if min(len(one), len(other)) >= 10 else 1)


def distance(one: str, other: str) -> int:
    """Letters to change, add, drop, or swap with a neighbour (Damerau 1964, restricted)."""
    if abs(len(one) - len(other)) > 2:
        return 3
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
