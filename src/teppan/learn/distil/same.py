"""Whether two answers to one question say the same, as far as words and figures tell.

    an exact answer   the number, option, yes or no it comes to (`estimate/answers.py`)
    figures in both   those the question did not bring must not differ
    neither           the words: enough of them in common, and not one of them denied

Two true answers may be told apart here (one says more than the other), seldom two that contradict.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from teppan.estimate.answers import read_answers
from teppan.knowledge.words import words

if TYPE_CHECKING:
    from teppan.learn.coherence import Vectors

LIKE = 0.4
"""Cosine of the spelling of two answers without figures, from which they may be the same."""
SHARED = 0.5
"""Share of the shorter one's words that the other one says too, from which they may be."""
_FIGURE = re.compile(r"\d[\d.,:]*\d|\d")
_DROPPED = re.compile(r"[.,](?=\d{3}(?:\D|$))|[.,]0{1,2}$")
_NOT = re.compile(
    r"\b(?:no|not|never|none|without|cannot|unfortunately)\b|n['’]t\b"
    r"|\b(?:ningun[oa]?|nunca|sin|kein\w*|nicht|nie)\b|不|没|無|ない|ません",
    re.IGNORECASE,
)


def figures(text: str) -> frozenset[str]:
    """The numbers of a text: `$1,100.00` and `1100` are one."""
    return frozenset(_DROPPED.sub("", each) for each in _FIGURE.findall(text))


def same(question: str, one: str, other: str, vectors: Vectors | None = None) -> bool:
    """Whether both say the same in answer to this question."""
    if " ".join(one.split()) == " ".join(other.split()):
        return True
    kind, (first, second) = read_answers(question, (one, other))
    if kind != "open" and first.value is not None and second.value is not None:
        return first.value == second.value
    given = figures(question)
    here, there = figures(one) - given, figures(other) - given
    if here or there:
        few, many = sorted((here, there), key=len)
        return bool(few) and few <= many
    if (_NOT.search(one) is None) != (_NOT.search(other) is None):
        return False
    return _alike(one, other, vectors)


def against(question: str, one: str, other: str) -> bool:
    """Whether two answers contradict each other: another choice, or another figure that they come
    to. What is only said differently, or says less, is not against the other.
    """
    kind, (first, second) = read_answers(question, (one, other))
    if kind in ("option", "number", "boolean") and first.value and second.value:
        return first.value != second.value
    given = figures(question)
    here, there = figures(one) - given, figures(other) - given
    if not here or not there or here <= there or there <= here:
        return False
    return max(here, key=_size) != max(there, key=_size)


def agrees(question: str, answer: str, reference: str, vectors: Vectors | None = None) -> bool:
    """Whether an answer says what the right one says; it may say more."""
    if same(question, answer, reference, vectors):
        return True
    wanted = figures(reference)
    if wanted and not words(re.sub(r"[\d.,:$€£¥%]+", " ", reference)):
        return wanted <= figures(answer)
    if len(reference.split()) <= 4 and not wanted:
        return f" {_bare(reference)} " in f" {_bare(answer)} "
    return False


def share(question: str, text: str, others: Sequence[str], vectors: Vectors | None = None) -> float:
    """The share of the others that say the same as this text; 1 where there are none."""
    if not others:
        return 1.0
    return sum(same(question, text, each, vectors) for each in others) / len(others)


def _alike(one: str, other: str, vectors: Vectors | None) -> bool:
    few, many = sorted((set(words(one)), set(words(other))), key=len)
    if few and len(few & many) >= SHARED * len(few):
        return True
    if vectors is None:
        return False
    here, there = vectors([one[:2000], other[:2000]])
    return float(here @ there) >= LIKE


def _size(figure: str) -> tuple[int, str]:
    return len(figure.partition(".")[0].replace(",", "").lstrip("0")), figure


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
