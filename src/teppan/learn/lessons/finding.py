"""Which answers of a time are worth a lesson: so many of each kind, none like another.

corrected      a person wrote it anew
broken         a rule of the business was broken, in the answer or in a draft
escalated      a person was called
poor           low quality that enough is known of
disagreement   the critic found the members apart, or none good enough
praised        people liked it
good outcome   it led to what the business wants
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from msgspec import Struct

from teppan.core.ids import Scope
from teppan.core.verdict import NEEDS_IMPROVEMENT
from teppan.learn.lessons.desk import KINDS, Desk, Kind, Policy
from teppan.learn.lessons.past import Seen, distinct, seen, vectors

SPARE = 4
"""How many times more cases of a kind are held than wanted, for those that are alike."""
APART = 0.3
"""Difference of scores between members that is a disagreement."""


class Case(Struct, frozen=True):
    """An interesting answer; `weight` orders those of its kind."""

    seen: Seen
    kind: Kind
    weight: float = 0.0


async def find(desk: Desk, scope: Scope, since: float, until: float) -> tuple[list[Case], int]:
    """The cases of a time that nobody looked at yet, and how many answers there were.

    Those that were looked at since `until`, by the same night before it was cut, count among the so
    many of their kind; what is like one that was looked at at any time is left out. Raises
    `StoreError`. However many answers there are, only some of each kind are held.
    """
    policy = desk.policy
    held: dict[Kind, list[tuple[float, str, Case]]] = {kind: [] for kind in KINDS}
    before: list[Seen] = []
    left = dict(policy.cases)
    looked = 0
    async for page in seen(desk, scope, since, until):
        looked += len(page)
        known = await desk.lessons.looked_at(scope, [each.trace.id for each in page])
        for each in page:
            if each.trace.id in known:
                kind, at = known[each.trace.id]
                before.append(each)
                left[kind] = left.get(kind, 0) - (at >= until)
                continue
            case = kind_of(each, policy)
            if case is not None:
                _hold(held[case.kind], case, SPARE * policy.cases.get(case.kind, 0))
    ranked = {kind: [row[2] for row in sorted(rows, reverse=True)] for kind, rows in held.items()}
    return await _chosen(desk, ranked, before, left), looked


def _hold(heap: list[tuple[float, str, Case]], case: Case, room: int) -> None:
    heapq.heappush(heap, (case.weight, case.seen.trace.id, case))
    if len(heap) > room:
        heapq.heappop(heap)


async def _chosen(
    desk: Desk, ranked: Mapping[Kind, Sequence[Case]], before: Sequence[Seen], left: dict[str, int]
) -> list[Case]:
    cases = [case for kind in KINDS for case in ranked[kind]]
    if not cases:
        return []
    everything = [*before, *(each.seen for each in cases)]
    rows = await vectors(desk, everything)
    chosen: list[Case] = []
    for at in distinct(everything, rows, desk.policy.alike, len(before)):
        case = cases[at - len(before)]
        if left.get(case.kind, 0) > 0:
            left[case.kind] -= 1
            chosen.append(case)
    return chosen


def kind_of(each: Seen, policy: Policy) -> Case | None:
    """Why an answer is interesting, and how much; `None` for one that is not."""
    trace, heard, score = each.trace, each.heard, each.score
    corrected = heard.corrected
    wrong = corrected is not None and corrected.strip() != each.answer.strip()
    if wrong and not heard.approved:
        return Case(each, "corrected", 1.0 - score.value)
    if trace.violations:
        worst = {"low": 1.0, "medium": 2.0, "high": 3.0}
        return Case(each, "broken", max(worst[one.severity] for one in trace.violations))
    if trace.escalated or heard.outcomes.get("escalated", 0.0) > 0:
        return Case(each, "escalated", 1.0 - score.value)
    if heard.reviewed is not None and heard.reviewed.decision == "rejected":
        return Case(each, "poor", 1.0)
    if score.value < policy.poor and score.known >= policy.known:
        return Case(each, "poor", 1.0 - score.value)
    apart = disagreement(each)
    if apart > 0:
        return Case(each, "disagreement", apart)
    ratings = heard.ratings
    if ratings and sum(ratings) / len(ratings) >= policy.praised:
        return Case(each, "praised", score.value)
    if any(heard.outcomes.get(name, 0.0) > 0 for name in policy.outcomes):
        return Case(each, "good outcome", score.value)
    return None


def disagreement(each: Seen) -> float:
    """How far the members of an ensemble were apart, as its critic saw it; 0 for not enough."""
    verdict = each.trace.verdict
    if verdict is None or verdict.fallback is not None:
        return 0.0
    if verdict.best == NEEDS_IMPROVEMENT:
        return 1.0
    if verdict.agreement == "conflicting":
        return 0.9
    scores = [one.score for one in verdict.judgements]
    apart = max(scores) - min(scores) if len(scores) > 1 else 0.0
    return apart if apart >= APART else 0.0
