"""The naive baseline: a plain cosine threshold over the same vectors, with and without guards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caching.data import Asked, Pair
from caching.ours import Replayed, Vectors
from teppan.serve.cache.guards import differ
from teppan.serve.cache.reading import Reading, read

THRESHOLDS = (0.80, 0.85, 0.90, 0.93, 0.95, 0.97)
LOOKED_AT = 8


class Readings(dict[str, Reading]):
    def __missing__(self, text: str) -> Reading:
        self[text] = read(text)
        return self[text]


def replay(
    vectors: Vectors,
    stream: Sequence[Asked],
    threshold: float,
    readings: Readings | None,
) -> Replayed:
    """`readings` switches the guards on."""
    rows = np.zeros((len(stream), vectors.dimensions), np.float32)
    cached: list[Asked] = []
    found = Replayed(asked=len(stream))
    for each in stream:
        vector = vectors.rows[each.text]
        likeness = rows[: len(cached)] @ vector
        hit = None
        for at in np.argsort(-likeness)[:LOOKED_AT] if len(cached) else ():
            if likeness[at] < threshold:
                break
            other = cached[at]
            if readings is None or differ(readings[other.text], readings[each.text]) is None:
                hit = other
                break
        if hit is None:
            rows[len(cached)] = vector
            cached.append(each)
        else:
            found.right += hit.intent == each.intent
            found.wrong += hit.intent != each.intent
    return found


def accepted(
    vectors: Vectors, some: Sequence[Pair], threshold: float, readings: Readings | None
) -> dict[str, tuple[int, int]]:
    counts: dict[str, tuple[int, int]] = {}
    for pair in some:
        likeness = float(vectors.rows[pair.one] @ vectors.rows[pair.other])
        passes = readings is None or differ(readings[pair.one], readings[pair.other]) is None
        kind = f"{pair.source} {pair.kind}"
        hits, asked = counts.get(kind, (0, 0))
        counts[kind] = (hits + (likeness >= threshold and passes), asked + 1)
    return counts
