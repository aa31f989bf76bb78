"""Whether an answer states what is proposed: nobody agrees to what they were not shown.

A proposal is a sentence of the pack's; the model tells it in its own words and the customer's
language. What must be there whatever the words are its figures: amounts, years and other numbers of
three digits and more, codes, e-mail addresses. Days and small numbers may stand in words, so that
an answer without them is no proof of anything: to be sure, the proposal itself is added to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_MONEY = re.compile(
    r"(?:(?<=[$€£¥])|(?<=[$€£¥]\s))(\d+(?:\.\d+)?)|(?<![0-9A-Za-z.])(\d+(?:\.\d+)?)(?=\s?[€£¥])"
)
_NUMBER = re.compile(r"(?<![0-9A-Za-z.])\d{3,}(?:\.\d+)?(?![0-9A-Za-z])")
_CODE = re.compile(r"(?<![0-9A-Za-z@.])(?=[A-Z0-9]*[A-Z])[A-Z0-9]{5,}(?![0-9A-Za-z@])")
_MAIL = re.compile(r"[0-9A-Za-z._+-]+@[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)+")
# `6 pm` may become 18:00, or evening
_COUNT = re.compile(r"(?<![0-9A-Za-z.:$])\d{1,2}(?![0-9A-Za-z:]|\.\d| ?[ap]\.?m\b)")
# Chinese and Japanese write figures against words: only letters of figures are borders here
_THOUSANDS = re.compile(r"(?<=\d)[,. '’](?=\d{3}(?!\d))")
_DECIMAL = re.compile(r"(?<=\d),(?=\d{1,2}(?!\d))")


def figures(text: str) -> frozenset[str]:
    """The figures of a proposal, in one spelling."""
    plain = _plain(text)
    money = [before or after for before, after in _MONEY.findall(plain)]
    found = {*_NUMBER.findall(plain), *money, *_CODE.findall(plain)}
    return frozenset((*found, *map(str.lower, _MAIL.findall(plain))))


def states(answer: str, proposal: str) -> bool:
    """Whether every figure of the proposal stands in the answer."""
    return _holds(answer, figures(proposal))


def tells(answer: str, proposal: str) -> bool:
    """Whether the answer leaves out nothing that can be looked for: every figure, and days and
    counts too; of a proposal without any, its words."""
    plain = _plain(proposal)
    wanted = figures(proposal) | frozenset(_COUNT.findall(plain))
    if not wanted:
        return " ".join(plain.split()).lower() in " ".join(_plain(answer).split()).lower()
    return _holds(answer, wanted)


def _holds(answer: str, wanted: Iterable[str]) -> bool:
    plain = _plain(answer)
    lower = plain.lower()
    return all(
        each in lower
        if "@" in each
        else re.search(rf"(?<![0-9A-Za-z.]){re.escape(each)}(?!\.?\d|[A-Za-z])", plain) is not None
        for each in wanted
    )


def _plain(text: str) -> str:
    return _DECIMAL.sub(".", _THOUSANDS.sub("", unicodedata.normalize("NFKC", text)))
