"""How much a look at an answer is worth, from what is known of it: each part with its reason.

    doubt         the gateway itself was not sure that the answer is right
    replaced      it broke a rule of its business, and the safe answer stood in for it
    rules         it broke one all the same, or its first writing did
    downvoted     people did not like it, the more surprising the surer it was
    disagreement  the models said different things
    edge          nothing like it was reviewed or trained on
    intent        the business said that this kind of question matters

Each part alone can make an answer worth a look, so they are joined as independent reasons are:
one less the product of what each leaves. What nothing tells adds nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct, structs

from teppan.core.trace import Trace
from teppan.core.verdict import NEEDS_IMPROVEMENT
from teppan.learn.signals import agreed
from teppan.store.review_rows import Reason

REFUSED = 0.3
"""The most a critic leaves of confidence that wanted another answer."""
BROKEN: Mapping[str, tuple[float, str]] = MappingProxyType(
    {
        "replaced": (1.0, "the safe answer stood in for one that broke a rule"),
        "noted": (1.0, "it breaks a rule"),
        "regenerated": (0.4, "its first writing broke a rule"),
        "unchecked": (0.3, "its rules could not be checked"),
    }
)
"""How much of a reason it is how an answer left the rules, and in words."""
FAR = 0.6
"""Similarity to the nearest known question from which nothing is an edge case."""
_SHOWN = 0.025
"""Of the whole, what a part must add to be told of."""


class Weights(Struct, frozen=True):
    """What each part is worth alone at its most, in [0, 1]."""

    doubt: float = 0.4
    replaced: float = 0.4
    rules: float = 0.25
    downvoted: float = 0.45
    disagreement: float = 0.25
    edge: float = 0.1
    intent: float = 0.15


class Worth(Struct, frozen=True):
    """The worth of a look in [0, 1], its parts, and the reason in words."""

    value: float
    parts: tuple[Reason, ...]

    @property
    def reason(self) -> str:
        """The parts that count, the most telling one first."""
        told = sorted(self.parts, key=lambda each: -each.weight * each.value)
        counting = [each.told for each in told if each.weight * each.value >= _SHOWN]
        return "; ".join(counting) or "nothing speaks for it but chance"


def confidence_of(trace: Trace) -> float | None:
    """The probability that the answer is right, as it was known when it was given."""
    sure = trace.assessed
    if sure is None and trace.confidence is not None:
        sure = trace.confidence.value
    verdict = trace.verdict
    if verdict is not None and verdict.fallback is None and verdict.best == NEEDS_IMPROVEMENT:
        return REFUSED if sure is None else min(sure, REFUSED)
    return sure


def worth(
    trace: Trace,
    ratings: Sequence[float] = (),
    nearest: float = 1.0,
    intent: str = "",
    intents: Mapping[str, float] | None = None,
    weights: Weights | None = None,
) -> Worth:
    """`ratings` are in [0, 1], one for each source; `nearest` is the similarity of the closest
    question that was reviewed or trained on; `intents` says in [0, 1] how much each matters."""
    wanted, sure = weights or Weights(), confidence_of(trace)
    parts = [
        *_doubt(sure, wanted.doubt),
        *_rules(trace, wanted),
        *_downvoted(ratings, sure, wanted.downvoted),
        *_disagreement(trace, wanted.disagreement),
        *_edge(nearest, wanted.edge),
        *_intent(intent, (intents or {}).get(intent, 0.0), wanted.intent),
    ]
    return Worth(joined(parts), tuple(parts))


def joined(parts: Sequence[Reason], weights: Weights | None = None) -> float:
    """The worth of parts together, each by its own weight or by another of the same name."""
    other: dict[str, float] = structs.asdict(weights) if weights else {}
    left = [1.0 - other.get(each.name, each.weight) * each.value for each in parts]
    return 1.0 - math.prod(left)


def _doubt(sure: float | None, weight: float) -> list[Reason]:
    if sure is None:
        return []
    return [Reason("doubt", 1.0 - sure, weight, f"it was {sure:.0%} sure of its answer")]


def _rules(trace: Trace, weights: Weights) -> list[Reason]:
    value, told = BROKEN.get(trace.guarded, (0.0, ""))
    if not value:
        return []
    broken = ", ".join(dict.fromkeys(each.rule for each in trace.violations))
    name = "replaced" if trace.guarded == "replaced" else "rules"
    weight = getattr(weights, name)
    return [Reason(name, value, weight, f"{told}{f' ({broken})' if broken else ''}")]


def _downvoted(ratings: Sequence[float], sure: float | None, weight: float) -> list[Reason]:
    """A bad word about an unsure answer is half expected; about a sure one it is news."""
    if not ratings:
        return []
    mean = sum(ratings) / len(ratings)
    value = max(0.0, 1.0 - 2.0 * mean)
    if sure is None:
        return [Reason("downvoted", value, weight, "people did not like it")]
    told = "people did not like it" + (f" though it was {sure:.0%} sure" if sure > 0.5 else "")
    return [Reason("downvoted", value * (0.5 + 0.5 * sure), weight, told)]


def _disagreement(trace: Trace, weight: float) -> list[Reason]:
    verdict = trace.verdict
    if verdict is not None and verdict.fallback is None and len(verdict.judgements) > 1:
        value = min(1.0, max(0.0, 1.0 - verdict.consensus_score))
        return [Reason("disagreement", value, weight, "the critic saw the models disagree")]
    if trace.answer is None or len(trace.replies) < 2:
        return []
    same = agreed(trace.replies, trace.answer.text) or 0.0
    told = f"{len(trace.replies)} models answered, {same:.0%} in the same words"
    return [Reason("disagreement", (1.0 - same) / 2, weight, told)]


def _edge(nearest: float, weight: float) -> list[Reason]:
    value = min(1.0, max(0.0, 1.0 - nearest / FAR))
    return [Reason("edge", value, weight, "nothing like it was reviewed before")]


def _intent(intent: str, matters: float, weight: float) -> list[Reason]:
    if not matters:
        return []
    return [Reason("intent", matters, weight, f"questions of {intent} matter")]
