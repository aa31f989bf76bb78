"""Labels for a classifier of intents, on public utterances: which to ask for next.

There is no traffic here: every utterance is another one and all are asked alike, so that there are
no repetitions to save and no answers to doubt. What is measured is the order alone: a batch is
asked for, the classifier is fitted again, its doubts order the next batch. The classifier is the
same for all orders, and simple: the nearest mean of each intent, by the embedding that is shipped.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from intenting.data import Task
from teppan.core.trace import Trace
from teppan.learn.review.filling import PAGE
from teppan.learn.review.nearness import Questions
from teppan.learn.review.picking import pick
from teppan.learn.review.worth import worth
from teppan.providers.embed import HashingEmbedder

Rows = NDArray[np.float32]
BATCH = 50
SHARP = 24.0
"""How much nearer makes how much likelier; chosen on rows that are not reported."""
WAYS = ("queue", "random", "least confidence", "farthest first")


class Pool(Struct, frozen=True):
    """Utterances that may be asked for, with their intents; and those that are asked in the end."""

    texts: list[str]
    rows: Rows
    names: NDArray[np.int64]
    asked: Rows
    wanted: NDArray[np.int64]
    intents: int


def pool_of(task: Task) -> Pool:
    vectors = HashingEmbedder().vectors
    place = {name: at for at, name in enumerate(sorted({intent for _, intent in task.taught}))}
    texts = [text for text, _ in task.taught]
    return Pool(
        texts,
        vectors(texts),
        np.array([place[intent] for _, intent in task.taught]),
        vectors([text for text, _ in task.asked]),
        np.array([place[intent] for _, intent in task.asked]),
        len(place),
    )


def chances(pool: Pool, labelled: Sequence[int], of: Rows) -> Rows:
    """Of each row the probability of each intent; those without a label have none."""
    sums = np.zeros((pool.intents, pool.rows.shape[1]), np.float32)
    np.add.at(sums, pool.names[list(labelled)], pool.rows[list(labelled)])
    sizes = np.linalg.norm(sums, axis=1, keepdims=True)
    means = sums / np.where(sizes == 0, 1.0, sizes)
    logits = SHARP * (of @ means.T)
    logits[:, sizes[:, 0] == 0] = -np.inf
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Rows = raised / raised.sum(axis=1, keepdims=True)
    return found


def accuracy(pool: Pool, labelled: Sequence[int]) -> float:
    return float((chances(pool, labelled, pool.asked).argmax(axis=1) == pool.wanted).mean())


def curve(pool: Pool, way: str, most: int, seed: int, share: float) -> list[float]:
    """Accuracy after each batch, the first of which is drawn by chance for every way."""
    dice = random.Random(f"public {seed}")
    order = list(range(len(pool.texts)))
    dice.shuffle(order)
    labelled = order[:BATCH]
    found = [accuracy(pool, labelled)]
    while len(labelled) < most:
        labelled += _next(pool, way, labelled, dice, share)
        found.append(accuracy(pool, labelled))
    return found


def _next(
    pool: Pool, way: str, labelled: Sequence[int], dice: random.Random, share: float
) -> list[int]:
    taken = set(labelled)
    left = [at for at in range(len(pool.texts)) if at not in taken]
    if way == "random":
        return dice.sample(left, BATCH)
    if way == "farthest first":
        return _farthest(pool, labelled, left)
    sure = chances(pool, labelled, pool.rows[left]).max(axis=1)
    if way == "least confidence":
        return [left[at] for at in np.argsort(sure)[:BATCH]]
    drawn = dice.sample(left, round(share * BATCH))
    rest = [at for at in range(len(left)) if left[at] not in set(drawn)]
    others, most = [left[at] for at in rest], BATCH - len(drawn)
    return [*drawn, *_queue(pool, labelled, others, sure[rest], most)]


def _farthest(pool: Pool, labelled: Sequence[int], left: Sequence[int]) -> list[int]:
    rows = pool.rows[list(left)]
    closest = (rows @ pool.rows[list(labelled)].T).max(axis=1)
    found = []
    for _ in range(BATCH):
        at = int(closest.argmin())
        found.append(left[at])
        closest = np.maximum(closest, rows @ rows[at])
        closest[at] = np.inf
    return found


def _queue(
    pool: Pool, labelled: Sequence[int], left: Sequence[int], sure: Any, most: int
) -> list[int]:
    """The parts of the shipped queue: worth of a look, then the order of a page."""
    closest = (pool.rows[list(left)] @ pool.rows[list(labelled)].T).max(axis=1)
    worths = [
        worth(_unsure(float(sure[at])), (), float(closest[at])).value for at in range(len(left))
    ]
    page = sorted(range(len(left)), key=lambda at: -worths[at])[:PAGE]
    some = Questions([pool.texts[left[at]] for at in page], pool.rows[[left[at] for at in page]])
    known = Questions([pool.texts[at] for at in labelled], pool.rows[list(labelled)])
    picked = pick(some, [worths[at] for at in page], [False] * len(page), known).picked
    best = sorted(range(len(page)), key=lambda at: -picked[at].priority)[:most]
    return [left[page[at]] for at in best]


def _unsure(sure: float) -> Trace:
    return Trace(
        id="", tenant="", key_id="", started=0.0, asked="", strategy="", status="ok", assessed=sure
    )
