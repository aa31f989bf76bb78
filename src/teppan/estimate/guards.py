"""What similarity cannot see: the figures and the negation of a text.

"It is $45" and "It is $55" are nearly one text to any embedder and two answers to any customer;
"That comes to $1,100" and "20 adults at $55 are $1,100" are the other way round.
"""

from __future__ import annotations

import re
from typing import Literal

Relation = Literal["agree", "conflict", "silent"]

_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"[.,](?=\d{3}(?:\D|$))")
_NEGATION = re.compile(
    r"\b(?:no|not|never|none|neither|nor|cannot|without|sorry)\b|n['’]t\b"
    r"|\b(?:ningún|ninguna|nunca|tampoco|sin|nicht|kein|keine|nie)\b|不|没|沒|无|無|ない|ません",
    re.IGNORECASE,
)


def figures(text: str) -> frozenset[str]:
    """The numbers a text states, without thousands separators: `$1,100.` gives `1100`."""
    return frozenset(_plain(found) for found in _FIGURE.findall(text))


def negates(text: str) -> bool:
    """Whether the text denies something, as far as its words tell (en, es, de, zh, ja)."""
    return _NEGATION.search(text) is not None


def relation(one: str, other: str) -> Relation:
    """How two answers to one question stand to each other.

    They `agree` when both state figures and those of one are all among the other's, and they
    `conflict` when each states a figure the other does not, or only one of two texts without
    figures denies. Otherwise the figures are `silent` and meaning must decide.
    """
    here, there = figures(one), figures(other)
    if here and there:
        return "agree" if here <= there or there <= here else "conflict"
    if not here and not there and negates(one) != negates(other):
        return "conflict"
    return "silent"


def _plain(figure: str) -> str:
    whole = _THOUSANDS.sub("", figure)
    kept, dot, cents = whole.replace(",", ".").partition(".")
    return (
        f"{kept.lstrip('0') or '0'}{dot}{cents}".rstrip("0").rstrip(".")
        if dot
        else (kept.lstrip("0") or "0")
    )
