"""How well scores agree with the truth: Spearman's correlation, and who is put above whom.

spearman   correlation of ranks; equal values share their mean rank. Truth is mostly 0 or 1, so even
           a score that errs nowhere stays below 1: `limit` is what perfect reactions would give
auc        how often a right answer is scored above a wrong one, equal scores half

Intervals are 95 %, percentile bootstrap over questions: the answers of one model to one question
are alike, so drawing answers would claim too much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from looping.book import Answered
from looping.people import quality
from teppan.core.signal import PARTS, Part, PartName, Score, Signal
from teppan.core.trace import Trace
from teppan.learn.scoring import WEIGHTS, summed

RESAMPLES = 1000
_SEED = 20_261_128
FEWEST = 30
"""Answers from which a correlation is told."""

Array = np.ndarray[Any, Any]


@dataclass(slots=True)
class Row:
    """One answer of known quality, and everything that could be a score of it; `learned` is the
    true quality of the text that would be learned, a better one where somebody wrote it."""

    seed: int
    question: str
    intent: str
    language: str
    model: str
    true: float
    score: Score
    rated: bool
    trains: bool
    corrected: bool
    learned: float
    confidence: float | None
    verdict: float | None
    perfect: float

    def part(self, name: PartName) -> float | None:
        return self.score.part(name).value


def row_of(seed: int, answered: Answered, signal: Signal, trace: Trace, felt: float) -> Row:
    """`felt` is the mean true quality of the conversation."""
    assert answered.true is not None
    question = answered.step.question
    return Row(
        seed,
        question.id,
        question.intent,
        question.language,
        answered.model,
        answered.true,
        signal.score,
        signal.rated,
        signal.trains,
        signal.provenance.source == "correction",
        quality(question, signal.chosen),
        trace.confidence.value if trace.confidence is not None else None,
        _verdict(trace),
        perfect(signal.score, answered.true, felt),
    )


def perfect(score: Score, true: float, felt: float) -> float:
    """The score if everybody had said, without a slip, how good the answer truly was."""
    known = {"feedback": true, "outcome": felt, "sentiment": true}
    parts = [Part(each.name, known.get(each.name, each.value)) for each in score.parts]
    return summed(parts, WEIGHTS, score.cap).value


def _verdict(trace: Trace) -> float | None:
    """What the critic thought of the answer it chose."""
    verdict = trace.verdict
    if verdict is None or verdict.fallback is not None:
        return None
    return next((each.score for each in verdict.judgements if each.label == verdict.best), 0.0)


Read = Callable[[Row], float | None]


def _missing_half(name: PartName) -> Read:
    return lambda row: 0.5 if row.part(name) is None else row.part(name)


READS: Mapping[str, Read] = {
    "quality score": lambda row: row.score.value,
    "quality score without caps": lambda row: summed(row.score.parts, WEIGHTS).value,
    **{f"{name} alone": _missing_half(name) for name in PARTS},
    "the model's confidence": lambda row: row.confidence,
    "the critic's verdict": lambda row: row.verdict,
    "limit: perfect reactions": lambda row: row.perfect,
}


def told(rows: Sequence[Row]) -> dict[str, Any]:
    """Every way to score, over the answers for which it says anything."""
    found = {name: _agreement(rows, read) for name, read in READS.items()}
    values = fitted(rows)
    found["limit: parts weighed as the other seeds' truth would"] = _agreement(
        rows, lambda row: values.get(id(row))
    )
    return found


def fitted(rows: Sequence[Row]) -> dict[int, float]:
    """What the same parts say at the best weights: ridge regression on the truth of the other
    seeds, with a column for what is missing. No business knows this truth; it shows what weights
    could still gain. By the identity of the row; nothing for a single seed."""
    table = np.array([_columns(row) for row in rows])
    true = np.array([row.true for row in rows])
    seeds = np.array([row.seed for row in rows])
    found: dict[int, float] = {}
    for seed in sorted(set(seeds)) if len(set(seeds)) > 1 else ():
        known, asked = seeds != seed, seeds == seed
        left = table[known].T @ table[known] + np.eye(table.shape[1])
        weights = np.linalg.solve(left, table[known].T @ true[known])
        for place in np.flatnonzero(asked):
            found[id(rows[place])] = float(table[place] @ weights)
    return found


def _columns(row: Row) -> list[float]:
    parts = [row.part(name) for name in PARTS]
    known = [0.0 if each is None else each - 0.5 for each in parts]
    return [1.0, *known, *(float(each is None) for each in parts), row.score.cap]


def beside(rows: Sequence[Row]) -> dict[str, Any]:
    """The score and what it is compared with, on the very same answers."""
    found = {}
    for name in ("the model's confidence", "the critic's verdict", "feedback alone"):
        read = READS[name]
        if name == "feedback alone":
            some = [row for row in rows if row.rated]
        else:
            some = [row for row in rows if read(row) is not None]
        found[name] = {
            "theirs": _agreement(some, read),
            "the score": _agreement(some, READS["quality score"]),
        }
    return found


def groups(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """The quality score by language, intent and model, and by whether somebody rated."""
    keys: Mapping[str, Callable[[Row], str]] = {
        "language": lambda row: row.language,
        "intent": lambda row: row.intent,
        "model": lambda row: row.model,
        "feedback": lambda row: "with" if row.rated else "without",
        "known": lambda row: "with" if row.part("outcome") is not None or row.rated else "without",
    }
    found: dict[str, dict[str, Any]] = {}
    for kind, key in keys.items():
        parts: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            parts[key(row)].append(row)
        found[kind] = {
            name: {
                **_agreement(some, READS["quality score"]),
                "limit": _agreement(some, READS["limit: perfect reactions"])["spearman"],
                "right": round(float(np.mean([row.true == 1.0 for row in some])), 4),
            }
            for name, some in sorted(parts.items())
        }
    return found


def _agreement(rows: Sequence[Row], read: Read) -> dict[str, Any]:
    pairs = [(row, value) for row in rows if (value := read(row)) is not None]
    true = np.array([row.true for row, _ in pairs])
    values = np.array([value for _, value in pairs])
    sheet: dict[str, Any] = {"answers": len(pairs), "spearman": None, "95": [], "auc": None}
    if len(pairs) < FEWEST or len(set(true)) < 2:
        return sheet
    sheet["spearman"] = _rounded(spearman(values, true))
    sheet["auc"] = _rounded(auc(values, true == 1.0))
    clusters: dict[tuple[int, str], list[int]] = defaultdict(list)
    for place, (row, _) in enumerate(pairs):
        clusters[row.seed, row.question].append(place)
    sheet["95"] = _interval(values, true, [np.array(each) for each in clusters.values()])
    return sheet


def _interval(values: Array, true: Array, clusters: Sequence[Array]) -> list[float]:
    chance = np.random.default_rng(_SEED)
    found = []
    for _ in range(RESAMPLES):
        picks = chance.integers(0, len(clusters), len(clusters))
        places = np.concatenate([clusters[each] for each in picks])
        found.append(spearman(values[places], true[places]))
    low, high = np.nanpercentile(found, [2.5, 97.5])
    return [_rounded(float(low)), _rounded(float(high))]


def spearman(one: Array, other: Array) -> float:
    """The correlation of ranks; `nan` where one of them is all the same."""
    first, second = ranks(one), ranks(other)
    if not first.std() or not second.std():
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def ranks(values: Array) -> Array:
    """From 1; equal values share their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]


def auc(values: Array, right: Array) -> float:
    """Mann and Whitney's U as a share; `nan` without both kinds."""
    good, bad = int(right.sum()), int((~right).sum())
    if not good or not bad:
        return float("nan")
    return float((ranks(values)[right].sum() - good * (good + 1) / 2) / (good * bad))


def _rounded(value: float) -> float:
    return round(value, 3)


def purity(rows: Sequence[Row], collect: float = 0.7) -> dict[str, Any]:
    """How right is what would be kept and what may train, beside all that was answered."""
    picks = {
        "all answers": list(rows),
        "kept": [row for row in rows if row.score.value >= collect or row.corrected],
        "may train": [row for row in rows if row.trains],
    }
    found = {}
    for name, some in picks.items():
        right = [(row.true if name == "all answers" else row.learned) == 1.0 for row in some]
        found[name] = {
            "answers": len(some),
            "right": round(float(np.mean(right)), 4) if right else None,
        }
    return found
