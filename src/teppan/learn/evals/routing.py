"""What a router can learn from: the user's own traces, and recorded answers with scores.

traces + ratings ──┐
                   ├──> Asked ──> routing/learning.py
recordings ────────┘
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from teppan.core.trace import Trace
from teppan.providers.replay import Recordings
from teppan.routing.asked import Asked
from teppan.routing.quality import quality_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Embed = Callable[[Sequence[str]], Awaitable[NDArray[np.float32]]]

AT_ONCE = 64


class Gathered(Struct, frozen=True):
    """What was found to learn from: how many questions, and where their worth is known from."""

    asked: tuple[Asked, ...]
    rated: int = 0
    judged: int = 0
    recorded: int = 0


def of_traces(traces: Iterable[Trace], ratings: Mapping[str, float]) -> Gathered:
    """One question for each trace that says who answered and how good that was.

    What people said (`ratings` by trace id) goes before what the trace's own verdict, or a
    confidence that was compared, says. Remembered answers teach nothing about models.
    """
    found, rated, judged = [], 0, 0
    for trace in traces:
        if trace.status != "ok" or trace.request is None or trace.remembered is not None:
            continue
        said = ratings.get(trace.id)
        quality = quality_of(trace) if said is None else said
        text = trace.request.question
        if quality is None or not text.strip():
            continue
        rated += said is not None
        judged += said is None
        found.append(
            Asked(
                text,
                {_answered(trace): quality},
                {} if trace.cost is None else {_answered(trace): float(trace.cost)},
                trace.route.probability if trace.route else 1.0,
            )
        )
    return Gathered(tuple(found), rated=rated, judged=judged)


def _answered(trace: Trace) -> str:
    """Who answered, by the name the router knows it by: an ensemble's, where one was chosen."""
    route = trace.route
    if route is not None and route.features and route.features.get("served"):
        return str(route.features["served"])
    return trace.served if route is None or route.strategy in _ALONE else trace.asked


_ALONE = frozenset({"single", "fallback", "specialist", "cascade"})
"""Strategies whose answer is one model's own."""


def of_recordings(sets: Iterable[Recordings]) -> Gathered:
    """One question for each recorded prompt, with every model whose answer has a score."""
    found = []
    for recordings in sets:
        for prompt in recordings.prompts:
            rows = {
                model: some[0]
                for model, some in recordings.rows[prompt.prompt_id].items()
                if some[0].score is not None
            }
            if rows:
                found.append(
                    Asked(
                        prompt.text,
                        {model: row.score or 0.0 for model, row in rows.items()},
                        {model: row.cost for model, row in rows.items() if row.cost is not None},
                    )
                )
    return Gathered(tuple(found), recorded=len(found))


def joined(first: Gathered, second: Gathered) -> Gathered:
    return Gathered(
        (*first.asked, *second.asked),
        first.rated + second.rated,
        first.judged + second.judged,
        first.recorded + second.recorded,
    )


async def embedded(asked: Sequence[Asked], embed: Embed) -> list[Asked]:
    """The questions with their embeddings."""
    found: list[Asked] = []
    for begin in range(0, len(asked), AT_ONCE):
        some = asked[begin : begin + AT_ONCE]
        vectors = await embed([each.text for each in some])
        found += [replace(each, vector=row) for each, row in zip(some, vectors, strict=True)]
    return found
