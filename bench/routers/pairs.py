"""RouteLLM's pair: who orders questions best by what the strong model gains on them."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from routers.ways import (
    FOLDS,
    Embedders,
    Vectors,
    complexity,
    fold_of,
    neighbours,
    with_vectors,
)
from teppan.providers.replay import read
from teppan.routing import learning
from teppan.routing.asked import Asked
from teppan.routing.learned import Router

STRONG, WEAK = "strong", "weak"


class Pair(Struct):
    """A row of RouteLLM's file."""

    benchmark: str
    prompt_id: str
    prompt: str
    strong_score: float
    weak_score: float
    domain: str = ""
    contaminated: bool = False


def recovered(gain: NDArray[np.float64], order: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of the gap that asking the strong model for the first so many recovers."""
    ranked = gain[np.argsort(-order, kind="stable")]
    curve: NDArray[np.float64] = np.concatenate([[0.0], np.cumsum(ranked)]) / gain.sum()
    return curve


def told_of(gain: NDArray[np.float64], order: NDArray[np.float64]) -> dict[str, Any]:
    curve = recovered(gain, order)
    shares = np.linspace(0.0, 1.0, len(curve))
    draws = np.random.default_rng(7)
    areas = []
    for _ in range(200):
        some = draws.integers(0, len(gain), len(gain))
        if gain[some].sum() > 0:
            again = recovered(gain[some], order[some])
            areas.append(np.trapezoid(again, dx=1.0 / len(some)))
    return {
        "apgr": float(np.trapezoid(curve, shares)),
        "low": float(np.quantile(areas, 0.025)),
        "high": float(np.quantile(areas, 0.975)),
        "cpt50": float(shares[np.argmax(curve >= 0.5)]),
        "cpt80": float(shares[np.argmax(curve >= 0.8)]),
        "curve": [round(float(np.interp(at, shares, curve)), 4) for at in np.linspace(0, 1, 11)],
    }


def pairs_of(folder: Path, most: int | None) -> dict[str, list[Pair]]:
    found: dict[str, list[Pair]] = defaultdict(list)
    for file in sorted(folder.glob("routellm_*.jsonl*")):
        for row in read(file, Pair):
            if not row.contaminated:
                found[row.benchmark.removeprefix("routellm_")].append(row)
    return {
        name: sorted(rows, key=lambda row: zlib.crc32(row.prompt.encode()))[:most]
        for name, rows in sorted(found.items())
    }


def asked_of(rows: Sequence[Pair]) -> list[Asked]:
    return [
        Asked(
            row.prompt, {STRONG: row.strong_score, WEAK: row.weak_score}, {STRONG: 1e4, WEAK: 24e1}
        )
        for row in rows
    ]


Orders = dict[str, NDArray[np.float64]]


def orders(train: Sequence[Pair], test: Sequence[Pair], embedders: Embedders) -> Orders:
    """The predicted gain of each question of `test`, by every way of predicting it."""
    gain = np.array([row.strong_score - row.weak_score for row in train])
    texts = [row.prompt for row in test]
    found = {
        "rules (complexity score)": np.array([complexity(text).score for text in texts]),
        "length": np.array([float(len(text)) for text in texts]),
        "mean gain of the true subject *": by_subject(train, gain, test),
        "oracle": np.array([row.strong_score - row.weak_score for row in test]),
    }
    asked = asked_of(train)
    router = learning.fit(asked, unseen=False)
    found["learned"] = gains(router, texts)
    for name, embed in embedders.items():
        rows, fresh = embed([row.prompt for row in train]), embed(texts)
        found[f"k-NN, {name}"] = neighbours(rows, gain, fresh)
        if name != "hashing":
            router = learning.fit(with_vectors(asked, rows), embedder=name, unseen=False)
            found[f"learned, {name}"] = gains(router, texts, fresh)
    return found


def gains(
    router: Router | None, texts: Sequence[str], vectors: Vectors | None = None
) -> NDArray[np.float64]:
    if router is None:
        return np.zeros(len(texts))
    predicted = [
        router.predict(text, None if vectors is None else vectors[at])
        for at, text in enumerate(texts)
    ]
    return np.array([each[STRONG].raw - each[WEAK].raw for each in predicted])


def by_subject(
    train: Sequence[Pair], gain: NDArray[np.float64], test: Sequence[Pair]
) -> NDArray[np.float64]:
    """The mean gain of the benchmark's own label, which nobody has while serving."""
    seen: dict[str, list[float]] = defaultdict(list)
    for row, each in zip(train, gain, strict=True):
        seen[row.domain].append(float(each))
    usual = float(gain.mean())
    means = {name: (sum(some) + 10 * usual) / (len(some) + 10) for name, some in seen.items()}
    return np.array([means.get(row.domain, usual) for row in test])


def pair_table(
    fit: Sequence[Pair],
    data: Sequence[Pair] | None,
    embedders: Embedders,
) -> dict[str, Any]:
    parts: list[tuple[Sequence[Pair], Sequence[Pair]]] = [(fit, data)] if data is not None else []
    if data is None:
        for number in range(FOLDS):
            test = [row for row in fit if fold_of(row.prompt) == number]
            parts.append(([row for row in fit if fold_of(row.prompt) != number], test))
    collected: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    gain = []
    for train, test in parts:
        gain += [row.strong_score - row.weak_score for row in test]
        for name, order in orders(train, test, embedders).items():
            collected[name].append(order)
    table = {
        name: told_of(np.array(gain), np.concatenate(some)) for name, some in collected.items()
    }
    chance = np.random.default_rng(1).random(len(gain))
    return {"random": told_of(np.array(gain), chance), **table}
