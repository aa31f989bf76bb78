"""Ways to name an intent: ours, and what anybody would try first. All are given the same examples.

A way is taught with examples and gives a function: text -> (intent, how sure, whether it stands by
it). `sure` is a probability, or the share of the neighbours' votes.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from intenting.data import Examples
from teppan.routing.intent import FLOOR, UNKNOWN, Intents

Vectors = Callable[[Sequence[str]], NDArray[np.float32]]
Named = tuple[str, float, bool]
Name = Callable[[str], Named]

NEIGHBOURS = (1, 3, 5, 9, 15, 25)
_TRIED = 1500
_WORD = re.compile(r"\w+")


def ours(examples: Examples, vectors: Vectors) -> Name:
    intents = Intents(examples, vectors)
    intents.teach()

    def name(text: str) -> Named:
        (best, sure), _ = intents.ranked(text)
        said, _ = intents.of(text)
        return (best if said == UNKNOWN else said), sure, said != UNKNOWN

    return name


def neighbours(examples: Examples, vectors: Vectors) -> Name:
    """Votes of the nearest by cosine, weighed by it; how many are asked is the best on a sample
    of the examples, each left out."""
    rows = vectors([text for text, _ in examples])
    names = sorted({intent for _, intent in examples})
    place = {intent: at for at, intent in enumerate(names)}
    labels = np.array([place[intent] for _, intent in examples])

    def votes(near: NDArray[np.float32], number: int) -> NDArray[np.float32]:
        nearest = np.argpartition(-near, min(number, len(near)) - 1)[:number]
        found = np.zeros(len(names), np.float32)
        np.add.at(found, labels[nearest], np.maximum(near[nearest], 1e-6))
        return found / found.sum()

    right = Counter(dict.fromkeys(NEIGHBOURS, 0))
    for at in np.random.default_rng(0).permutation(len(rows))[:_TRIED]:
        near = rows @ rows[at]
        near[at] = -1.0
        for number in NEIGHBOURS:
            right[number] += int(votes(near, number).argmax() == labels[at])
    number = max(NEIGHBOURS, key=lambda each: right[each])

    def name(text: str) -> Named:
        shares = votes(rows @ vectors([text])[0], number)
        best = int(shares.argmax())
        return names[best], float(shares[best]), bool(shares[best] >= FLOOR)

    return name


def centroid(examples: Examples, vectors: Vectors) -> Name:
    rows = vectors([text for text, _ in examples])
    names = sorted({intent for _, intent in examples})
    of_each = [np.array([intent == each for _, intent in examples]) for each in names]
    means = np.stack([rows[mask].mean(0) for mask in of_each])
    means /= np.linalg.norm(means, axis=1, keepdims=True)

    def name(text: str) -> Named:
        near = means @ vectors([text])[0]
        return names[int(near.argmax())], float(near.max()), True

    return name


def bayes(examples: Examples) -> Name:
    """Multinomial naive Bayes on words, one added to each count."""
    names = sorted({intent for _, intent in examples})
    place: dict[str, int] = {}
    cut = [[place.setdefault(w, len(place)) for w in _words(text)] for text, _ in examples]
    counts = np.ones((len(place), len(names)))
    for words, (_, intent) in zip(cut, examples, strict=True):
        np.add.at(counts, (words, names.index(intent)), 1.0)
    odds = np.log(counts / counts.sum(0))
    sizes = Counter(intent for _, intent in examples)
    start = np.log([sizes[each] / len(examples) for each in names])

    def name(text: str) -> Named:
        total = start + sum((odds[place[w]] for w in _words(text) if w in place), np.zeros(1))
        best = int(total.argmax())
        sure = 1.0 / float(np.exp(total - total[best]).sum())
        return names[best], sure, sure >= FLOOR

    return name


def majority(examples: Examples) -> Name:
    best, number = Counter(intent for _, intent in examples).most_common(1)[0]
    return lambda _: (best, number / len(examples), number / len(examples) >= FLOOR)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def interval(right: NDArray[np.float64]) -> list[float]:
    """The middle 95 % of the mean of texts drawn again; `right` is (texts,), a share each."""
    chance = np.random.default_rng(0)
    means = [right[chance.integers(0, len(right), len(right))].mean() for _ in range(1000)]
    return [round(float(each), 4) for each in np.quantile(means, [0.025, 0.975])]


def calibration(sure: Sequence[float], right: Sequence[bool]) -> float:
    """The mean distance of how sure from how often right, in ten equal steps (ECE)."""
    steps = np.minimum((np.array(sure) * 10).astype(int), 9)
    hit, said = np.array(right, float), np.array(sure)
    gaps = [
        abs(hit[steps == step].mean() - said[steps == step].mean()) * (steps == step).sum()
        for step in range(10)
        if (steps == step).any()
    ]
    total = math.fsum(map(float, gaps))
    return total / len(hit)
