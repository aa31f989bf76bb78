"""Whether an answer states what is proposed: nobody agrees to what they were not shown.

A proposal is a sentence of the pack's; the model tells it in its own words and the customer's
language. What must be there whatever the words are its figures: amounts, years and other numbers of
three digits and more, codes, e-mail addresses.
"""

from __future__ import annotations

import re
import unicodedata

_MONEY = re.compile(r"[$€£¥]\s?(\d+(?:\.\d+)?)")
_NUMBER = re.compile(r"(?<![0-9A-Za-z.])\d{3,}(?:\.\d+)?(?![0-9A-Za-z])")
_CODE = re.compile(r"(?<![0-9A-Za-z@.])(?=[A-Z0-9]*[A-Z])[A-Z0-9]{5,}(?![0-9A-Za-z@])")
_MAIL = re.compile(r"[0-9A-Za-z._+-]+@[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)+")
# Chinese and Japanese write figures against words: only letters of figures are borders here
_THOUSANDS = re.compile(r"(?<=\d)[,. '’](?=\d{3}(?!\d))")


def figures(text: str) -> frozenset[str]:
    """The figures of a proposal, in one spelling."""
    plain = _plain(text)
    found = {*_NUMBER.findall(plain), *_MONEY.findall(plain), *_CODE.findall(plain)}
    return frozenset((*found, *map(str.lower, _MAIL.findall(plain))))


def states(answer: str, proposal: str) -> bool:
    """Whether every figure of the proposal stands in the answer."""
    plain = _plain(answer)
    lower = plain.lower()
    return all(
        each in lower
        if "@" in each
        else re.search(rf"(?<![0-9A-Za-z.]){re.escape(each)}(?!\.?\d|[A-Za-z])", plain) is not None
        for each in figures(proposal)
    )


def _plain(text: str) -> str:
    return _THOUSANDS.sub("", unicodedata.normalize("NFKC", text))
