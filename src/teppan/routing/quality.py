"""How good an answer was, as far as its own request tells."""

from __future__ import annotations

from teppan.core.trace import Trace
from teppan.core.verdict import NEEDS_IMPROVEMENT

_GUESSES = ("trust", "router", "predictor")
"""What a confidence rests on that says nothing about this very answer."""


def quality_of(trace: Trace) -> float | None:
    """How good the answer was, by the evidence of the request itself: the critic's score of the
    reply it chose, else a confidence that was compared or judged; `None` without either.
    """
    verdict = trace.verdict
    if verdict is not None and verdict.fallback is None:
        if verdict.best == NEEDS_IMPROVEMENT:
            return 0.0
        for judgement in verdict.judgements:
            if judgement.label == verdict.best:
                return judgement.score
        return verdict.confidence
    confidence = trace.confidence
    if confidence is None or confidence.basis.startswith(_GUESSES):
        return None
    return confidence.value
