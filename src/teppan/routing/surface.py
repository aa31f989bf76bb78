"""How a question is made, in figures: its length, sentences, numbers, options and small words.

On word problems these tell more than the words: how many quantities there are is how many steps
an answer needs, and it is on long chains of steps that models differ.
"""

from __future__ import annotations

import math
import re

from teppan.routing.terms import read

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d[\d.,]*")
_SENTENCE = re.compile(r"[.!?。！？]+(?:\s|$)|[。！？]")
_NAME = re.compile(r"\b[A-Z][a-z]+")
_OPTION = re.compile(r"^\s*(?:\(?[A-J][).]|\d{1,2}[).])\s+(.*)$", re.M)
_RATES = re.compile(r"\b(?:each|every|per|apiece)\b", re.I)
_PARTS = re.compile(
    r"\b(?:half|third|quarter|fifth|twice|thrice|times|double|triple|percent|fraction|dozen)\b",
    re.I,
)
_COMPARISONS = re.compile(r"\b(?:more|less|than|fewer|as many|as much|older|younger)\b", re.I)
_ORDER = re.compile(r"\b(?:if|then|after|before|remaining|left|rest|until|first|finally)\b", re.I)
_NOT = re.compile(r"\b(?:not|except|never|false|incorrect|least|none)\b", re.I)
_CODE = re.compile(r"```|\bdef \w+\(|\breturn\b|[{};]\s*$|==|->", re.M)
_SYMBOL = re.compile(r"[=<>^+*/\\|∑∫√π]")

FIGURES = 24
"""How many figures there are."""


def figures(text: str) -> list[float]:
    """The figures of a text, counts in logarithms."""
    text = read(text)
    words = _WORD.findall(text)
    count = max(1, len(words))
    sentences = max(1, len(_SENTENCE.findall(text)))
    options = [option for option in _OPTION.findall(text) if option]
    first = _OPTION.search(text)
    stem = text[: first.start()] if first else text
    lengths = [len(option) for option in options] or [0]
    numbers = _NUMBER.findall(text)
    counts = [
        len(text),
        count,
        len(numbers),
        sentences,
        count / sentences,
        text.count("%"),
        text.count("$"),
        len(_RATES.findall(text)),
        len(_PARTS.findall(text)),
        len(_COMPARISONS.findall(text)),
        len(_ORDER.findall(text)),
        sum(len(number) >= 4 for number in numbers),
        len(_NAME.findall(text)),
        len(_NOT.findall(stem)),
        len(_CODE.findall(text)),
        len(_SYMBOL.findall(text)),
        len(stem),
        len(options),
        sum(lengths) / len(lengths),
        max(lengths),
    ]
    return [
        *(math.log1p(each) for each in counts),
        sum(map(len, words)) / count,
        len(set(words)) / count,
        sum(1 for option in options if any(sign.isdigit() for sign in option)) / len(lengths),
        1.0 if stem.rstrip().endswith("?") else 0.0,
    ]
