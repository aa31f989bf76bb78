"""What the answers of one row are worth.

right          every fact of the question's `must` is stated and nothing of its `must_not`
accuracy       every fact of `must` is stated, whatever else is said
hallucination  something of `must_not` is stated: a wrong fact, asserted
violation      the pack's rules, checked in code, find at least one broken

Each is a share of the answers. One question counts once: over several seeds it counts by its mean.
Intervals are 95 %, percentile bootstrap over questions (Efron, 1979).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from packing.asking import Served
from teppan.config.pack import Pack
from teppan.core.chat import ChatRequest
from teppan.routing.language import Languages
from teppan.serve.guard.guard import Guard
from teppan.simulate.questions import Question

RESAMPLES = 2000
_SEED = 20_240_601

DEFINITIONS = (__doc__ or "").split("\n\n")[1]


@dataclass(frozen=True, slots=True)
class Mark:
    """One answer, marked; every field but the question is a number."""

    question: Question
    right: float
    accuracy: float
    hallucination: float
    violation: float
    cost: float
    calls: float
    safe: float = 0.0
    escalated: float = 0.0


Marks = dict[str, list[Mark]]
"""By the id of a question: one for each seed."""

MEASURES = tuple(field.name for field in fields(Mark) if field.name != "question")


class Marker:
    """Marks answers by the bank's facts and the pack's rules."""

    def __init__(self, pack: Pack) -> None:
        self._guard = Guard(pack.book, Languages(pack.languages), lambda: 0.5)

    def mark(self, served: Served) -> Mark:
        question, text = served.asked.question, served.text
        request = ChatRequest(model="m", messages=served.asked.messages)
        return Mark(
            question,
            right=float(bool(text) and question.is_right(text)),
            accuracy=float(bool(text) and not question.missing(text)),
            hallucination=float(bool(question.forbidden(text))),
            violation=float(bool(self._guard.check(request, text).violations)),
            cost=served.cost,
            calls=served.calls,
            safe=float(served.guarded == "replaced"),
            escalated=float(bool(served.escalated)),
        )


def gathered(marks: Iterable[Mark]) -> Marks:
    made: Marks = defaultdict(list)
    for each in marks:
        made[each.question.id].append(each)
    return made


def drawn(rows: Sequence[Marks]) -> Marks:
    """A model drawn at random: the mean of all."""
    return _merged(rows, lambda values, _: float(np.mean(values)))


def oracle(rows: Sequence[Marks]) -> Marks:
    """The best answer that any model gave, known afterwards; all of them are paid for."""
    best: Mapping[str, Callable[[Sequence[float]], float]] = {
        "right": max,
        "accuracy": max,
        "cost": sum,
        "calls": sum,
    }
    return _merged(rows, lambda values, measure: float(best.get(measure, min)(values)))


def _merged(rows: Sequence[Marks], how: Callable[[Sequence[float], str], float]) -> Marks:
    made: Marks = {}
    for id, first in rows[0].items():
        made[id] = [
            Mark(
                first[0].question,
                **{
                    each: how([getattr(row[id][seed], each) for row in rows], each)
                    for each in MEASURES
                },
            )
            for seed in range(len(first))
        ]
    return made


def means(marks: Marks, measure: str, ids: Sequence[str] | None = None) -> np.ndarray[Any, Any]:
    """One number for each question."""
    return np.array(
        [np.mean([getattr(each, measure) for each in marks[id]]) for id in (ids or sorted(marks))]
    )


def told(marks: Marks) -> dict[str, Any]:
    """The figures of a row, whole and by language and intent; costs in dollars for 1,000."""
    sheet: dict[str, Any] = _shares(marks, sorted(marks))
    picks = _picks(len(marks))
    for measure in ("right", "violation"):
        low, high = np.percentile(means(marks, measure)[picks].mean(1), [2.5, 97.5])
        sheet[f"{measure}_95"] = [round(float(low), 4), round(float(high), 4)]
    sheet["dollars_per_1000"] = round(float(means(marks, "cost").mean()) / 1000.0, 4)
    sheet["calls"] = round(float(means(marks, "calls").mean()), 2)
    for kind in ("language", "intent"):
        ids: dict[str, list[str]] = defaultdict(list)
        for id, each in sorted(marks.items()):
            ids[getattr(each[0].question, kind)].append(id)
        sheet[f"by_{kind}"] = {name: _shares(marks, some) for name, some in sorted(ids.items())}
    return sheet


def ratio(ours: Marks, theirs: Marks, measure: str) -> tuple[float | None, list[float]]:
    """Ours of theirs, with its interval; the same questions are drawn for both, and draws in which
    theirs is nothing are left out. `None` where theirs is nothing.
    """
    one, other = means(ours, measure), means(theirs, measure)
    if not other.sum():
        return None, []
    picks = _picks(len(one))
    above, below = one[picks].mean(1), other[picks].mean(1)
    low, high = np.percentile(above[below > 0] / below[below > 0], [2.5, 97.5])
    return round(float(one.mean() / other.mean()), 3), [round(float(low), 3), round(float(high), 3)]


def _picks(count: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(_SEED).integers(0, count, (RESAMPLES, count))


def _shares(marks: Marks, ids: Sequence[str]) -> dict[str, Any]:
    kept = ("right", "accuracy", "hallucination", "violation", "safe", "escalated")
    shares = {each: round(float(means(marks, each, ids).mean()), 4) for each in kept}
    return {"questions": len(ids), **shares}
