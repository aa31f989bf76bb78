"""Whether an answer belongs to its question, and agrees with what was answered before.

On topic: how much of what the question is about stands in the answer, by words and by meaning. At
one with itself: an answer that gives another figure for what had one, or denies what was said, in
the same conversation, is wrong in one of both places. It reads words, not truth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from teppan.knowledge.words import words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = Callable[[Sequence[str]], NDArray[np.float32]]
else:
    Vectors = Callable

AGAIN = 0.7
"""Share of its words with which a question is the one before."""
_CONTRADICTED = 0.25
"""What is left of coherence after a contradiction."""
_ENOUGH = 0.5
"""Share of a question's words whose mention makes an answer wholly on topic."""
_SENTENCE = re.compile(r"[^.!?\n。！？]+")
_FIGURE = re.compile(r"(?:[$€£¥]\s?)?\d[\d.,]*\d|(?:[$€£¥]\s?)?\d")
_NOT = re.compile(
    r"\b(?:no|not|never|none|without|cannot|can't|don't|do not|isn't|aren't|won't)\b|n't\b"
    r"|\b(?:ningun[oa]?|nunca|sin|kein\w*|nicht|nie)\b|不|没|無|ない|ません",
    re.IGNORECASE,
)
_ALIKE = 0.6
"""Share of words that a sentence and its denial have in common."""
_FEW = 3
"""Words of a sentence that one word may stand for, as in `sure, the deposit is $100`."""


class Coherence(Struct, frozen=True):
    value: float
    why: str


class _Claim(Struct, frozen=True):
    """A sentence: what it speaks of, its figures, and whether it denies."""

    about: frozenset[str]
    figures: frozenset[str]
    denies: bool


def coherence(
    question: str, answer: str, earlier: Sequence[str] = (), vectors: Vectors | None = None
) -> Coherence:
    """How an answer fits its question and the answers before it, in [0, 1]."""
    topic = on_topic(question, answer, vectors)
    against = contradiction(answer, earlier)
    if against:
        return Coherence(min(topic, _CONTRADICTED), f"it says otherwise before: {against}")
    return Coherence(topic, f"on topic {topic:.2f}")


def on_topic(question: str, answer: str, vectors: Vectors | None = None) -> float:
    """How much an answer is about its question: the better of its words and of its meaning."""
    asked, told = set(words(question)), set(words(answer))
    by_words = min(1.0, len(asked & told) / (len(asked) * _ENOUGH)) if asked else 1.0
    if vectors is None or by_words >= 1.0:
        return by_words
    one, other = vectors([question[:2000], answer[:2000]])
    return max(by_words, float(min(1.0, max(0.0, one @ other))))


def contradiction(answer: str, earlier: Sequence[str]) -> str:
    """The sentence of an earlier answer that this one contradicts; empty for none."""
    now = [claim for _, claim in _claims(answer)]
    for text in reversed(earlier):
        for sentence, before in _claims(text):
            if any(_clash(before, claim) for claim in now):
                return sentence.strip()[:120]
    return ""


def repeats(question: str, again: str) -> bool:
    """Whether the second message asks the first one again, by itself or after other words."""
    one = set(words(question))
    parts = [again, *_SENTENCE.findall(again[:8000])]
    return any(_alike(one, set(words(part))) for part in parts)


def _alike(one: set[str], other: set[str]) -> bool:
    return bool(one and other) and len(one & other) / len(one | other) >= AGAIN


def _claims(text: str) -> list[tuple[str, _Claim]]:
    found = []
    for sentence in _SENTENCE.findall(text[:8000]):
        plain = _FIGURE.sub(" ", sentence)
        about = frozenset(each for each in words(plain) if not each.isdigit())
        if about:
            figures = frozenset(_plain(each) for each in _FIGURE.findall(sentence))
            found.append((sentence, _Claim(about, figures, _NOT.search(sentence) is not None)))
    return found


def _clash(one: _Claim, other: _Claim) -> bool:
    """Two sentences about the same thing with other figures, or of which one denies.

    They are about the same when the words of one all stand in the other: what "adults" pay and what
    "children" pay differ in a word on both sides.
    """
    few, many = sorted((one.about, other.about), key=len)
    if one.figures and other.figures and not one.figures & other.figures:
        alone = len(few) == 1 and len(many) > _FEW
        return few <= many and not alone and len(one.figures) == len(other.figures)
    if len(few) < 2:
        return False
    whole = len(one.about & other.about) / len(one.about | other.about)
    return one.denies != other.denies and one.figures == other.figures and whole >= _ALIKE


def _plain(figure: str) -> str:
    """`$1,100` and `1100` are one figure."""
    return re.sub(r"[$€£¥\s]|[.,](?=\d{3}(?:\D|$))", "", figure)
