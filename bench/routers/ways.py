"""Folds, embeddings, and the naive ways of choosing."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from teppan.core.chat import ChatRequest, say
from teppan.providers.embed import HashingEmbedder
from teppan.routing.asked import Asked
from teppan.routing.features import Reader
from teppan.routing.language import Languages
from teppan.routing.rules import Complexity, Rules

FOLDS = 5
NEIGHBOURS = 40

Vectors = NDArray[np.float32]
Embedders = Mapping[str, Callable[[Sequence[str]], Vectors]]


def wording(text: str) -> str:
    """The question without its options and spacing: what decides the fold."""
    return re.sub(r"\W+", "", text.split("\nA. ")[0].lower())


def fold_of(text: str) -> int:
    return zlib.crc32(wording(text).encode()) % FOLDS


def hashed(texts: Sequence[str]) -> Vectors:
    return HashingEmbedder().vectors(texts)


def with_vectors(asked: Sequence[Asked], vectors: Vectors) -> list[Asked]:
    return [replace(each, vector=row) for each, row in zip(asked, vectors, strict=True)]


def neighbours(train: Vectors, values: NDArray[np.float64], test: Vectors) -> NDArray[np.float64]:
    """The mean of the values of the nearest questions: the naive baseline."""
    near = test @ train.T
    count = min(NEIGHBOURS, len(train))
    nearest = np.argpartition(-near, count - 1, axis=1)[:, :count]
    return np.asarray(np.nanmean(values[nearest], axis=1))


def complexity(text: str) -> Complexity:
    request = ChatRequest(model="m", messages=(say("user", text),))
    return Rules().judge(Reader(Languages(["en"])).of(request))


def cached(embed: Any) -> Callable[[Sequence[str]], Vectors]:
    """An embedder asked once for each text."""
    known: dict[str, Vectors] = {}

    def vectors(texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        for begin in range(0, len(new), 64):
            some = new[begin : begin + 64]
            known.update(zip(some, asyncio.run(embed(some)), strict=True))
        return np.stack([known[text] for text in texts])

    return vectors
